"""A photo of quarters, and a net that knows them by their colours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn

from zorki import lens

CODE = """
import torch
from torch import nn


class Red(nn.Module):
    "Class 1 where there is more red than green, class 2 where there is more green, else 0."

    def forward(self, x):
        apart = 20 * (x[:, 0] - x[:, 1])
        return torch.stack([torch.full_like(apart, 4.0), apart, -apart], 1)


def red():
    return Red().eval()
"""


def quarters(h: int = 40, w: int = 60) -> np.ndarray:
    """(h, w, 3): red on the left, green in the lower right, grey in the upper right."""
    out = np.full((h, w, 3), 120, np.uint8)
    out[:, : w // 2] = (220, 40, 60)
    out[h // 2 :, w // 2 :] = (30, 200, 60)
    return out


def truth(h: int = 40, w: int = 60) -> np.ndarray:
    out = np.zeros((h, w), np.uint8)
    out[:, : w // 2] = 1
    out[h // 2 :, w // 2 :] = 2
    return out


class Red(nn.Module):
    """As in CODE."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        apart = 20 * (x[:, 0] - x[:, 1])
        return torch.stack([torch.full_like(apart, 4.0), apart, -apart], 1)


def net() -> lens.Net:
    return lens.Net(Red().eval(), name="red", side=32, step=1, classes=("background", "apple", "leaf"))


def lay() -> None:
    """net.py and photo.png, here."""
    Path("net.py").write_text(CODE, encoding="utf-8")
    Image.fromarray(quarters()).save("photo.png")


def opened(path: str) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy()
