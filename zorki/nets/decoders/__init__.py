"""The ways back to full size; each file one, and a new one is one new file.

A file's class `Decoder(encoder, classes, width, …)` is made for an encoder's maps, of which it reads `channels`, `strides` and `pooled`, and called
with the picture and the maps, the finest first; it returns logits (b, classes, h / s, w / s) for some s, which the segmenter brings to the
picture's size. What more it can be told are keywords. A file that says `ENCODER` takes that one, whichever was asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zorki.core import shelf

if TYPE_CHECKING:
    from torch import nn

    from zorki.nets.encoders import Encoder


def names() -> tuple[str, ...]:
    """Of all ways back."""
    return shelf.names(__name__)


def encoder_of(name: str, asked: str) -> str:
    """The encoder that a way back reads: its own, else the one asked for. Raises UnknownName."""
    own: str = getattr(shelf.take(__name__, name, "net"), "ENCODER", asked)
    return own


def decoder(name: str, encoder: Encoder, classes: int, width: int, **more: Any) -> nn.Module:
    """The way back of that name. Raises UnknownName."""
    made: nn.Module = shelf.take(__name__, name, "net").Decoder(encoder, classes, width, **more)
    return made
