"""No way back, as none is needed: convolutions at full size, and a softmax at every pixel.

Source: the starting point of Long, Shelhamer, Darrell 2015 and of lectures about segmentation: no pooling, so nothing is lost, all is dear, and little is seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from zorki.nets.decoders._parts import looked
from zorki.nets.encoders import Encoder

ENCODER = "none"


class Decoder(nn.Module):
    """width: twice the channels of each convolution. deep: how many there are; a pixel sees 2 deep + 1 pixels a side."""

    def __init__(self, encoder: Encoder, classes: int, width: int, deep: int = 5) -> None:
        super().__init__()
        wide, before = max(8, width // 2), encoder.channels[0]
        self.looks = nn.Sequential(*(looked(wide if k else before, wide) for k in range(deep)))
        self.score = nn.Conv2d(wide, classes, 1)

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        logits: torch.Tensor = self.score(self.looks(maps[0]))
        return logits
