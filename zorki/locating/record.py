"""What a run was taught on: what is located, and which pictures it learnt from and was held against. A file in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zorki import io
from zorki.io import marks
from zorki.io.marks import FILE as FILE
from zorki.locating.boxed import Boxed
from zorki.locating.sets import Classes, Set


@dataclass(frozen=True)
class Record(marks.Marks):
    """classes: of what is located. ids: the number that the data had for each of them."""

    classes: Classes
    ids: Mapping[str, int]

    def parts(self, data: Boxed) -> dict[str, tuple[io.Example, ...]]:
        """What was learnt from and what was held back, as "train" and "val"; nothing where not all of it is among these data."""
        return self.among(data.parts.values())


def write(folder: Path, train: Set, val: Set, decided: Mapping[str, str] | None = None, ids: Mapping[str, int] | None = None) -> None:
    """Into the run folder, whole or not at all. Raises Stopped, InputError."""
    marks.write(folder, train.examples, val.examples, decided, classes=train.classes.to_dict(), ids=dict(ids or {}))


def read(folder: Path) -> Record | None:
    """None where a run has none. Raises InputError for a damaged one."""

    def made(train: Any, val: Any, decided: Any, said: Any) -> Record:
        return Record(train, val, decided, Classes.of(said["classes"]), {str(k): int(v) for k, v in said.get("ids", {}).items()})

    return marks.read(folder, made)
