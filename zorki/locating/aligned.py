"""A picture cut into parts that lie alike about a box, whatever its size and place: what many pictures say of them can be put on one another."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ZONES = ("inside", "rim", "outside")
RIM = 0.15  # of the box's width and height, to either side of its line: the rim
WITHIN = (0.0, RIM, RIM + (1 - 2 * RIM) / 3, RIM + 2 * (1 - 2 * RIM) / 3, 1 - RIM, 1.0)  # where it is cut, in widths and heights of the box
BEYOND = (RIM, 0.6, 1.5, 4.0)  # the same outside of it, to either side
REACH, CELLS = 0.5, 60  # of what is put together: from so far before the box to as far behind it, in so many cells a side


@dataclass(frozen=True, eq=False)
class Cut:
    """hw: of the picture; box: left, top, width, height in its pixels. down, across: where it is cut, in pixels, from 0 to its side."""

    hw: tuple[int, int]
    box: tuple[float, float, float, float]
    down: NDArray[np.int64]
    across: NDArray[np.int64]

    @cached_property
    def parts(self) -> NDArray[np.int64]:
        """(h, w): the number of each pixel's part, 0 the upper left, row by row; every number occurs."""
        rows, columns = (np.repeat(np.arange(len(at) - 1), np.diff(at)) for at in (self.down, self.across))
        return np.asarray(rows[:, None] * (len(self.across) - 1) + columns)

    @cached_property
    def places(self) -> Floats:
        """(n, 4): left, top, right, bottom of each part in widths and heights of the box, whose upper left corner is 0, 0 and whose lower right is 1, 1."""
        x, y, w, h = self.box
        u, v = (self.across - x) / w, (self.down - y) / h
        n, m = len(v) - 1, len(u) - 1
        grid = np.empty((n, m, 4))
        grid[..., 0], grid[..., 2] = u[:-1], u[1:]
        grid[..., 1], grid[..., 3] = v[:-1, None], v[1:, None]
        return grid.reshape(-1, 4)

    @cached_property
    def middles(self) -> Floats:
        """(n, 2): x and y, in the same."""
        return (self.places[:, :2] + self.places[:, 2:]) / 2

    @cached_property
    def areas(self) -> Floats:
        """(n,): of each part, in areas of the box."""
        return np.asarray((self.places[:, 2:] - self.places[:, :2]).prod(1))

    @cached_property
    def zones(self) -> NDArray[np.int64]:
        """(n,): 0 inside of the rim, 1 the rim, 2 outside of it."""
        beyond = (abs(self.middles - 0.5) - 0.5).max(1)  # from the box's line; below 0 inside
        return np.asarray((beyond > -RIM).astype(np.int64) + (beyond > RIM))

    def near(self, side: str) -> NDArray[np.bool_]:
        """(n,): whether it lies at that side of the box: left, top, right or bottom."""
        axis, at = int(side in ("top", "bottom")), float(side in ("right", "bottom"))
        return np.asarray((abs(self.middles[:, axis] - at) <= RIM) & (abs(self.middles[:, 1 - axis] - 0.5) <= 0.5 + RIM))

    def shares(self, amount: Floats) -> Floats:
        """(3,): of what the parts have, (n,) from 0 on, the shares that lie in each zone; nan of nothing."""
        total = amount.sum()
        sums = np.bincount(self.zones, amount, len(ZONES))
        return np.asarray(sums / total) if total > 0 else np.full(len(ZONES), np.nan)

    def spread(self, amount: Floats) -> Floats:
        """(CELLS, CELLS): what the parts have, as a share of all for an area as large as the box, in cells about it; nan beyond the picture."""
        total = amount.sum()
        density = np.append(amount / np.maximum(self.areas, 1e-9) / (total if total > 0 else 1), np.nan)
        middles = (np.arange(CELLS) + 0.5) / CELLS * (1 + 2 * REACH) - REACH
        edges = [
            (at - start) / side for at, start, side in ((self.across, self.box[0], self.box[2]), (self.down, self.box[1], self.box[3]))
        ]
        column, row = (np.searchsorted(edge, middles, "right") - 1 for edge in edges)
        there = (column >= 0) & (column < len(self.across) - 1), (row >= 0) & (row < len(self.down) - 1)
        number = row[:, None] * (len(self.across) - 1) + column
        return np.asarray(density[np.where(there[1][:, None] & there[0], number, -1)])


def cut(box: tuple[float, float, float, float], hw: tuple[int, int]) -> Cut:
    """Into a part for each stretch of rows and of columns that the box's lines, and lines at fixed shares of its width and height inside and outside of it, leave;
    lines that fall on one pixel are one. A box without an area is taken for one of a pixel."""
    x, y, w, h = box[0], box[1], max(1.0, box[2]), max(1.0, box[3])
    lines = np.array([*(-b for b in BEYOND), *WITHIN, *(1 + b for b in BEYOND)])
    down, across = (cuts(start + lines * long, side) for start, long, side in ((y, h, hw[0]), (x, w, hw[1])))
    return Cut(hw, (x, y, w, h), down, across)


def cuts(at: Floats, side: int) -> NDArray[np.int64]:
    """From 0 to the side, in whole pixels, each once."""
    return np.unique(np.clip(np.rint([0, *at, side]), 0, side).astype(np.int64))
