"""No encoder: the picture itself, normalised, for what reads it at full size."""

from __future__ import annotations

from torch import nn

from zorki.nets.encoders import Encoder

NAMES = ("none",)


def encoder(name: str, channels: int = 3) -> Encoder:
    """One map: the picture."""
    return Encoder([("picture", nn.Identity())], ["picture"], [channels], [1], name=name)
