"""Folded to a hidden map of few channels, through which all must pass, and unfolded again: channels become pixels, no skips.

Source: Hinton and Salakhutdinov 2006 (the hidden code between folding and unfolding); Noh, Hong, Han 2015 (for segmentation); Shi et al. 2016,
section 2.2 (unfolding channels to pixels).
Differs: the hidden code is a map, not a vector, so that pictures of any size will do.
"""

from __future__ import annotations

from torch import nn

from zorki.nets.decoders._parts import Straight
from zorki.nets.encoders import Encoder


class Decoder(Straight):
    """width: channels of the way up, fewer at half and at full size. hidden: channels of the hidden map."""

    def __init__(self, encoder: Encoder, classes: int, width: int, hidden: int = 16) -> None:
        super().__init__(encoder, classes, width, hidden, unfolded)


def unfolded(before: int, after: int) -> nn.Module:
    """(b, before, h, w) to (b, after, 2 h, 2 w)."""
    conv = nn.Conv2d(before, 4 * after, 3, padding=1, bias=False)
    return nn.Sequential(conv, nn.PixelShuffle(2), nn.BatchNorm2d(after), nn.ReLU(inplace=True))
