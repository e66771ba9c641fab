"""What the methods of segmenting share: encoders that know something, and what a net costs."""

from __future__ import annotations
