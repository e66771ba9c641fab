"""What is drawn around things, and the pixels that each of it covers: those whose middle lies inside.

The upper left corner of a picture is the point (0, 0) and its first pixel's middle (0.5, 0.5), y grows downwards; so an outline along the edges of pixels
(`zorki/segmenting/polygons.py`) covers these pixels and no other. Inside a line that crosses itself is what a ray leaves through an odd number of edges
(even-odd), as pycocotools, Pillow (LabelMe) and OpenCV (YOLO) fill it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.float64]
Bits = npt.NDArray[np.bool_]
CELLS = 1 << 22  # pixels that are looked at at a time


class Patch(NamedTuple):
    """A rectangle of a picture and what is covered in it (n, m). crossed: its line crosses itself, or turns around something more than once."""

    top: int
    left: int
    inside: Bits
    crossed: bool = False


class Shape(Protocol):
    """All sizes in pixels."""

    @property
    def reach(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom, also where that is outside of the picture."""

    def patch(self, hw: tuple[int, int]) -> Patch:
        """What it covers of a picture of that size."""

    def scaled(self, x: float, y: float) -> Shape:
        """So many times as wide and as high."""


@dataclass(frozen=True, eq=False)
class Polygons:
    """parts: each of one or more rings (n, 2) of points x, y, of which the first is not repeated: an outline with its holes. What lies in any part is covered."""

    parts: tuple[tuple[Ring, ...], ...]

    @property
    def reach(self) -> tuple[float, float, float, float]:
        points = np.concatenate([ring for rings in self.parts for ring in rings])
        return (*map(float, points.min(0)), *map(float, points.max(0)))  # type: ignore[return-value]

    def patch(self, hw: tuple[int, int]) -> Patch:
        found = [filled(rings, hw) for rings in self.parts]
        return found[0] if len(found) == 1 else together(found)

    def scaled(self, x: float, y: float) -> Polygons:
        return Polygons(tuple(tuple(ring * (x, y) for ring in rings) for rings in self.parts))


@dataclass(frozen=True)
class Disc:
    """Around a point."""

    x: float
    y: float
    radius: float

    @property
    def reach(self) -> tuple[float, float, float, float]:
        return self.x - self.radius, self.y - self.radius, self.x + self.radius, self.y + self.radius

    def patch(self, hw: tuple[int, int]) -> Patch:
        top, left, bottom, right = within(self.reach, hw)
        y, x = np.arange(top, bottom) + 0.5 - self.y, np.arange(left, right) + 0.5 - self.x
        return Patch(top, left, y[:, None] ** 2 + x**2 <= self.radius**2)

    def scaled(self, x: float, y: float) -> Disc:
        return Disc(self.x * x, self.y * y, self.radius * (x * y) ** 0.5)


@dataclass(frozen=True, eq=False)
class Stroke:
    """A line through points (n, 2), so many pixels wide, its ends cut straight, its joints round."""

    points: Ring
    width: float

    @property
    def reach(self) -> tuple[float, float, float, float]:
        (left, top), (right, bottom) = self.points.min(0).tolist(), self.points.max(0).tolist()
        half = self.width / 2
        return left - half, top - half, right + half, bottom + half

    def patch(self, hw: tuple[int, int]) -> Patch:
        parts: list[Patch] = []
        for a, b in pairwise(self.points):
            length = float(np.hypot(*(b - a)))
            if length:
                x, y = (b - a) * (self.width / 2 / length)
                aside = np.array([-y, x])
                parts.append(filled((np.stack([a + aside, b + aside, b - aside, a - aside]),), hw))
        parts += [Disc(float(x), float(y), self.width / 2).patch(hw) for x, y in self.points[1:-1]]
        return together(parts)

    def scaled(self, x: float, y: float) -> Stroke:
        return Stroke(self.points * (x, y), self.width)


@dataclass(frozen=True, eq=False)
class Bitmap:
    """Pixels (n, m) whose upper left one is that of a picture at top, left, which may be outside of it."""

    inside: Bits
    top: int = 0
    left: int = 0

    @property
    def reach(self) -> tuple[float, float, float, float]:
        high, wide = self.inside.shape
        return self.left, self.top, self.left + wide, self.top + high

    def patch(self, hw: tuple[int, int]) -> Patch:
        top, left, bottom, right = within(self.reach, hw)
        return Patch(top, left, self.inside[top - self.top : bottom - self.top, left - self.left : right - self.left])

    def scaled(self, x: float, y: float) -> Bitmap:
        high, wide = self.inside.shape
        hw = round(high * y), round(wide * x)
        rows, columns = (((np.arange(new) + 0.5) * old / new).astype(int) for new, old in zip(hw, (high, wide), strict=True))
        return Bitmap(self.inside[rows[:, None], columns], round(self.top * y), round(self.left * x))


