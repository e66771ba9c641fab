"""One example, seen in another way: a square of it, moved, enlarged or shrunk, stretched a little and mirrored, its boxes alike.

Boxes are upright, so nothing is turned by less than a quarter: the box about a turned box says less than the box did. Pictures are made smaller with
antialiasing, as they are when they are predicted. All that is drawn at random comes from the generator that is given, so an example is the same whenever it is drawn anew.

Source: Szegedy et al. 2014 (parts of pictures of other shapes); Redmon et al. 2015 (moved and enlarged with their boxes).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

Flips = Literal["none", "sideways", "any"]
Fit = Literal["letterbox", "stretch"]
TRIES = 10  # for a square that keeps a box, where one must be kept


@dataclass(frozen=True)
class Changes:
    """side: of the squares, in pixels. fit: how a whole picture comes into one: as it is with a border beside it, or stretched to the square. whole: share
    of the squares that show the whole picture, just so. smallest, largest: of the others, how much larger than that things are. stretch: how much wider
    or higher than they are, at most. flips: "any" is also upside down, and by quarters. least: of a box's area, what must be left in the square; of which less is
    left, that is dropped. kept: whether no square may be without any box, where the picture has one. light, colour: how far brightness, contrast and gains of the channels go, and how far
    colours fade or grow.
    """

    side: int = 320
    fit: Fit = "letterbox"
    whole: float = 0.3
    smallest: float = 0.6
    largest: float = 2.0
    stretch: float = 1.15
    flips: Flips = "sideways"
    least: float = 0.3
    kept: bool = False
    light: float = 0.25
    colour: float = 0.5


class Window(NamedTuple):
    """What a square shows, along rows or columns: pixels `first` to `last` of the picture, brought to `pixels` pixels of the square from `begin` on."""

    first: int
    last: int
    begin: int
    pixels: int

    @property
    def scale(self) -> float:
        return self.pixels / (self.last - self.first)

    def there(self, at: NDArray[Any]) -> NDArray[np.float64]:
        """Places in the picture as places in the square."""
        return self.begin + (at.astype(np.float64) - self.first) * self.scale


def cut(
    picture: NDArray[Any], boxes: NDArray[np.float32], labels: NDArray[np.int64], c: Changes, chance: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """A square of it: (channels, side, side) float32 in 0..1, the boxes in it (m, 4) float32 left, top, width, height in its pixels, clipped to it, and their
    classes (m,) int64.

    picture: (h, w, channels), uint8 or float in 0..1. boxes: (n, 4) in its pixels. labels: (n,). Beside the picture is its mean colour.
    """
    h, w = picture.shape[:2]
    for _ in range(TRIES if c.kept and len(boxes) else 1):
        windows = drawn(h, w, c, chance)
        there, left = moved(boxes, windows, c)
        if left.any():
            break
    else:
        if c.kept:
            windows = fitted(h, w, c, np.full(2, 0.5))
            there, left = moved(boxes, windows, c)
    return mirrored(shown(picture, windows, c.side), torch.from_numpy(there[left]), torch.from_numpy(labels[left]), c, chance)


def fitted(h: int, w: int, c: Changes, at: NDArray[np.float64], zoom: NDArray[np.float64] | float = 1.0) -> tuple[Window, Window]:
    """Rows and columns of a square in which things are `zoom` (y, x) times as large as where the whole picture fits just so. at: where it lies, of the way that it can go
    without showing more border than it must."""
    size = np.array([h, w], np.float64)
    scale = (c.side / size if c.fit == "stretch" else np.full(2, c.side / size.max())) * zoom
    room = size - c.side / scale
    corner = np.minimum(room, 0) + np.maximum(room, 0) * at - np.minimum(room, 0) * (1 - at)
    return along(h, scale[0], corner[0], c.side), along(w, scale[1], corner[1], c.side)


def along(size: int, scale: float, corner: float, side: int) -> Window:
    """Whole pixels of both, as near to that scale and corner as they come."""
    first, last = max(0, round(corner)), min(size, round(corner + side / scale))
    first = min(first, size - 1)
    last = max(last, first + 1)
    begin = min(max(0, round((first - corner) * scale)), side - 1)
    return Window(first, last, begin, min(max(1, round((last - first) * scale)), side - begin))


def drawn(h: int, w: int, c: Changes, chance: np.random.Generator) -> tuple[Window, Window]:
    """Rows and columns of a square that is drawn."""
    at = chance.uniform(0, 1, 2)
    if chance.random() < c.whole:
        return fitted(h, w, c, at)
    zoom = math.exp(chance.uniform(math.log(c.smallest), math.log(c.largest)))
    wider = math.exp(chance.uniform(-1, 1) * math.log(c.stretch) / 2)
    return fitted(h, w, c, at, zoom * np.array([1 / wider, wider]))


def moved(boxes: NDArray[np.float32], windows: tuple[Window, Window], c: Changes) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """The boxes in the square, clipped to it, and of which enough is left."""
    rows, columns = windows
    low = np.stack([columns.there(boxes[:, 0]), rows.there(boxes[:, 1])], 1)
    high = np.stack([columns.there(boxes[:, 0] + boxes[:, 2]), rows.there(boxes[:, 1] + boxes[:, 3])], 1)
    area = (high - low).prod(1)
    low, high = low.clip(0, c.side), high.clip(0, c.side)
    size = high - low
    left = (size > 0).all(1) & (size.prod(1) >= c.least * area)
    return np.concatenate([low, size], 1).astype(np.float32), left


def shown(picture: NDArray[Any], windows: tuple[Window, Window], side: int) -> torch.Tensor:
    """(channels, side, side): what the square shows."""
    rows, columns = windows
    part = torch.from_numpy(picture[rows.first : rows.last, columns.first : columns.last]).permute(2, 0, 1)[None]
    part = F.interpolate(part, (rows.pixels, columns.pixels), mode="bilinear", antialias=True, align_corners=False)[0]
    part = part.float() / 255 if part.dtype == torch.uint8 else part
    out = part.mean((1, 2), keepdim=True).expand(-1, side, side).clone()
    out[:, rows.begin : rows.begin + rows.pixels, columns.begin : columns.begin + columns.pixels] = part
    return out


def mirrored(
    seen: torch.Tensor, boxes: torch.Tensor, labels: torch.Tensor, c: Changes, chance: np.random.Generator
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The square sideways, upside down, its rows as columns, as is drawn and `c.flips` allows."""
    sideways, down, across = chance.random(3) < 0.5
    left, top, width, height = boxes.unbind(1)
    if c.flips != "none" and sideways:
        seen, left = seen.flip(2), c.side - left - width
    if c.flips == "any" and down:
        seen, top = seen.flip(1), c.side - top - height
    if c.flips == "any" and across:
        seen, left, top, width, height = seen.transpose(1, 2), top, left, height, width
    return seen.contiguous(), torch.stack([left, top, width, height], 1), labels
