"""Makes `emotions`, which says what expression people would name in a face."""
