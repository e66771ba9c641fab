"""The guided walk: the lecture on one's own photo, one file a section."""
