"""Blocks that show numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Bars", "Cell", "Curve", "Table"]

Cell: TypeAlias = str | int | float | None


@dataclass(frozen=True)
class Curve:
    """Lines over a common axis. What is not finite leaves a gap."""

    series: Mapping[str, Sequence[float]]
    x_label: str
    y_label: str
    sentence: str
    command: str = ""
    x: Sequence[float] | None = None
    "where the values stand; not given: 0, 1, 2 …"
    log_y: bool = False
    "powers of ten on the y axis; what is not above zero leaves a gap"


@dataclass(frozen=True)
class Bars:
    """Names with a figure each, such as the five likeliest classes. In % the full length is 100, else the largest."""

    rows: tuple[tuple[str, float], ...]
    sentence: str
    command: str = ""
    unit: str = "%"


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
