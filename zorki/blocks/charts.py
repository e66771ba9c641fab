"""Blocks that show numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Bars", "Cell", "Cells", "Curve", "Key", "Matrix", "Numbers", "Reliability", "Swatch", "Table"]


@dataclass(frozen=True)
class Swatch:
    """A name beside its colour, "#rrggbb". Raises ValueError for another colour."""

    name: str
    colour: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", self.colour):
            raise ValueError(f"A colour is #rrggbb, not {self.colour!r}.")


Cell: TypeAlias = str | int | float | Swatch | None


@dataclass(frozen=True)
class Curve:
    """Lines over a common axis. What is not finite leaves a gap."""

    series: Mapping[str, Sequence[float]]
    x_label: str
    y_label: str
    sentence: str
    command: str = ""
    x: Sequence[float] | Mapping[str, Sequence[float]] | None = None
    "where the values stand, of all or of each series by its name; not given: 0, 1, 2 …"
    log_y: bool = False
    "powers of ten on the y axis; what is not above zero leaves a gap"


@dataclass(frozen=True)
class Bars:
    """Names with a figure each, such as the five likeliest classes. In % the full length is 100, else the largest.

    spans: for each row from where to where its figure may as well lie, drawn as a whisker, or None. Raises ValueError for another number of them.
    """

    rows: tuple[tuple[str, float], ...]
    sentence: str
    command: str = ""
    unit: str = "%"
    spans: tuple[tuple[float, float] | None, ...] = ()

    def __post_init__(self) -> None:
        if self.spans and len(self.spans) != len(self.rows):
            raise ValueError(f"{len(self.spans)} spans for {len(self.rows)} bars.")


@dataclass(frozen=True)
class Matrix:
    """What is (down) against what it was taken for (across), as a confusion matrix: each row in % of its sum, coloured by it.

    counts: as many rows and columns as names; a row without any stays empty. Raises ValueError for another shape.
    """

    names: tuple[str, ...]
    counts: Sequence[Sequence[float]]
    down: str
    across: str
    sentence: str
    command: str = ""

    def __post_init__(self) -> None:
        if {len(self.counts), *map(len, self.counts)} != {len(self.names)}:
            raise ValueError(f"A matrix of {len(self.names)} names has as many rows and columns.")


@dataclass(frozen=True)
class Reliability:
    """How often what was said with such a confidence was right: in equal parts of 0..1, against the diagonal.

    confidence, accuracy: means of each part, in 0..1; share: of all, in 0..1. Of an empty part the first two are nan. Raises ValueError where
    they are not equally many.
    """

    confidence: Sequence[float]
    accuracy: Sequence[float]
    share: Sequence[float]
    sentence: str
    command: str = ""

    def __post_init__(self) -> None:
        if len({len(self.confidence), len(self.accuracy), len(self.share)}) != 1 or not self.share:
            raise ValueError("Confidence, accuracy and share are of the same parts, one at least.")


@dataclass(frozen=True)
class Key:
    """What colours stand for, on one line."""

    swatches: tuple[Swatch, ...]
    sentence: str = ""
    command: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under named columns. Columns of numbers are set to the right."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    sentence: str
    command: str = ""

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"A row of {len(row)} cells in a table of {len(self.columns)} columns: {list(row)!r}.")


@dataclass(frozen=True)
class Cells:
    """A small map of numbers, each as it is to be read. small: under each what is to be read with it, lines of text; tints: for each the number of its colour,
    0 to 7, or None. Raises ValueError where these are not of the map's shape.
    """

    title: str
    rows: Sequence[Sequence[str]]
    small: Sequence[Sequence[str]] = ()
    tints: Sequence[Sequence[int | None]] = ()

    def __post_init__(self) -> None:
        shape = [len(row) for row in self.rows]
        for beside in (self.small, self.tints):
            if beside and [len(row) for row in beside] != shape:
                raise ValueError(f"What stands beside the numbers of {self.title!r} is of another shape.")


@dataclass(frozen=True)
class Numbers:
    """Small maps of numbers side by side. signs: what stands between two of them, as → or +; as many as there are gaps, or none."""

    maps: tuple[Cells, ...]
    sentence: str
    command: str = ""
    formula: str = ""
    signs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.signs and len(self.signs) != len(self.maps) - 1:
            raise ValueError(f"{len(self.signs)} signs between {len(self.maps)} maps.")