@dataclass(frozen=True)
class Several:
    """All of them as one."""

    shapes: tuple[Shape, ...]

    @property
    def reach(self) -> tuple[float, float, float, float]:
        left, top, right, bottom = zip(*(one.reach for one in self.shapes), strict=True)
        return min(left), min(top), max(right), max(bottom)

    def patch(self, hw: tuple[int, int]) -> Patch:
        return together([one.patch(hw) for one in self.shapes])

    def scaled(self, x: float, y: float) -> Several:
        return Several(tuple(one.scaled(x, y) for one in self.shapes))


def rectangle(left: float, top: float, right: float, bottom: float) -> Polygons:
    """Whichever of two opposite corners comes first."""
    return Polygons(((np.array([(left, top), (right, top), (right, bottom), (left, bottom)], np.float64),),))


def within(reach: Sequence[float], hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, bottom, right of the pixels of a picture that may be covered; nothing lies between them where all of it is outside."""
    left, top, right, bottom = reach
    y0, x0 = min(max(0, int(np.floor(top))), hw[0]), min(max(0, int(np.floor(left))), hw[1])
    return y0, x0, max(y0, min(hw[0], int(np.ceil(bottom)))), max(x0, min(hw[1], int(np.ceil(right))))


def filled(rings: Sequence[Ring], hw: tuple[int, int]) -> Patch:
    """The pixels inside closed lines, all of them together, by the even-odd rule; of a pixel's middle that lies on a line the left or upper side counts."""
    points = np.concatenate(list(rings))
    top, left, bottom, right = within((*points.min(0), *points.max(0)), hw)
    inside = np.zeros((bottom - top, right - left), bool)
    end = np.concatenate([np.roll(ring, -1, 0) for ring in rings])
    least = most = 0
    step = max(1, CELLS // max(1, right - left))
    for first in range(top, bottom, step):
        rows = slice(first, min(first + step, bottom))
        turns = winding(points, end, rows, slice(left, right))
        inside[rows.start - top : rows.stop - top] = turns & 1
        least, most = min(least, int(turns.min(initial=0))), max(most, int(turns.max(initial=0)))
    return Patch(top, left, inside, len(rings) == 1 and most - least > 1)


def winding(begin: Ring, end: Ring, rows: slice, columns: slice) -> npt.NDArray[np.int32]:
    """(n, m): how often the lines from `begin` to `end` turn around the middle of each of these pixels; odd where a ray crosses them an odd number of times."""
    high, wide = rows.stop - rows.start, columns.stop - columns.start
    upper, lower = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    # rows whose middle an edge crosses; of its two ends the upper one belongs to it
    first, last = (np.clip(np.ceil(y - 0.5), rows.start, rows.stop).astype(np.int64) for y in (upper, lower))
    often = last - first
    edge = np.repeat(np.arange(len(begin)), often)
    y = np.arange(len(edge)) - np.repeat(np.cumsum(often) - often, often) + first[edge]
    (x0, y0), (x1, y1) = begin[edge].T, end[edge].T
    x = x0 + (y + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) if len(edge) else x0
    column = np.clip(np.ceil(x - 0.5), columns.start, columns.stop).astype(np.int64) - columns.start
    ways = np.where(y1 > y0, 1, -1)
    changes = np.bincount((y - rows.start) * (wide + 1) + column, ways, high * (wide + 1)).astype(np.int32)
    return changes.reshape(high, wide + 1)[:, :-1].cumsum(1, dtype=np.int32)


def together(patches: Sequence[Patch]) -> Patch:
    """What any of them covers."""
    some = [p for p in patches if p.inside.size]
    if not some:
        return Patch(0, 0, np.zeros((0, 0), bool))
    top, left = min(p.top for p in some), min(p.left for p in some)
    high, wide = max(p.top + len(p.inside) for p in some) - top, max(p.left + p.inside.shape[1] for p in some) - left
    inside = np.zeros((high, wide), bool)
    for p in some:
        inside[p.top - top : p.top - top + len(p.inside), p.left - left : p.left - left + p.inside.shape[1]] |= p.inside
    return Patch(top, left, inside, any(p.crossed for p in some))
