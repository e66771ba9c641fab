"""Find faces, and name the expression that people would see in each: of a photo, a folder or a film."""

ALONE = "find"
"""`zorki faces PHOTO` means this method."""
