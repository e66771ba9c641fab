"""Skips joined: each map is enlarged twofold, laid beside the encoder's of that size, and two 3×3 convolutions look at both.

Source: Ronneberger, Fischer, Brox 2015, figure 1; with batch norm and bilinear enlarging as in Buda's and milesial's much used versions.
Differs: convolutions are padded, so that no border is lost; batch norm unless `norm` says otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from zorki.nets.decoders._parts import looked
from zorki.nets.encoders import Encoder


class Decoder(nn.Module):
    """width: least channels of each size; where the encoder has more there, as many, up to `width` at its finest map and twice that at each halving.

    The logits have the size of the encoder's finest map. up: by a learnt 2×2 transposed convolution, as in the paper, or bilinear.
    """

    def __init__(
        self, encoder: Encoder, classes: int, width: int, up: Literal["transpose", "bilinear"] = "transpose", norm: bool = True
    ) -> None:
        super().__init__()
        skips = encoder.channels[:-1]
        wide = [max(width, min(n, width << k)) for k, n in enumerate(skips)]
        self.up, self.look = nn.ModuleList(), nn.ModuleList()
        below = encoder.channels[-1]
        for k in reversed(range(len(skips))):
            n, after = wide[k], wide[k] if up == "transpose" else wide[max(0, k - 1)]
            self.up.append(
                nn.ConvTranspose2d(below, n, 2, stride=2)
                if up == "transpose"
                else nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
            )
            self.look.append(
                nn.Sequential(looked(skips[k] + (n if up == "transpose" else below), n, norm=norm), looked(n, after, norm=norm))
            )
            below = after
        self.score = nn.Conv2d(below, classes, 1)

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        y = maps[-1]
        for up, look, skip in zip(self.up, self.look, reversed(maps[:-1]), strict=True):
            y = look(torch.cat([skip, up(y)], 1))
        logits: torch.Tensor = self.score(y)
        return logits
