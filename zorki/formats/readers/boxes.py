"""A table of boxes as CSV: a row for each, with its picture, its class and four numbers, under whatever heads and in whatever order.

Source: ours is file, class, x, y, w, h; the TensorFlow object detection API's is filename, width, height, class, xmin, ymin, xmax, ymax.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Annotations, Thing, Written, parted
from zorki.formats.places import SPLITS, Place
from zorki.io.labelled import BOXES
from zorki.io.photosets import is_picture

TITLE = "a table of boxes"
LAST = True  # beside annotations of another tool it is often made of them
HEADS: Mapping[str, tuple[str, ...]] = {
    "file": ("file", "filename", "file_name", "image", "img", "image_name", "image_path", "image_file", "picture", "photo", "path", "filepath", "file_path", "image_id", "imageid"),
    "class": ("class", "label", "category", "class_name", "classname", "label_name", "labelname", "category_name", "name", "object"),
    "left": ("x", "left", "xmin", "x_min", "x1", "x0", "bbox_x", "box_x", "bbox_left"),
    "top": ("y", "top", "ymin", "y_min", "y1", "y0", "bbox_y", "box_y", "bbox_top"),
    "right": ("right", "xmax", "x_max", "x2"),
    "bottom": ("bottom", "ymax", "y_max", "y2"),
    "middle": ("cx", "xc", "x_center", "x_centre", "xcenter", "center_x", "centre_x"),
    "centre": ("cy", "yc", "y_center", "y_centre", "ycenter", "center_y", "centre_y"),
    "wide": ("w", "width", "bbox_w", "box_w", "bbox_width", "box_width"),
    "high": ("h", "height", "bbox_h", "box_h", "bbox_height", "box_height"),
    "part": ("split", "set", "subset", "part", "usage"),
}  # fmt: skip
NUMBERS: Mapping[Written, tuple[str, ...]] = {
    "corners": ("left", "top", "right", "bottom"),  # first: where width and height stand beside, they are mostly the picture's
    "middle": ("middle", "centre", "wide", "high"),
    "size": ("left", "top", "wide", "high"),
}
HEADER = "file,class,x,y,w,h"
NOTHING = ("", "nan", "none", "null", "na")


@dataclass(frozen=True)
class Head:
    """How a table is read: what parts its cells, how a box is written in it, and in which column what stands. wide, high: of the picture, if at all."""

    delimiter: str
    written: Written
    columns: Mapping[str, int]

    @property
    def numbers(self) -> list[int]:
        return [self.columns[name] for name in NUMBERS[self.written]]


def found(place: Place) -> str:
    files = tables(place)
    return "" if not files else place.inside(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def own(place: Place) -> list[Path]:
    """Those tables that are meant for Zorki: boxes.csv in the folder itself, else in its train/, val/ and test/; or the one file that was named."""
    if not place.path.is_dir():
        return [place.path] if place.path.suffix.lower() in (".csv", ".tsv") else []
    found = {file: Path(place.inside(file)).parts for file in place.called(BOXES)}
    whole = [file for file, parts in found.items() if len(parts) == 1]
    return whole or [file for file, parts in found.items() if len(parts) == 2 and parts[0].lower() in SPLITS]


def tables(place: Place) -> list[Path]:
    """Tables by their heads, and such as lack a head and show by their first row what they are."""
    mine = own(place)
    return mine or [file for file in place.ending(".csv", ".tsv") if head(first := top(file)) is not None or bare(first)]


def top(file: Path) -> str:
    """The first line that is not empty."""
    return next((line for line in texts.read(file)[: 1 << 16].decode("utf-8-sig", "replace").splitlines() if line.strip()), "")


def head(line: str) -> Head | None:
    for delimiter in ",;\t|":
        cells = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in cut(line, delimiter)]
        columns = {name: cells.index(one) for name, known in HEADS.items() for one in known[::-1] if one in cells}
        for written, needed in NUMBERS.items():
            if {"file", "class", *needed} <= {*columns}:
                return Head(delimiter, written, columns)
    return None


def cut(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def bare(line: str) -> bool:
    """Whether it is a row of such a table, without a head above it."""
    cells = max((cut(line, delimiter) for delimiter in ",;\t|"), key=len)
    return sum(is_picture(cell.strip()) for cell in cells) == 1 and sum(real(cell) is not None for cell in cells) >= 4 and len(cells) >= 6


def real(cell: str) -> float | None:
    """A number as it is written, also with a decimal comma."""
    try:
        return values.number(float(cell.strip().replace(",", ".")))
    except ValueError:
        return None


def read(place: Place) -> Annotations:
    """Raises InputError for a table without a head, or with rows that do not fit it."""
    files = tables(place)
    if not files:
        raise InputError(f"{place.name} holds no table of boxes.", f"Its first line is {HEADER}.", "Name another.")
    parts: dict[str, list[Annotated]] = {}
    said: list[str] = []
    written: Written = "size"
    for file in files:
        known = head(top(file))
        if known is None:
            raise headless(file)
        written = known.written
        for part, some in pictures(file, known, place.split(file, table=True), said).items():
            parts.setdefault(part, []).extend(some)
    if not any(parts.values()):
        raise InputError(f"{place.inside(files[0])} has no rows.", f"Each box is one, under {HEADER}.", "Write them.")
    spoken = sorted({t.label for some in parts.values() for one in some for t in one.things if not t.nowhere}, key=str.casefold)
    return Annotations(TITLE, parted(parts, lambda one: one.wanted), values.listed(spoken), said=tuple(said), written=written, whole=True)


def headless(file: Path) -> InputError:
    if texts.read(file)[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise InputError(f"{file.name} is in UTF-16.", "A table is read in UTF-8.", "Save it anew as CSV in UTF-8.")
    first = top(file)
    if bare(first):
        got = f"{file.name} begins with {first[:60]!r}, which is a row already."
        return InputError(
            got, "Its first line says what stands in which column.", f"Write {HEADER} above it, or file,class,xmin,ymin,xmax,ymax."
        )
    cells = max((cut(first, delimiter) for delimiter in ",;\t|"), key=len)
    names = {re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in cells}
    lacking = [name for name in ("file", "class") if not names & {*HEADS[name]}]
    got = f"{file.name} has no column {lacking[0]}." if lacking else f"{file.name} says no four sides of a box: {first[:60]!r}."
    return InputError(got, f"Its first line is {HEADER}, in any order, or has xmin, ymin, xmax, ymax.", "Name the columns so.")


def pictures(file: Path, known: Head, part: str, said: list[str]) -> dict[str, list[Annotated]]:
    """By part each picture with its things, in the order of the rows."""
    of: dict[tuple[str, str], list[Thing]] = {}
    sizes: dict[tuple[str, str], tuple[int, int] | None] = {}
    boxes: list[Sequence[float]] = []
    sized = "wide" in known.columns and "high" in known.columns and known.written == "corners"
    for line, row in rows(file, known):
        name = unicodedata.normalize("NFC", PureWindowsPath(row[known.columns["file"]].strip()).as_posix())
        if name in ("", "."):
            raise InputError(f"{file.name}, line {line}: no file is named.", "Each row is of a picture.", "Mend that row.")
        where = row[known.columns["part"]].strip().casefold() if "part" in known.columns else ""
        key = SPLITS.get(where, part), name
        things = of.setdefault(key, [])
        if sized:
            sizes[key] = values.size(*(values.whole(row[known.columns[one]]) for one in ("wide", "high")))
        one = thing(row, known, line)
        if one is not None:
            things.append(one)
            if one.box is not None:
                boxes.append(one.box)
    if sized and all(hw is None or any(hw == (t.box[3], t.box[2]) for t in of[key] if t.box) for key, hw in sizes.items()):
        sizes = {}  # they are the boxes'
    relative = bool(boxes) and max(max(abs(v) for v in box) for box in boxes) <= 1
    if relative:
        said.append(f"{file.name}: no number is above 1, so they are shares of the picture's width and height.")
    out: dict[str, list[Annotated]] = {}
    for (where, name), things in of.items():
        out.setdefault(where, []).append(Annotated(name, file, sizes.get((where, name)), tuple(things), relative=relative))
    return out


def rows(file: Path, known: Head) -> Iterator[tuple[int, list[str]]]:
    """Each row with its line, but for the head and empty ones. Raises InputError."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as f:
            reader = csv.reader(f, delimiter=known.delimiter)
            wide = 0
            for row in reader:
                if not any(cell.strip() for cell in row):
                    continue
                if not wide:
                    wide = len(row)
                    continue
                if len(row) != wide:
                    got = f"{file.name}, line {reader.line_num}: {len(row)} fields."
                    raise InputError(got, f"Each row has the {wide} of the first.", "Mend that row.")
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as e:
        raise InputError(f"{file.name} cannot be read: {e}.", "It is a table as CSV, in UTF-8.", "Save it anew.") from e


def thing(row: Sequence[str], known: Head, line: int) -> Thing | None:
    """Of a row; None where it only says that there is such a picture."""
    label, number = row[known.columns["class"]].strip(), f"line {line}"
    cells = [row[k].strip() for k in known.numbers]
    empty = all(cell.casefold() in NOTHING for cell in cells)
    if empty:
        return None if label.casefold() in NOTHING else Thing(label, flaw="has no box", number=number)
    sides = [real(cell) for cell in cells]
    a, b, c, d = (0.0 if side is None else side for side in sides)
    box = {"size": (a, b, c, d), "corners": (a, b, c - a, d - b), "middle": (a - c / 2, b - d / 2, c, d)}[known.written]
    if not label:
        return Thing("void", None, box, flaw="has no class", number=number)
    if None in sides:
        return Thing(label, flaw=f"has {values.shown(cells[sides.index(None)])} where a place in the picture is", number=number)
    return Thing(label, None, box, number=number)
