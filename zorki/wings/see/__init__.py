"""See what a network sees: its filters, its maps, what excites it, where it looks."""
