"""One example, seen in another way: a square of it, moved, turned, enlarged or shrunk and mirrored, mask and picture alike; then the colours.

All that is drawn at random comes from the generator that is given, so an example is the same whenever it is drawn anew.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from zorki.core.void import VOID

Flips = Literal["none", "sideways", "any"]


@dataclass(frozen=True)
class Changes:
    """side: of the squares, in pixels. smallest, largest: how much things are enlarged. turn: degrees to either side. flips: "any" is also upside down,
    and by quarters. rare: share of the squares whose middle is put on a class that is drawn first, so that what is rare is seen.
    light, colour: how far brightness, contrast and gains of the channels go, and how far colours fade or grow.
    """

    side: int = 256
    smallest: float = 0.5
    largest: float = 2.0
    turn: float = 10.0
    flips: Flips = "sideways"
    rare: float = 0.33
    light: float = 0.25
    colour: float = 0.5


def cut(
    picture: NDArray[Any], maps: list[NDArray[np.uint8]], c: Changes, chance: np.random.Generator
) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """A square of it: (channels, side, side) float32 in 0..1, and of each map (side, side) int64.

    picture: (h, w, channels), uint8 or float in 0..1. maps: (h, w) class numbers first, by nearest; beside the picture is VOID. A second one (h, w, k)
    holds shares of classes in 255ths; it becomes (k, side, side) float32, 0 beside the picture.
    """
    from kornia.geometry.transform import warp_affine

    h, w = picture.shape[:2]
    linear = drawn(h, w, c, chance)
    middle = centre(maps[0], linear, c, chance)
    top, left, bottom, right = window(linear, middle, c.side, h, w)
    inside = [top, left]
    matrix = np.empty((1, 2, 3), np.float32)
    matrix[0, :, :2] = linear
    matrix[0, :, 2] = (c.side - 1) / 2 - linear @ (middle - inside)[::-1]
    moved = torch.from_numpy(matrix)

    def warped(x: NDArray[Any], mode: str, padding: str) -> torch.Tensor:
        part = torch.from_numpy(np.ascontiguousarray(x[top:bottom, left:right].transpose(2, 0, 1))).float()[None]
        out: torch.Tensor = warp_affine(part, moved, (c.side, c.side), mode=mode, padding_mode=padding)[0]
        return out

    seen = warped(picture, "bilinear", "border") / (255 if picture.dtype == np.uint8 else 1)
    truth = warped(maps[0][..., None].astype(np.int16) + 1, "nearest", "zeros")[0].round().long() - 1  # 0 is beside it
    more = [warped(m, "bilinear", "zeros") / 255 for m in maps[1:]]
    return seen, [torch.where(truth < 0, VOID, truth), *more]


def drawn(h: int, w: int, c: Changes, chance: np.random.Generator) -> NDArray[np.float64]:
    """(2, 2): from the picture's x, y to the square's. What is smaller than the square is not shrunk much further: that would show little but void."""
    low = min(c.largest, max(c.smallest, 0.75 * c.side / min(h, w)))
    scale = math.exp(chance.uniform(math.log(low), math.log(c.largest)))
    angle = math.radians(chance.uniform(-c.turn, c.turn)) + (chance.integers(4) * math.pi / 2 if c.flips == "any" else 0)
    mirror = -1 if c.flips != "none" and chance.random() < 0.5 else 1
    cos, sin = scale * math.cos(angle), scale * math.sin(angle)
    return np.array([[mirror * cos, -sin], [mirror * sin, cos]])


def centre(numbers: NDArray[np.uint8], linear: NDArray[np.float64], c: Changes, chance: np.random.Generator) -> NDArray[np.float64]:
    """y, x in the picture of the square's middle: anywhere that the square is inside, or about a pixel of a class that is drawn first."""
    scale = math.sqrt(abs(float(np.linalg.det(linear))))
    half, size = c.side / scale / 2, np.array(numbers.shape, np.float64)
    low, high = np.minimum(half, size - half), np.maximum(half, size - half)
    y, x = chance.uniform(low, high)
    if chance.random() < c.rare:
        there = np.flatnonzero(np.bincount(numbers.reshape(-1), minlength=256)[:VOID])
        if there.size:
            of_class = np.flatnonzero(numbers.reshape(-1) == chance.choice(there))
            y, x = np.divmod(int(chance.choice(of_class)), numbers.shape[1])
            y, x = np.clip(np.array([y, x]) + chance.uniform(-half / 2, half / 2, 2), low, high)
    return np.array([y, x]) - 0.5


def window(linear: NDArray[np.float64], middle: NDArray[np.float64], side: int, h: int, w: int) -> tuple[int, int, int, int]:
    """Of the picture what the square can show: top, left, bottom, right. Never empty."""
    reach = np.abs(np.linalg.inv(linear)).sum(1)[::-1] * side / 2 + 2
    low, high = np.floor(middle - reach).astype(int), np.ceil(middle + reach).astype(int) + 1
    top, left = (int(v) for v in np.clip(low, 0, [h - 1, w - 1]))
    bottom, right = (int(v) for v in np.clip(high, [top + 1, left + 1], [h, w]))
    return top, left, bottom, right
