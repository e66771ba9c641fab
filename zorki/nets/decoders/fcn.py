"""Skips scored and summed: each map gives scores by a 1×1 convolution, which are doubled and added to those of the next finer map.

Source: Long, Shelhamer, Darrell 2015, sections 3.3 and 4.2; its code: `fc6` 7×7 and `fc7` 1×1 with dropout before the deepest scores, scores of skips
that begin with zeros.
Differs: kernels that enlarge begin bilinear, one for each class, and learn like all else (the authors' code fixes them, and says that it makes no
difference); borders are repeated before them, where theirs are cut away; `fc6` and `fc7` are narrow unless told otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets.encoders import Encoder


class Decoder(nn.Module):
    """finest: stride of the finest map that is scored: 8, 16 or 32. hidden: channels of `fc6` and `fc7`, 4096 in the paper; not given, four times
    `width`."""

    def __init__(self, encoder: Encoder, classes: int, width: int, finest: int = 8, hidden: int | None = None) -> None:
        super().__init__()
        strides, wide = encoder.strides, hidden or 4 * width
        self.used = [i for i, s in enumerate(strides) if s >= finest] or [len(strides) - 1]
        self.fc6 = nn.Sequential(nn.Conv2d(encoder.channels[-1], wide, 7, padding=3), nn.ReLU(inplace=True), nn.Dropout())
        self.fc7 = nn.Sequential(nn.Conv2d(wide, wide, 1), nn.ReLU(inplace=True), nn.Dropout())
        self.deepest = nn.Conv2d(wide, classes, 1)
        self.skips = nn.ModuleList(silent(nn.Conv2d(encoder.channels[i], classes, 1)) for i in self.used[:-1])
        self.twice = nn.ModuleList(Enlarged(classes, 2) for _ in self.skips)
        last = strides[self.used[0]]
        self.whole = Enlarged(classes, last) if last > 1 else nn.Identity()

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        y = self.deepest(self.fc7(self.fc6(maps[-1])))
        for skip, twice, i in reversed(list(zip(self.skips, self.twice, self.used[:-1], strict=True))):
            y = twice(y) + skip(maps[i])
        logits: torch.Tensor = self.whole(y)
        return logits


def silent(conv: nn.Conv2d) -> nn.Conv2d:
    """It gives zeros until it has learnt."""
    for p in conv.parameters():
        nn.init.zeros_(p)
    return conv


class Enlarged(nn.ConvTranspose2d):
    """Maps (b, classes, h, w) `by` times as large, each with a kernel of its own of 2 by × 2 by; as it begins F.interpolate(mode="bilinear") to the
    last digits."""

    def __init__(self, classes: int, by: int) -> None:
        rim = by // 2 + by  # what half a kernel sticks out, and the border repeated
        super().__init__(classes, classes, 2 * by - by % 2, stride=by, padding=rim, groups=classes, bias=False)
        with torch.no_grad():
            self.weight.copy_(bilinear(2 * by - by % 2))

    def forward(self, x: torch.Tensor, output_size: list[int] | None = None) -> torch.Tensor:
        return super().forward(F.pad(x, (1, 1, 1, 1), mode="replicate"), output_size)


def bilinear(k: int) -> torch.Tensor:
    """(k, k): (1 - |i - c| / f) (1 - |j - c| / f) with f = ⌊(k + 1) / 2⌋ and c the kernel's middle."""
    f = (k + 1) // 2
    middle = f - 1 if k % 2 else f - 0.5
    line = 1 - (torch.arange(k, dtype=torch.float32, device="cpu") - middle).abs() / f
    return line[:, None] * line
