"""From the deepest map upwards: each is enlarged twofold, the encoder's map of that size is added, and a 3×3 convolution looks at both.

Source: Lin et al. 2017 (feature pyramid networks); Kirillov et al. 2019 (for segmentation); the mean of the whole picture beside the deepest map:
Liu, Rabinovich, Berg 2015 (ParseNet).
Differs: one way up, down to the finest map but full size, where convolutions are dear and say little more.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets.decoders._parts import looked
from zorki.nets.encoders import Encoder

FINEST = 2  # stride of the logits, or the encoder's finest where that is coarser


class Decoder(nn.Module):
    """width: channels of the way up; half as many at the finest map."""

    def __init__(self, encoder: Encoder, classes: int, width: int) -> None:
        super().__init__()
        channels, strides = encoder.channels, encoder.strides
        self.used = [i for i, s in enumerate(strides) if s >= FINEST] or [len(strides) - 1]
        inner = [max(16, width // 2) if i == self.used[0] and len(self.used) > 1 else width for i in self.used]
        self.sides = nn.ModuleList(nn.Conv2d(channels[i], inner[k], 1) for k, i in enumerate(self.used))
        self.whole = nn.Linear(channels[self.used[-1]], inner[-1])
        self.up = nn.ModuleList(looked(n, inner[max(0, k - 1)]) for k, n in enumerate(inner))
        self.score = nn.Conv2d(inner[0], classes, 1)

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        deepest = maps[self.used[-1]]
        y = self.sides[-1](deepest) + self.whole(deepest.mean((2, 3)))[:, :, None, None]
        for k in range(len(self.used) - 1, 0, -1):
            y = F.interpolate(self.up[k](y), scale_factor=2.0, mode="bilinear", align_corners=False)
            y = y + self.sides[k - 1](maps[self.used[k - 1]])
        logits: torch.Tensor = self.score(self.up[0](y))
        return logits
