"""Outlines of the regions of a class, along the edges of its pixels, so that filled again they are the mask to the last pixel.

Source: Freeman 1961 (chains along edges). The corner of pixel (row y, column x) nearest the origin is the point (x, y); y grows downwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ring = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
RIGHT, DOWN, LEFT, UP = range(4)
STEPS = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])  # x, y of each direction


@dataclass(frozen=True, eq=False)
class Region:
    """Pixels of one class that touch by their sides. outer: (n, 2) corners x, y, the first not repeated, in the order of increasing angle as y
    were up (shoelace above 0). holes: the same, the other way round. pixels: how many it has. box: left, top, width, height."""

    outer: Ring
    holes: tuple[Ring, ...]
    pixels: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        left, top = self.outer.min(0).tolist()
        right, bottom = self.outer.max(0).tolist()
        return left, top, right - left, bottom - top


def regions(mask: Mask) -> list[Region]:
    """All regions of a mask (h, w), from the top. Corners where the line goes straight on are left out."""
    from scipy import ndimage

    numbers, count = ndimage.label(mask)
    outers: dict[int, Ring] = {}
    holes: dict[int, list[Ring]] = {}
    for ring, inside in rings(mask, numbers):
        if area(ring) > 0:
            outers[inside] = ring
        else:
            holes.setdefault(inside, []).append(ring)
    sizes = np.bincount(numbers.ravel(), minlength=count + 1)
    return [Region(outers[n], tuple(holes.get(n, ())), int(sizes[n])) for n in range(1, count + 1)]


def area(ring: Ring) -> float:
    """By the shoelace formula; what lies to the left of its way, as y were up, counts above 0."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum()) / 2


def rings(mask: Mask, numbers: npt.NDArray[np.integer]) -> list[tuple[Ring, int]]:
    """Each closed line between pixels of the mask and others, and the number of the region that it bounds.

    Edges have their pixel on the right as one walks on the screen. Where two pixels meet at a corner alone, the line turns into its own pixel.
    """
    h, w = mask.shape
    padded = np.pad(mask, 1)
    inside = padded[1:-1, 1:-1]
    wide = w + 1
    starts, ways, owners = [], [], []
    # the neighbour that is missing, the direction of the edge, and the corner where it begins
    for (dy, dx), way, (cy, cx) in (((-1, 0), RIGHT, (0, 0)), ((0, 1), DOWN, (0, 1)), ((1, 0), LEFT, (1, 1)), ((0, -1), UP, (1, 0))):
        y, x = np.nonzero(inside & ~padded[1 + dy : 1 + dy + h, 1 + dx : 1 + dx + w])
        starts.append((y + cy) * wide + x + cx)
        ways.append(np.full(len(y), way))
        owners.append(numbers[y, x])
    start, way, owner = map(np.concatenate, (starts, ways, owners))
    following = _following(start, way, wide)
    turns = way != way[_before(following)] if len(way) else np.zeros(0, bool)
    out, left = [], np.ones(len(start), bool)
    after, corner = following.tolist(), turns.tolist()
    for first in np.flatnonzero(turns).tolist():
        if not left[first]:
            continue
        edge, line = first, []
        while left[edge]:
            left[edge] = False
            if corner[edge]:
                line.append(edge)
            edge = after[edge]
        places = start[line]
        out.append((np.stack([places % wide, places // wide], 1), int(owner[first])))
    return out


def _following(start: npt.NDArray[np.int64], way: npt.NDArray[np.int64], wide: int) -> npt.NDArray[np.int64]:
    """For each edge the one that goes on where it ends; of two the one that turns to the right, which stays at its own pixel."""
    end = start + STEPS[way, 0] + STEPS[way, 1] * wide
    key = start * 4 + way
    order = np.argsort(key)
    keys = key[order]
    out = np.full(len(start), -1)
    for turn in (3, 0, 1):  # to the left, straight on, to the right: what comes last counts
        wanted = end * 4 + (way + turn) % 4
        at = np.minimum(np.searchsorted(keys, wanted), max(0, len(keys) - 1))
        found = keys[at] == wanted if len(keys) else np.zeros(0, bool)
        out[found] = order[at[found]]
    return out


def _before(following: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    out = np.empty_like(following)
    out[following] = np.arange(len(following))
    return out


def run_lengths(mask: Mask) -> list[int]:
    """COCO's uncompressed RLE: how many 0, 1, 0 … follow each other, column by column from the top left."""
    flat = mask.T.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    edges = np.concatenate([[0], changes, [flat.size]])
    counts: list[int] = np.diff(edges).tolist()
    return [0, *counts] if flat.size and flat[0] else counts


def bridged(region: Region) -> Ring:
    """One ring (n, 2) for a region with holes, for formats that know none: from the outer ring there and back to each hole, along a line of no width."""
    line = region.outer
    for hole in sorted(region.holes, key=lambda r: int(r[:, 0].min())):
        k = int(np.argmin(hole[:, 0]))  # its leftmost corner looks to a corner of the line that lies nearest to the left
        near = int(np.argmin(np.abs(line - hole[k]).sum(1)))
        turned = np.roll(hole, -k, axis=0)
        line = np.concatenate([line[: near + 1], turned, turned[:1], line[near:]])
    return line
