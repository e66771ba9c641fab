"""Photographs to learn from, shrunk to what crops of them need and kept in memory, so that thousands fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F


@dataclass(frozen=True)
class Photos:
    """pictures: each (h, w, 3) uint8."""

    pictures: Sequence[np.ndarray]

    def crops(self, count: int, side: int, chance: np.random.Generator) -> torch.Tensor:
        """(count, 3, side, side) in 0..1: squares of 60 to 100 % of the short side, half of them mirrored, brought to one side."""
        out = []
        for _ in range(count):
            p = self.pictures[chance.integers(len(self.pictures))]
            h, w = p.shape[:2]
            own = round(min(h, w) * (1 if chance.random() < 0.4 else chance.uniform(0.6, 1)))
            y, x = chance.integers(h - own + 1), chance.integers(w - own + 1)
            cut = p[y : y + own, x : x + own]
            cut = cut[:, ::-1] if chance.random() < 0.5 else cut
            tensor = torch.from_numpy(cut.copy()).permute(2, 0, 1)[None].float() / 255
            out.append(F.interpolate(tensor, (side, side), mode="bicubic", antialias=True, align_corners=False).clamp(0, 1))
        return torch.cat(out)
