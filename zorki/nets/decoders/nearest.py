"""Unpooling by copying: each value becomes a square of four, and a 3×3 convolution looks at them.

Source: Badrinarayanan, Kendall, Cipolla 2017, section 3 (as a way to decode without switches); Odena, Dumoulin, Olah 2016 (why it leaves no
checkerboard). From the deepest map alone.
"""

from __future__ import annotations

from torch import nn

from zorki.nets.decoders._parts import Straight, looked
from zorki.nets.encoders import Encoder


class Decoder(Straight):
    """width: channels of the way up, fewer at half and at full size."""

    def __init__(self, encoder: Encoder, classes: int, width: int) -> None:
        super().__init__(encoder, classes, width, width, doubled)


def doubled(before: int, after: int) -> nn.Module:
    """(b, before, h, w) to (b, after, 2 h, 2 w)."""
    return nn.Sequential(nn.Upsample(scale_factor=2), looked(before, after))
