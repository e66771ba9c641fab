"""The class number of a pixel that counts nowhere."""

from __future__ import annotations

VOID = 255
"stands in masks and truths where nobody says, or cares, what is there; so there are at most 255 classes, 0 to 254"
