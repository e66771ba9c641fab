"""What several ways back are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import nn

from zorki.nets.encoders import Encoder


def looked(before: int, after: int, kernel: int = 3, *, norm: bool = True) -> nn.Sequential:
    """Convolution, batch norm, ReLU; without the norm the convolution has a bias."""
    conv = nn.Conv2d(before, after, kernel, padding=kernel // 2, bias=not norm)
    return nn.Sequential(conv, *([nn.BatchNorm2d(after)] if norm else []), nn.ReLU(inplace=True))


def narrowing(stride: int, width: int) -> list[int]:
    """Channels at each size from a map of that stride up to the picture: `width`, half of it at half the size, a quarter at full size."""
    out = [width]
    while stride % 2 == 0:
        stride //= 2
        out.append(max(8, min(width, width * stride // 4)) if stride > 1 else max(8, width // 4))
    return out


class Straight(nn.Module):
    """From the deepest map alone: it is looked at, doubled until it has the picture's size, and scored.

    doubled: makes what brings maps of so many channels to twice the size and so many others.
    """

    def __init__(self, encoder: Encoder, classes: int, width: int, hidden: int, doubled: Callable[[int, int], nn.Module]) -> None:
        super().__init__()
        wide = [hidden, *narrowing(encoder.strides[-1], width)[1:]]
        self.hidden = looked(encoder.channels[-1], hidden, 1)
        self.up = nn.Sequential(*(doubled(before, after) for before, after in pairwise(wide)))
        self.score = nn.Conv2d(wide[-1], classes, 1)

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        logits: torch.Tensor = self.score(self.up(self.hidden(maps[-1])))
        return logits
