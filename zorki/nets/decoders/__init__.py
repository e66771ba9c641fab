"""The ways back to full size; each file one, and a new one is one new file.

A file's class `Decoder(channels, strides, classes, width)` is made for an encoder's maps, and called with the picture and the maps, the finest
first; it returns logits (b, classes, h / s, w / s) for some s, which the segmenter brings to the picture's size.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from zorki.core import shelf


def names() -> tuple[str, ...]:
    """Of all ways back."""
    return shelf.names(__name__)


def decoder(name: str, channels: Sequence[int], strides: Sequence[int], classes: int, width: int) -> nn.Module:
    """The way back of that name. Raises UnknownName."""
    made: nn.Module = shelf.take(__name__, name, "net").Decoder(channels, strides, classes, width)
    return made
