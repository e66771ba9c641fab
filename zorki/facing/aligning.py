"""Faces cut out upright, of one size: turned, moved and enlarged so that eyes and mouth lie where they lie in every other.

Source: Umeyama 1991 (the turn, the size and the place that bring points nearest to others, in closed form).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional as F

from zorki.facing.faces import Face, Floats
from zorki.pixels.pieces import Rows, strip

Singles = npt.NDArray[np.float32]
EYES, MOUTH = 0.39, 0.76  # from the top, as shares of the square's side
AT = np.array(
    [[0.32, EYES], [0.68, EYES], [0.35, MOUTH], [0.65, MOUTH]]
)  # eyes and corners of the mouth: where they lie in the faces that `emotions` learnt from
ASKED = (0, 1, 3, 4)  # of a face's points: the nose says more of where somebody looks
RAISED = 0.03  # of the side: how much higher than a face's box its square lies, where there are no points
OFF = 0.6  # of the box's height: points whose square is as far away from the box's are not believed


class Square(NamedTuple):
    """A square that may be turned. middle: x, y; along: x, y of its upper side, from left to right; both in pixels of the photo."""

    middle: Floats
    along: Floats

    @property
    def side(self) -> float:
        return float(np.hypot(*self.along))

    @property
    def turn(self) -> float:
        """Degrees, clockwise as it is seen."""
        return math.degrees(math.atan2(self.along[1], self.along[0]))

    def at(self, shares: Floats) -> Floats:
        """(n, 2) shares of the square's sides → (n, 2) pixels of the photo."""
        down = np.array([-self.along[1], self.along[0]])
        off = np.asarray(shares, np.float64) - 0.5
        found: Floats = self.middle + off[:, :1] * self.along + off[:, 1:] * down
        return found


def square(face: Face) -> Square:
    """Of a face with points the square in which they lie as AT says, as nearly as turning, moving and enlarging can; else the one about its box."""
    upright = boxed(face)
    if face.points is None or not np.isfinite(face.points).all():
        return upright
    found = fitted(AT, face.points[list(ASKED)])
    far = np.hypot(*(found.middle - upright.middle)) / max(face.box[3], 1e-9)
    return found if far < OFF and 0.5 < found.side / upright.side < 2 else upright


def boxed(face: Face) -> Square:
    """Upright, as high as the box, a little above it."""
    x, y, w, h = face.box
    side = max(h, 1.0)
    return Square(np.array([x + w / 2, y + h / 2 - RAISED * side]), np.array([side, 0.0]))


def about(box: Sequence[float], times: float) -> Square:
    """Upright, about the middle of a box (left, top, width, height), so many times as large as a square of its area."""
    x, y, w, h = box
    return Square(np.array([x + w / 2, y + h / 2]), np.array([times * math.sqrt(max(w * h, 1e-9)), 0.0]))


def fitted(shares: Floats, points: Floats) -> Square:
    """The square in which `shares` lie nearest to `points`, by least squares."""
    a, b = ((p[:, 0] + 1j * p[:, 1]) for p in (np.asarray(shares, np.float64), np.asarray(points, np.float64)))
    from_a, from_b = a - a.mean(), b - b.mean()
    times = (from_a.conj() @ from_b) / (from_a.conj() @ from_a)  # a turn and a size are one complex number
    middle = b.mean() + times * (complex(0.5, 0.5) - a.mean())
    return Square(np.array([middle.real, middle.imag]), np.array([times.real, times.imag]))


def taken(picture: torch.Tensor | Rows, where: Square, side: int) -> torch.Tensor:
    """`cut`, also of what reads its rows."""
    if isinstance(picture, torch.Tensor):
        return cut(picture, where, side)
    corners = where.at(np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1]]))
    h, _ = picture.hw
    top = int(np.clip(np.floor(corners[:, 1].min()) - 4, 0, h - 1))
    bottom = int(np.clip(np.ceil(corners[:, 1].max()) + 4, top + 1, h))
    return cut(strip(picture, top, bottom)[0], where._replace(middle=where.middle - [0, top]), side)


def cut(picture: torch.Tensor, where: Square, side: int) -> torch.Tensor:
    """(c, side, side): what lies in the square, antialiased; beyond the picture's rim its border is repeated. picture: (c, h, w)."""
    low, high, less, places = window(where, (picture.shape[-2], picture.shape[-1]), side)
    return sampled(picture[None].float(), low.tolist(), high.tolist(), less.tolist(), torch.from_numpy(places)[None])[0]


def window(
    where: Square, hw: tuple[int, int], side: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64], Singles]:
    """What is read of a picture of that size for a square: its upper left and its lower right pixel, the size to which that part is brought first, so that it is no
    finer than the cut, each x, y; and (side, side, 2), where in that part the cut's pixels lie, −1..1."""
    corners = where.at(np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1]]))
    h, w = hw
    low = np.clip(np.floor(corners.min(0)).astype(np.int64) - 2, 0, [w - 1, h - 1])
    high = np.clip(np.ceil(corners.max(0)).astype(np.int64) + 2, low + 1, [w, h])
    size = high - low
    less = np.maximum(1, np.ceil(size * min(1.0, side / where.side))).astype(np.int64)
    middles = (np.arange(side) + 0.5) / side
    grid = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
    at = 2 * (where.at(grid) - low) / size - 1
    return low, high, less, at.astype(np.float32).reshape(side, side, 2)


def sampled(picture: torch.Tensor, low: Sequence[int], high: Sequence[int], less: Sequence[int], places: torch.Tensor) -> torch.Tensor:
    """(1, c, side, side): a `window` of a picture (1, c, h, w), as its numbers say."""
    patch = picture[:, :, low[1] : high[1], low[0] : high[0]]
    if less[0] < patch.shape[3] or less[1] < patch.shape[2]:
        patch = F.interpolate(patch, (less[1], less[0]), mode="bilinear", antialias=True, align_corners=False)
    return F.grid_sample(patch, places, mode="bilinear", padding_mode="border", align_corners=False)
