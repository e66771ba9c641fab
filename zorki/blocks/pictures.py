"""Blocks that show pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Entry", "Figure", "FilmMedia", "Gallery", "Grid", "Mosaic", "Pixels", "Plate", "Row", "Slide", "Tile"]

Pixels: TypeAlias = npt.NDArray[np.uint8]
FilmMedia: TypeAlias = Literal["image/webp", "image/gif", "video/mp4"]


def check(pixels: Pixels) -> None:
    """Raises ValueError for what is no picture, where it was made rather than where it is drawn."""
    shape = np.shape(pixels)
    grey, colour = len(shape) == 2, len(shape) == 3 and shape[2] == 3
    if np.asarray(pixels).dtype != np.uint8 or not (grey or colour) or 0 in shape:
        raise ValueError(f"A picture is uint8 (h, w, 3) or (h, w) and not empty, this is {np.asarray(pixels).dtype} {shape}.")


# Blocks that hold arrays are equal only to themselves: comparing arrays has no single answer.
@dataclass(frozen=True, eq=False)
class Tile:
    """One picture among several. A film, where there is one, is shown in its place."""

    pixels: Pixels
    caption: str
    alt: str
    film: bytes | None = None
    film_media: FilmMedia = "image/webp"

    def __post_init__(self) -> None:
        check(self.pixels)


@dataclass(frozen=True, eq=False)
class Figure:
    """One large picture."""

    pixels: Pixels
    alt: str
    sentence: str
    "what one sees and why"
    command: str = ""
    "what makes it alone; several commands, a line each"
    formula: str = ""
    crisp: bool = False
    "enlarge without smoothing: filters of 3×3, maps of 7×7"
    film: bytes | None = None
    film_media: FilmMedia = "image/webp"
    caption: str = ""
    "a short name under the picture"

    def __post_init__(self) -> None:
        check(self.pixels)


@dataclass(frozen=True, eq=False)
class Grid:
    """Many small pictures."""

    tiles: tuple[Tile, ...]
    sentence: str
    command: str = ""
    formula: str = ""
    crisp: bool = False
    tile_width: int = 120
    "narrowest tile in CSS pixels; tiles grow to fill their line"
    columns: int = 0
    "where the place in a line means something: so many tiles in each line, however narrow"


@dataclass(frozen=True, eq=False)
class Row:
    """A few larger pictures side by side, equally high: the photo and its dream."""

    figures: tuple[Tile, ...]
    sentence: str
    command: str = ""
    formula: str = ""
    crisp: bool = False


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Pictures of one size that are looked at as one, row by row: a channel's nine patches. Raises ValueError without any, or of several sizes."""

    tiles: tuple[Tile, ...]
    caption: str
    "a word or two under it"
    columns: int
    crisp: bool = False

    def __post_init__(self) -> None:
        if len({tile.pixels.shape[:2] for tile in self.tiles}) != 1 or self.columns < 1:
            raise ValueError(f"A mosaic has pictures of one size in columns, not {len(self.tiles)} in {self.columns}.")

    @property
    def rows(self) -> int:
        return -(-len(self.tiles) // self.columns)

    @property
    def ratio(self) -> float:
        """Width by height, gaps left out."""
        h, w = self.tiles[0].pixels.shape[:2]
        return float(self.columns * w / (self.rows * h))


@dataclass(frozen=True, eq=False)
class Plate:
    """One of a slide: mosaics side by side, equally high, under one line that is its title and its words. key becomes its link (#key). small: they are many
    and of one shape, so that a page lays as many in a line as there is room for, three on a phone."""

    key: str
    title: str
    mosaics: tuple[Mosaic, ...]
    words: str = ""
    small: bool = False


@dataclass(frozen=True, eq=False)
class Slide:
    """What Zeiler and Fergus showed of a layer: a plate for each channel."""

    plates: tuple[Plate, ...]
    sentence: str
    command: str = ""


@dataclass(frozen=True, eq=False)
class Entry:
    """One of a gallery: key becomes its link (#key), title stands over its words; beside: further pictures, such as its patches."""

    key: str
    title: str
    tile: Tile
    words: tuple[str, ...] = ()
    beside: tuple[Mosaic, ...] = ()


@dataclass(frozen=True, eq=False)
class Gallery:
    """Hundreds of pictures to search: each has a link of its own, its words can be looked for, its picture enlarged."""

    entries: tuple[Entry, ...]
    sentence: str
    command: str = ""
    tile_width: int = 150
