"""A folder of pictures with what is known of each: masks by name, or boxes in a table; in splits, or as one."""

from __future__ import annotations

import csv
import hashlib
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from zorki.core.errors import InputError
from zorki.core.folders import at_home
from zorki.io.files import a_path, as_it_lies, natural
from zorki.io.pairs import paired, side_by_side, stem
from zorki.io.photosets import is_picture

SPLITS = ("train", "val", "test")
PICTURES, MASKS, BOXES, CLASSES = "images", "masks", "boxes.csv", "classes.csv"


class Box(NamedTuple):
    """A thing in a picture: its class, and left, top, width, height in pixels."""

    label: str
    x: float
    y: float
    w: float
    h: float


class Label(NamedTuple):
    """A row of classes.csv: the number that stands for the class in masks, its name, its colour as #rrggbb or ""."""

    number: int
    name: str
    colour: str


@dataclass(frozen=True)
class Example:
    """A picture and what is known of it: a mask, boxes (none where nothing is in it), or both."""

    picture: Path
    mask: Path | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True)
class LabelledFolder:
    """splits: train, val and test as far as they are there, or all as "all". classes: of classes.csv; empty without one.

    alone: names of pictures without a mask and of masks without a picture, which are left out.
    """

    folder: Path
    splits: Mapping[str, tuple[Example, ...]]
    classes: tuple[Label, ...] = ()
    alone: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def mark(self) -> str:
        """Of all files' names, sizes and times: another one when something came, went or was changed."""
        digest = hashlib.blake2b(digest_size=16)
        for split, examples in self.splits.items():
            for file in (f for e in examples for f in (e.picture, e.mask) if f is not None):
                found = file.stat()
                digest.update(f"{split}/{file.name} {found.st_size} {found.st_mtime_ns}\0".encode(errors="surrogatepass"))
            digest.update(repr([e.boxes for e in examples]).encode())
        return digest.hexdigest()

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences that the user should read."""
        some = ", ".join([*self.alone[:5], *(["…"] if len(self.alone) > 5 else [])])
        return (f"{self.name}: {len(self.alone)} files have no partner and are left out: {some}.",) if self.alone else ()

    def __len__(self) -> int:
        return sum(map(len, self.splits.values()))


def open_labelled(source: str | Path | LabelledFolder) -> LabelledFolder:
    """images/ with masks/ (pairs by name) or with boxes.csv (file, class, x, y, w, h); the same inside train/ and val/.

    Pairs may also lie side by side in the folder itself: 1.png and 1_mask.png, 1.jpg and 1.png. What belongs together: `pairs.paired`.
    Nothing but tables is read. Raises InputError for a folder that is none of these, or whose tables cannot be read.
    """
    if isinstance(source, LabelledFolder):
        return source
    folder = as_it_lies(at_home(a_path(source, "a labelled folder")))
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder.", f"Labelled data are {PICTURES}/ with {MASKS}/ or {BOXES}.", "Name the folder of both.")
    inside = [name for name in SPLITS if (folder / name / PICTURES).is_dir()]
    alone: list[str] = []
    if inside or (folder / PICTURES).is_dir():
        splits = {name: examples(folder / name, alone) for name in inside} or {"all": examples(folder, alone)}
    else:
        splits = {"all": beside(folder, alone)}
    if not any(splits.values()):
        some = ", ".join(alone[:4]) + ("…" if len(alone) > 4 else "") if alone else f"{PICTURES}/ and {MASKS}/ hold none"
        raise InputError(f"{folder.name} has no picture with a mask or with boxes: {some}.", "Pairs have one name.", "Name another folder.")
    return LabelledFolder(folder, splits, labels(folder / CLASSES), tuple(alone))


def beside(folder: Path, alone: list[str]) -> tuple[Example, ...]:
    """Pictures and masks that lie side by side; adds to `alone` what has no partner. Raises InputError where there are none."""
    files = [p for p in folder.iterdir() if is_picture(p.name)]
    found = side_by_side(files)
    if not found:
        got = f"{folder.name} has no {PICTURES}/."
        raise InputError(got, f"Labelled data are {PICTURES}/ with {MASKS}/ or {BOXES}.", "Name the folder of both.")
    taken = {*found, *found.values()}
    alone += [p.name for p in sorted(files, key=natural) if p not in taken]
    return tuple(Example(picture, mask) for picture, mask in found.items())


def examples(folder: Path, alone: list[str]) -> tuple[Example, ...]:
    """The examples of one split, in natural order; adds to `alone` what has no partner. Raises InputError."""
    pictures, table = by_stem(folder / PICTURES), folder / BOXES
    masks: dict[Path, Path] = {}
    if (folder / MASKS).is_dir():
        files = by_stem(folder / MASKS)
        masks = paired(pictures, files)
        taken = {*masks.values()}
        alone += [p.name for p in pictures.values() if p not in masks] + [p.name for p in files.values() if p not in taken]
        pictures = {name: p for name, p in pictures.items() if p in masks}
    elif not table.is_file():
        raise InputError(f"{folder.name} has neither {MASKS}/ nor {BOXES}.", f"One of them says what is in {PICTURES}/.", "Add it.")
    found: dict[str, list[Box]] = {}
    for row in rows(table, ("file", "class", "x", "y", "w", "h")) if table.is_file() else ():
        try:
            x, y, w, h = (float(row[k]) for k in "xywh")
            if not math.isfinite(x + y + w + h) or min(w, h) < 0:
                raise ValueError(row)
            found.setdefault(row["file"], []).append(Box(row["class"], x, y, w, h))
        except ValueError as e:
            raise InputError(f"{table.name} says {list(row.values())}.", "x, y, w and h are numbers of pixels.", "Mend that row.") from e
    names = {p.name for p in pictures.values()}
    alone += [name for name in found if name not in names]
    return tuple(Example(p, masks.get(p), tuple(found.get(p.name, ()))) for p in pictures.values())


def by_stem(folder: Path) -> dict[str, Path]:
    """Pictures of a folder by their names without ending. Raises InputError where two share one."""
    out: dict[str, Path] = {}
    for path in sorted((p for p in folder.iterdir() if is_picture(p.name)), key=natural):
        if (name := stem(path)) in out:
            raise InputError(f"{folder.name}/ holds {out[name].name} and {path.name}.", "Pairs are found by name.", "Rename one of them.")
        out[name] = path
    return out


def labels(table: Path) -> tuple[Label, ...]:
    """What classes.csv says; nothing where there is none. Raises InputError."""
    if not table.is_file():
        return ()
    found: dict[int, Label] = {}
    for row in rows(table, ("index", "name")):
        number = int(row["index"]) if re.fullmatch(r"\s*\d+\s*", row["index"]) else -1
        if number < 0 or number in found or not row["name"].strip():
            raise InputError(
                f"{table.name} says {list(row.values())}.",
                "Each class has a whole number of its own, as masks hold it, and a name.",
                "Mend that row.",
            )
        found[number] = Label(number, row["name"].strip(), colour_of(row))
    return tuple(found.values())


def colour_of(row: Mapping[str, str]) -> str:
    """As it stands in the column `colour`; else of r, g and b as #rrggbb; else ""."""
    given = (row.get("colour") or row.get("color") or "").strip()
    parts = [(row.get(k) or "").strip() for k in "rgb"]
    if not given and all(re.fullmatch(r"\d{1,3}", part) and int(part) < 256 for part in parts):
        return "#" + "".join(f"{int(part):02x}" for part in parts)
    return given


def rows(table: Path, columns: Iterable[str]) -> list[dict[str, str]]:
    """The rows of a CSV file that has those columns. Raises InputError."""
    try:
        with table.open(encoding="utf-8-sig", newline="") as f:
            reader = csv.DictReader(f)
            lacking = [c for c in columns if c not in (reader.fieldnames or ())]
            if lacking:
                raise InputError(f"{table.name} has no column {lacking[0]}.", f"Its first row names {', '.join(columns)}.", "Add it.")
            found = []
            for row in reader:
                if None in row.values() or None in row:
                    raise InputError(
                        f"{table.name}, line {reader.line_num}: {len([v for v in row.values() if v is not None])} fields.",
                        f"Each row has the {len(reader.fieldnames or ())} of the first.", "Mend that row.",
                    )  # fmt: skip
                found.append(row)
            return found
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise InputError(f"{table.name} cannot be read: {e}.", "It is a table as CSV, in UTF-8.", "Save it anew.") from e
