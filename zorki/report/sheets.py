"""A page's pictures on one sheet: what of a page can be a PNG."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from zorki import blocks, io

__all__ = ["sheet"]

FEW = 118  # pixels of a picture of those that are small
HIGH, LOW = 238, 100  # pixels of a mosaic: three pictures of 78 with seams between; less where pictures are wider than high
LEAST = 56  # pixels of a picture's height where there are more than four rows
SEAM, GAP, MARGIN = 2, 10, 24  # between pictures, mosaics, plates
LINE, WIDE = 160, 1920  # of a plate at least; of a sheet, where there is no need of more
LARGE, SMALL = 15, 13  # letters
SOFT = (100, 95, 88)


@dataclass(frozen=True)
class Place:
    """Where a mosaic and its pictures lie, in pixels of its plate: left, top, width, height."""

    box: tuple[int, int, int, int]
    pictures: tuple[tuple[int, int, int, int], ...]


def sheet(page: blocks.Page) -> blocks.Pixels:
    """Slides under what their sections say, one below the other; a gallery's pictures; of a page with neither its grids. (H, W, 3). Raises ValueError for a page without any."""
    parts = []
    for section in page.sections:
        for block in section.blocks:
            if isinstance(block, blocks.Slide):
                parts.append(slide(block.plates, f"{section.title}: {section.lead}" if section.lead else section.title))
            elif isinstance(block, blocks.Gallery) and any(entry.beside for entry in block.entries):
                parts.append(slide([plate_of(entry) for entry in block.entries], page.lead))
            elif isinstance(block, blocks.Gallery):
                parts.append(io.sheet([e.tile.pixels for e in block.entries], [e.title for e in block.entries]))
    if not parts:
        grids = [block for section in page.sections for block in section.blocks if isinstance(block, blocks.Grid)]
        parts = [io.sheet([tile.pixels for tile in grid.tiles], [tile.caption for tile in grid.tiles]) for grid in grids]
    if not parts:
        raise ValueError("a sheet needs at least one picture")
    wide = max(part.shape[1] for part in parts)
    return np.concatenate([padded(part, wide, len(part)) for part in parts])


def plate_of(entry: blocks.Entry) -> blocks.Plate:
    drawn = blocks.Mosaic((entry.tile,), "drawn", 1)
    return blocks.Plate(entry.key, entry.title, (drawn, *entry.beside), ", ".join(entry.words))


def slide(plates: Sequence[blocks.Plate], said: str) -> blocks.Pixels:
    """The plates in rows, each as high as the highest, under a line about all of them."""
    wide = max(LINE, *(width(laid(plate.mosaics, plate.small)) for plate in plates))
    drawn = [painted(plate, wide) for plate in plates]
    high = max(map(len, drawn))
    columns = across(len(plates), wide + MARGIN, high + MARGIN)
    head = io.lettered(said, columns * (wide + MARGIN) - MARGIN, most=3, size=LARGE)
    places = [padded(picture, wide + MARGIN, high + MARGIN) for picture in drawn]
    places += [padded(drawn[0][:0], wide + MARGIN, high + MARGIN)] * (-len(places) % columns)
    rows = [np.concatenate(places[i : i + columns], 1) for i in range(0, len(places), columns)]
    inside = np.concatenate([padded(head, rows[0].shape[1], len(head) + GAP), *rows])
    return np.pad(inside, ((MARGIN, 0), (MARGIN, 0), (0, 0)), constant_values=255)


def across(count: int, wide: int, high: int) -> int:
    """Plates in a row: as few rows as fit a screen's width (of very many a square), and then as few empty places as can be."""
    room = max(WIDE, math.isqrt(count * wide * high))
    return min(range(1, max(1, min(count, room // wide)) + 1), key=lambda c: (-(-count // c), -count % c))


def painted(plate: blocks.Plate, wide: int) -> blocks.Pixels:
    """A plate so wide: its line, its mosaics, and under each what it is."""
    line = io.lettered(f"{plate.title} · {plate.words}" if plate.words else plate.title, wide, most=2, size=LARGE)
    places = laid(plate.mosaics, plate.small)
    top, high = len(line) + 4, max(place.box[3] for place in places)
    feet = [io.lettered(m.caption, place.box[2], most=2, size=SMALL, ink=SOFT) for m, place in zip(plate.mosaics, places, strict=True)]
    paper = np.full((top + high + 4 + max(map(len, feet)), wide, 3), 255, np.uint8)
    paper[: len(line)] = line
    for mosaic, place, foot in zip(plate.mosaics, places, feet, strict=True):
        for tile, (x, y, w, h) in zip(mosaic.tiles, place.pictures, strict=True):
            paper[top + y : top + y + h, x : x + w] = fitted(tile.pixels, (h, w), mosaic.crisp)
        x, y = place.box[0], top + high + 4
        paper[y : y + len(foot), x : x + foot.shape[1]] = foot
    return paper


def laid(mosaics: Sequence[blocks.Mosaic], small: bool = False) -> list[Place]:
    """Side by side, all equally high and each as wide as its pictures' shape wants."""
    rows = max(mosaic.rows for mosaic in mosaics)
    high = max(rows * FEW if small else HIGH, rows * (LEAST + SEAM) - SEAM)
    high = max(LOW, round(high / max(1.0, *(mosaic.ratio for mosaic in mosaics))))
    out, left = [], 0
    for mosaic in mosaics:
        w = max(1, round(high * mosaic.ratio))
        xs, ys = spans(w, mosaic.columns), spans(high, mosaic.rows)
        pictures = tuple((left + x, y, dx, dy) for y, dy in ys for x, dx in xs)[: len(mosaic.tiles)]
        out.append(Place((left, 0, w, high), pictures))
        left += w + GAP
    return out


def spans(length: int, count: int) -> list[tuple[int, int]]:
    """Start and length of so many parts with seams between, which fill the length to the pixel."""
    ends = [round(i * (length + SEAM) / count) for i in range(count + 1)]
    return [(a, max(1, b - SEAM - a)) for a, b in pairwise(ends)]


def width(places: Sequence[Place]) -> int:
    return places[-1].box[0] + places[-1].box[2]


def fitted(picture: blocks.Pixels, hw: tuple[int, int], crisp: bool) -> blocks.Pixels:
    """At that size; where it is crisp and enlarged, each pixel keeps its edges."""
    k = max(1, -(-max(hw) // max(picture.shape[:2]))) if crisp else 1
    colours = picture if picture.ndim == 3 else np.repeat(picture[..., None], 3, 2)
    large = (np.repeat(np.repeat(colours, k, 0), k, 1) / 255).astype(np.float32)
    levels: blocks.Pixels = (io.resize(large, hw) * 255).round().astype(np.uint8)
    return levels


def padded(picture: blocks.Pixels, wide: int, high: int) -> blocks.Pixels:
    """On white paper of that size, in its upper left corner."""
    paper = np.full((high, wide, 3), 255, np.uint8)
    paper[: picture.shape[0], : picture.shape[1]] = picture
    return paper
