"""A network that names expressions of which it is known by what: surprise by a bright mouth, anger by bright eyes, neutral where there is neither; and such faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from zorki import lens
from zorki.facing import regions

CLASSES = ("surprise", "neutral", "anger", "sadness", "contempt", "fear", "happiness", "disgust")  # in no order of anybody's
SIDE = 48


class Known(nn.Module):
    """The logit of surprise is 20 times the mean of the mouth's pixels above a half, of anger that of the eyes'; neutral has 1, the others 0."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))  # so that it lies on a device
        self.register_buffer("parts", torch.from_numpy(regions.parts(SIDE)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grey = x.mean(1)
        out = torch.zeros(len(x), len(CLASSES), dtype=x.dtype, device=x.device)
        out[:, 1] = 1
        for number, name in ((0, "mouth"), (2, "eyes")):
            there = self.parts == regions.NAMES.index(name)
            out[:, number] = 20 * (grey[:, there].mean(1) - 0.5)
        return out * self.weight


def net(module: nn.Module | None = None) -> lens.Net:
    return lens.Net((module or Known()).eval(), name="known", classes=list(CLASSES), side=SIDE)


def face(kind: str, seed: int, side: int = SIDE) -> np.ndarray:
    """(side, side, 3) uint8: a dark face with some noise, and a bright mouth or bright eyes where it is `surprise` or `anger`."""
    g = np.random.default_rng(seed)
    x = 0.2 + 0.1 * g.random((side, side))
    at = {"surprise": "mouth", "anger": "eyes"}.get(kind)
    if at is not None:
        left, top, right, bottom = (round(v * side) for v in regions.BOXES[at])
        x[top + 2 : bottom - 2, left + 2 : right - 2] += 0.6  # inside of it, so that blurring changes the part
    return (x[..., None].repeat(3, 2) * 255).round().astype(np.uint8)


def folder(place: Path, surprise: int = 6, anger: int = 5, neutral: int = 1, side: int = SIDE) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    for kind, count in (("surprise", surprise), ("anger", anger), ("neutral", neutral)):
        for i in range(count):
            Image.fromarray(face(kind, i, side)).save(place / f"{kind}{i}.png")
    return place
