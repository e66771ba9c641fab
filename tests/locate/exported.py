"""What tests of the exported file and of its page share: nets that are quickly written down, and pictures."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from zorki import lens


class Flat(nn.Module):
    """Class 0 is red, class 1 is blue: a box about all that is of one colour, to the pixel. Tensor operations alone, so it can be exported."""

    kind = "many"

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        there = torch.stack([x[:, 0] - x[:, 2] > 0.3, x[:, 2] - x[:, 0] > 0.3], 1)
        left, w = span(there.any(2))
        top, h = span(there.any(3))
        sure = torch.where(there.any(3).any(2), torch.tensor([4.0, 1.0]), -9.0)
        return torch.diag_embed(sure + 9) - 9, torch.stack([left, top, w, h], -1).float()


def span(there: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """First and how many, to the last, along the last axis."""
    at = torch.arange(there.shape[-1])
    low, high = torch.where(there, at, there.shape[-1]).amin(-1), torch.where(there, at + 1, 0).amax(-1)
    return low, (high - low).clamp_min(0)


class Cells(nn.Module):
    """A box for each 8 × 8 pixels, at random numbers: many of each class, which lie on one another, and reach beyond the picture."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.look, self.say = nn.Conv2d(3, 16, 8, stride=8), nn.Conv2d(16, 7, 1)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        y = self.say(self.look(F.pad(x, (0, 8, 0, 8))).relu())
        rows, columns = y.shape[-2], y.shape[-1]
        left, top = 8 * torch.arange(columns).expand(rows, columns), 8 * torch.arange(rows)[:, None].expand(rows, columns)
        at, y = torch.stack([left, top], -1).reshape(-1, 2).float(), y.flatten(2).transpose(1, 2)
        return {"logits": 6 * y[..., :3], "boxes": torch.cat([at - 12 * y[..., 3:5].sigmoid(), 24 * y[..., 5:].sigmoid() + 6], 2)}


class Halving(Cells):
    """The same, and takes what five halvings divide alone, as nets with ways across do that pad nothing."""

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        small = x
        for _ in range(5):
            small = F.avg_pool2d(small, 2)
        return super().forward(x + 0.1 * F.interpolate(small, scale_factor=32.0, mode="nearest"))


def net(module: nn.Module | None = None, **more: Any) -> lens.Net:
    given = {"name": "flat", "side": 64, "step": 1, "channels": 3, "classes": ("apple", "plum")} | more
    return lens.Net((module or Flat()).eval(), **given)  # type: ignore[arg-type]


def drawn(h: int, w: int, seed: int = 0) -> torch.Tensor:
    """(1, 3, h, w): smooth, with noise."""
    g = torch.Generator().manual_seed(seed)
    x = F.interpolate(torch.rand(1, 3, 4, 6, generator=g), (h, w), mode="bicubic", align_corners=False)
    return (x + 0.3 * (torch.rand(1, 3, h, w, generator=g) - 0.5)).clamp(0, 1)
