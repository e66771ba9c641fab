"""The wings: one folder each, one file a method."""
