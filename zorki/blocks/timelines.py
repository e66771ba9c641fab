"""Blocks that show what goes on in time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from zorki.blocks.pictures import Tile

__all__ = ["Lane", "Shot", "Timeline"]


@dataclass(frozen=True, eq=False)
class Lane:
    """One line of a timeline: how much there is of something, 0 to 1, at which seconds; what is not finite leaves a gap. colour: "#rrggbb"; said: a word or a
    figure at its end; tile: a small picture before its name. Raises ValueError for another colour, or other than as many seconds as values."""

    name: str
    colour: str
    x: Sequence[float]
    values: Sequence[float]
    said: str = ""
    tile: Tile | None = None

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ValueError(f"A colour is #rrggbb, not {self.colour!r}.")
        if len(self.x) != len(self.values):
            raise ValueError(f"{len(self.values)} values at {len(self.x)} seconds.")


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture of a moment of a timeline. at: its second."""

    at: float
    tile: Tile


@dataclass(frozen=True, eq=False)
class Timeline:
    """Lanes below each other over the same seconds, all of one height, 0 at the bottom of each and 1 at its top.

    begin, end: of the axis, in seconds. shots: pictures above the lanes, as nearly over their moments as they fit. marks: seconds at which a thin line goes through all
    lanes, as where another scene begins. Raises ValueError where it ends before it begins.
    """

    lanes: tuple[Lane, ...]
    begin: float
    end: float
    sentence: str
    title: str = ""
    shots: tuple[Shot, ...] = ()
    marks: tuple[float, ...] = ()
    command: str = ""

    def __post_init__(self) -> None:
        if not self.begin <= self.end:
            raise ValueError(f"It ends at {self.end} and begins at {self.begin}.")
