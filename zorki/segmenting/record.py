"""What a run was taught on: what its masks mean, and which pictures it learnt from and was held against. A file in its folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from zorki import io
from zorki.core.errors import InputError
from zorki.segmenting.table import Table

FILE = "data.toml"


@dataclass(frozen=True)
class Record:
    """folder: where the pictures lay; train, val: their names inside it."""

    table: Table
    folder: str
    train: tuple[str, ...]
    val: tuple[str, ...]

    def parts(self, data: io.LabelledFolder) -> dict[str, tuple[io.Example, ...]]:
        """What was learnt from and what was held back, as "train" and "val"; nothing where these are other data.

        They are the same where they lie in the same place or, moved or copied, have the very same names.
        """
        there = {name_of(e, data): e for examples in data.splits.values() for e in examples}
        taught = {*self.train, *self.val}
        same = Path(self.folder) == data.folder.resolve() and taught <= {*there}
        if not (same or taught == {*there}):
            return {}
        return {name: tuple(there[one] for one in some) for name, some in (("train", self.train), ("val", self.val))}


def name_of(example: io.Example, data: io.LabelledFolder) -> str:
    """A picture's name inside its folder: train/images/1.jpg."""
    return example.picture.resolve().relative_to(data.folder.resolve()).as_posix()


def read(folder: Path) -> Record | None:
    """None where a run has none. Raises InputError for a damaged one."""
    try:
        found = tomllib.loads((folder / FILE).read_text(encoding="utf-8"))
        return Record(Table.of(found["table"]), str(found["folder"]), tuple(found["train"]), tuple(found["val"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as e:
        raise InputError(
            f"{folder / FILE} cannot be read: {str(e)!r}.", "It says what the run was taught on.", "Take another run, or train anew."
        ) from e
