"""What a run was taught on: what its masks mean, and which pictures it learnt from and was held against. A file in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from zorki import io
from zorki.io import marks
from zorki.io.marks import FILE as FILE
from zorki.segmenting.sets import Set
from zorki.segmenting.table import Table


@dataclass(frozen=True)
class Record(marks.Marks):
    """table: what the masks mean."""

    table: Table

    def parts(self, data: io.LabelledFolder) -> dict[str, tuple[io.Example, ...]]:
        """What was learnt from and what was held back, as "train" and "val"; nothing where not all of it is among these data."""
        return self.among(data.splits.values())


def write(folder: Path, train: Set, val: Set, decided: Mapping[str, str] | None = None) -> None:
    """Into the run folder, whole or not at all. Raises Stopped, InputError."""
    marks.write(folder, train.examples, val.examples, decided, table=train.table.to_dict())


def read(folder: Path) -> Record | None:
    """None where a run has none. Raises InputError for a damaged one."""
    return marks.read(folder, lambda train, val, decided, said: Record(train, val, decided, Table.of(said["table"])))
