"""Transposed convolutions, 3×3 with stride 2: each value paints a learnt 3×3 patch, and patches overlap by one pixel.

Source: Zeiler, Krishnan, Taylor, Fergus 2010; Long, Shelhamer, Darrell 2015, section 3.3. From the deepest map alone.
"""

from __future__ import annotations

from torch import nn

from zorki.nets.decoders._parts import Straight
from zorki.nets.encoders import Encoder


class Decoder(Straight):
    """width: channels of the way up, fewer at half and at full size."""

    def __init__(self, encoder: Encoder, classes: int, width: int) -> None:
        super().__init__(encoder, classes, width, width, doubled)


def doubled(before: int, after: int) -> nn.Module:
    """(b, before, h, w) to (b, after, 2 h, 2 w)."""
    conv = nn.ConvTranspose2d(before, after, 3, stride=2, padding=1, output_padding=1, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(after), nn.ReLU(inplace=True))
