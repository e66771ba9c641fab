"""Faces cut out upright, of one size: turned, moved and enlarged so that eyes and mouth lie where they lie in every other.

Source: Umeyama 1991 (the turn, the size and the place that bring points nearest to others, in closed form).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from zorki.facing.faces import Face, Floats

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


def fitted(shares: Floats, points: Floats) -> Square:
    """The square in which `shares` lie nearest to `points`, by least squares."""
    a, b = ((p[:, 0] + 1j * p[:, 1]) for p in (np.asarray(shares, np.float64), np.asarray(points, np.float64)))
    from_a, from_b = a - a.mean(), b - b.mean()
    times = (from_a.conj() @ from_b) / (from_a.conj() @ from_a)  # a turn and a size are one complex number
    middle = b.mean() + times * (complex(0.5, 0.5) - a.mean())
    return Square(np.array([middle.real, middle.imag]), np.array([times.real, times.imag]))


def cut(picture: torch.Tensor, where: Square, side: int) -> torch.Tensor:
    """(c, side, side): what lies in the square, antialiased; beyond the picture's rim its border is repeated. picture: (c, h, w)."""
    corners = where.at(np.array([[0.0, 0.0], [1, 0], [0, 1], [1, 1]]))
    h, w = picture.shape[-2:]
    low = np.clip(np.floor(corners.min(0)).astype(int) - 2, 0, [w - 1, h - 1])
    high = np.clip(np.ceil(corners.max(0)).astype(int) + 2, low + 1, [w, h])
    patch = picture[:, low[1] : high[1], low[0] : high[0]][None].float()
    size = high - low
    less = np.maximum(1, np.ceil(size * min(1.0, side / where.side))).astype(int)  # first as coarse as the cut will be
    if (less < size).any():
        patch = F.interpolate(patch, (int(less[1]), int(less[0])), mode="bilinear", antialias=True, align_corners=False)
    middles = (np.arange(side) + 0.5) / side
    grid = np.stack(np.meshgrid(middles, middles), -1).reshape(-1, 2)
    at = 2 * (where.at(grid) - low) / size - 1
    places = torch.from_numpy(at.astype(np.float32)).view(1, side, side, 2)
    return F.grid_sample(patch, places, mode="bilinear", padding_mode="border", align_corners=False)[0]
