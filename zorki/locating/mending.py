"""A cleaned copy of pictures with boxes: the pictures as they are, their boxes as they are used, and a list of all that was changed."""

from __future__ import annotations

import csv
import io as streams
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.core.spelling import own
from zorki.formats import Place
from zorki.io.disk import temporary_name, trouble
from zorki.io.labelled import BOXES, PICTURES
from zorki.locating.boxed import Boxed, Row
from zorki.locating.faults import Fault
from zorki.locating.kinds import KINDS

CHANGES = "changes.csv"
HEAD = ("file", "class", "x", "y", "w", "h")
CHANGED = ("kind", "done", "part", "where", "what", *(f"{name}_{when}" for when in ("before", "after") for name in HEAD[1:]))


@dataclass(frozen=True)
class Mended:
    """folder: the copy. pictures, boxes: how many it holds; changed: how many boxes and pictures are not as they were, each in its `changes.csv`."""

    folder: Path
    pictures: int
    boxes: int
    changed: int

    def sentence(self) -> str:
        held = f"{self.pictures:,} picture{'s' * (self.pictures != 1)} and {self.boxes:,} box{'es' * (self.boxes != 1)}"
        return f"{self.folder} holds {held}; {CHANGES} in it lists what was changed, {self.changed:,} in all."

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        return {"folder": str(self.folder), "pictures": self.pictures, "boxes": self.boxes, "changed": self.changed}


def check(folder: str | Path, data: Place) -> Path:
    """Before work is spent on it: may a copy of the data be made there? Raises InputError."""
    path = at_home(folder)
    if path.exists() and (not path.is_dir() or (any(path.iterdir()) and not (path / CHANGES).is_file())):
        raise taken(path)
    if data.path.is_dir() and data.path.resolve() in (path.resolve(), *path.resolve().parents):
        raise InputError(f"--mend={own(path)} lies in the folder of the data.", "The copy would be read with them.", "Name another folder.")
    if not path.absolute().parent.is_dir():
        raise InputError(f"There is no folder {own(path.parent)}.", f"{own(path.name)} is made in it.", "Make it, or name another.")
    io.check_writable(path.absolute().parent, path.name)
    return path


def taken(path: Path) -> InputError:
    return InputError(f"--mend={own(path)} is there and not empty.", "What exists is never replaced.", "Name another folder.")


def mend(boxed: Boxed, folder: str | Path) -> Mended:
    """Writes images/ with boxes.csv into a folder that is not there or is empty, in train/, val/ and test/ where the data know these, and changes.csv: all
    that is not as it was. Whole or not at all; a copy that the same data made before stays, so that a training goes on by the same command. Of two changes of
    one box the last counts.

    Raises InputError for a folder that something is in, or that lies in the data; Stopped for a full disk.
    """
    path = check(folder, boxed.place)
    parts = [row.part for row in boxed.rows]
    copies = {Path() if part == "all" else Path(part): [*named([row for row in boxed.rows if row.part == part])] for part in parts}
    changed = [fault for fault in boxed.faults if fault.about.mended or fault.kind == "unread"]
    tables = {here / BOXES: table(HEAD, lines(some)) for here, some in copies.items()} | {Path(CHANGES): table(CHANGED, map(line, changed))}
    made = Mended(path, len(boxed), sum(len(row.boxes) for row in boxed.rows), sum(fault.count for fault in changed))
    if path.is_dir() and any(path.iterdir()):
        same = all((path / file).is_file() and (path / file).read_bytes() == text for file, text in tables.items())
        if not same or not all((path / here / PICTURES / name).is_file() for here, some in copies.items() for _, name in some):
            raise taken(path)
        return made
    done = 0
    with whole(path) as new:
        for here, some in copies.items():
            (new / here / PICTURES).mkdir(parents=True)
            for row, name in some:
                row.picture.write(new / here / PICTURES / name)
                done += 1
                events.tell("copied", done, len(boxed))
        for file, text in tables.items():
            (new / file).write_bytes(text)
    return made


def lines(some: Iterable[tuple[Row, str]]) -> Iterator[tuple[str, ...]]:
    """Of boxes.csv."""
    return ((name, box.label, *map(plain, box[1:])) for row, name in some for box in row.boxes)


def named(rows: list[Row]) -> Iterator[tuple[Row, str]]:
    """Each with the name of its file in the copy, another one for each, case aside."""
    taken: set[str] = set()
    for row in rows:
        first, ending = readable(row.file.name) if row.file is not None else "", row.picture.ending().lower()
        tried = chain([first], (f"{readable(row.name)}{f'-{k}' if k > 1 else ''}{ending}" for k in count(1)))
        name = next(name for name in tried if name and name.casefold() not in taken)
        taken.add(name.casefold())
        yield row, name


def readable(name: str) -> str:
    """A name that a table in UTF-8 can hold: bytes that are no letters become _."""
    return re.sub("[\ud800-\udfff]", "_", name)


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """A folder beside that becomes `path` in one step, or goes again. Raises InputError, Stopped."""
    new = temporary_name(path.absolute().with_suffix(""))
    try:
        new.mkdir()
        yield new
        if path.is_dir():
            path.rmdir()
        new.rename(path.absolute())
    except OSError as error:
        raise trouble(error, path) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)


def plain(value: float) -> str:
    """With as many decimals as a place in a picture has, none where it is whole."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


def line(fault: Fault) -> tuple[str, ...]:
    sides = [("",) * 5 if box is None else (box.label, *map(plain, box[1:])) for box in (fault.box, fault.mended)]
    return (fault.kind, KINDS[fault.kind].done, fault.part, "; ".join(fault.where), fault.text, *sides[0], *sides[1])


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """CSV in UTF-8; a byte of a file's name that is no letter as \\udce9."""
    out = streams.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue().encode(errors="backslashreplace")
