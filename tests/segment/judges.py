"""Data that say what a net will answer: the red of a picture is the class that the net takes each pixel for."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from zorki import io

STEP = 20  # red levels between two classes


class Red(nn.Module):
    """The class of a pixel is its red / STEP; `order` says which of its maps is which class, coarse halves them. sure: how much larger the right logit is."""

    def __init__(self, order: Sequence[int], coarse: bool = False, sure: float = 8.0) -> None:
        super().__init__()
        self.order, self.coarse, self.sure = list(order), coarse, sure
        self.none = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        red = (x[:, 0] * 255 / STEP).round()
        maps = torch.stack([(red == k).float() * self.sure for k in self.order], 1)
        return nn.functional.avg_pool2d(maps, 2) if self.coarse else maps


def three() -> nn.Module:
    """For --model file.py:function."""
    return Red(range(3))


def folder(
    path: Path, pairs: Sequence[tuple[np.ndarray, np.ndarray]], names: Sequence[str] = (), split: str = "", void: bool = False
) -> Path:
    """pairs: (what the net says, what is true), (h, w) each."""
    for part in ("images", "masks"):
        (path / split / part).mkdir(parents=True, exist_ok=True)
    for i, (says, truth) in enumerate(pairs):
        picture = np.zeros((*says.shape, 3), np.uint8)
        picture[..., 0], picture[..., 1] = says * STEP, 7 * i
        io.save_photo(path / split / "images" / f"{i}.png", picture)
        io.save_mask(path / split / "masks" / f"{i}.png", truth.astype(np.uint8), [])
    if names:
        rows = [f"{n},{name},#{40 * n + 10:02x}8000" for n, name in enumerate(names)] + (["255,void,#000000"] if void else [])
        (path / "classes.csv").write_text("index,name,colour\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def randomly(seed: int = 0, count: int = 5, classes: int = 4, void: float = 0.1) -> list[tuple[np.ndarray, np.ndarray]]:
    """Pictures of several sizes: patches, of which some are right."""
    draw, out = np.random.default_rng(seed), []
    for i in range(count):
        h, w = 24 + 5 * (i % 6), 30 - 3 * (i % 6)
        truth = np.kron(draw.integers(0, classes, (h // 4 + 1, w // 4 + 1)), np.ones((4, 4), int))[:h, :w]
        says = np.where(draw.random((h, w)) < 0.3, draw.integers(0, classes, (h, w)), truth)
        out.append((says, np.where(draw.random((h, w)) < void, 255, truth)))
    return out
