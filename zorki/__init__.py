"""See what a vision network sees, let it paint, cut pictures apart, and point."""

__version__ = "0.1.0"
