"""Rectangles that a person gives beside a picture: as numbers, as a list, or in a JSON or CSV file, for one picture or for each of several by its name."""

from __future__ import annotations

import csv
import hashlib
import io as streams
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PureWindowsPath
from typing import Any

from zorki.core.errors import InputError
from zorki.core.numbers import short
from zorki.core.spelling import own
from zorki.formats import texts, values
from zorki.formats.readers.boxes import HEADS
from zorki.io.files import existing_file

Rectangle = tuple[float, float, float, float]
KEYS = (("left", "top", "width", "height"), ("x", "y", "w", "h"))
INSIDE = ("faceRectangle", "rectangle", "box", "bbox")  # where such stand in an object that says more
LISTS = ("faces", "boxes", "results")  # where a list of them stands
MARKS = r"[\s,;()\[\]]*"
WRITTEN = re.compile(rf"{MARKS}|(?=.*\d.*)(?:[\d\s.,;eE+\-()\[\]]|\b(?:nan|inf|infinity)\b)+", re.IGNORECASE | re.DOTALL)
FORM = "Four numbers are a box: left, top, width, height, in pixels of the upright picture."


@dataclass(frozen=True)
class Rectangles:
    """of: picture's name → left, top, width, height of each, in pixels of the upright picture; those under "" are of any picture. name: of the file, else the numbers."""

    name: str
    of: Mapping[str, Sequence[Rectangle]] = field(repr=False)

    @property
    def mark(self) -> str:
        """By which a record knows them again."""
        return hashlib.blake2b(repr(sorted((k, [*map(tuple, v)]) for k, v in self.of.items())).encode(), digest_size=8).hexdigest()

    def of_picture(self, name: str) -> tuple[Rectangle, ...] | None:
        """Those of the picture of that name, and those of any; None where only others are named."""
        found = [*self.of.get("", ()), *self.of.get(Path(name).name, ())]
        return tuple(found) if found or "" in self.of or Path(name).name in self.of else None


def is_numbers(text: str) -> bool:
    """Whether a text is rectangles itself, or means to be (nan and inf are numbers, "" and ";" say none), and not the name of a file that is there."""
    return bool(WRITTEN.fullmatch(text.strip())) and not os.path.isfile(text)


def open_rectangles(given: Any) -> Rectangles:
    """Text as "left,top,width,height;left,…", the name of a JSON or CSV file, or a list of four numbers each, or of objects with left, top, width, height.

    Raises InputError for what is none, and for a box without an area.
    """
    if isinstance(given, Rectangles):
        return given
    if isinstance(given, str | os.PathLike):
        text = os.fspath(given)
        if not is_numbers(text):
            path = existing_file(text)
            return Rectangles(path.name, of_json(path) if path.suffix.lower() == ".json" else of_table(path))
        rows: Any = [re.findall(r"[^\s,()\[\]]+", part) for part in re.split(r";|[)\]]\s*,?\s*[(\[]", text) if part.strip(" ,()[]\n")]
        if not rows:
            raise InputError(
                f"{text[:60]!r} says no box.", FORM, "Write --boxes=10,20,64,64, or leave --boxes out: then faces are looked for."
            )
        found = [rectangle(row, f"{text[:60]!r}") for row in rows]
    else:
        found = [one for _, one in listed(given.tolist() if hasattr(given, "tolist") else given, "The list")]
    return Rectangles(";".join(",".join(short(v) for v in one) for one in found), {"": found})


def rectangle(given: Sequence[Any], where: str) -> Rectangle:
    """Four numbers. Raises InputError. where: what holds them, as a sentence begins."""
    found = []
    for one in given:
        try:
            found.append(values.number(float(one)))
        except (TypeError, ValueError, OverflowError):  # the last: a whole number beyond what a float holds
            found.append(None)
    if len(found) != 4 or None in found:
        said = ",".join(map(str, given))[:60]
        raise InputError(
            f"{where} holds {own(said)!r}, which is no box.", FORM, "Write --boxes=10,20,64,64 or --boxes='10,20,64,64;90,20,64,64'."
        )
    left, top, width, height = (float(v) for v in found if v is not None)
    if width <= 0 or height <= 0:
        got = f"{where} holds a box of {short(width)} × {short(height)} pixels."
        raise InputError(got, FORM, "Give it a width and a height, or leave it out.")
    return left, top, width, height


def listed(given: Any, where: str, name: str = "") -> Iterable[tuple[str, Rectangle]]:
    """(picture, rectangle) of each in a list, or in objects that hold lists, as they come from us and from others. Raises InputError."""
    if isinstance(given, Mapping):
        name = next((PureWindowsPath(v).name for k in HEADS["file"] if isinstance(v := given.get(k), str)), name)
        for inside in INSIDE:
            if inside in given:
                yield from listed(given[inside], where, name)
                return
        for keys in KEYS:
            if all(key in given for key in keys):
                yield name, rectangle([given[key] for key in keys], where)
                return
        for inside in LISTS:
            if isinstance(given.get(inside), list | tuple):
                yield from listed(given[inside], where, name)
                return
        if "why" in given and name:  # a picture that failed
            return
        held = own(", ".join(map(str, given))[:60]) if given else "an object without anything in it"
        raise InputError(f"{where} holds {held}.", FORM, "Give left, top, width and height of each.")
    if not isinstance(given, list | tuple):
        raise InputError(f"{where} holds {own(str(given)[:60])!r}, which is no box.", FORM, "Give a list of boxes.")
    if len(given) == 4 and not any(isinstance(v, Mapping | list | tuple) for v in given):
        yield name, rectangle(given, where)
        return
    for one in given:
        if not isinstance(one, Mapping | list | tuple):
            rectangle(given, where)
        yield from listed(one, where, name)


def of_json(path: Path) -> dict[str, list[Rectangle]]:
    """What a JSON file holds: a list of boxes, the Emotion API's answer, ours of one picture or of many."""
    held = texts.json_of(path)
    out: dict[str, list[Rectangle]] = {}
    for name, one in listed(held, path.name):
        out.setdefault(name, []).append(one)
    named = (
        [PureWindowsPath(str(one["file"])).name for one in held if isinstance(one, Mapping) and "file" in one]
        if isinstance(held, list)
        else []
    )
    return {name: [] for name in named} | out if out or named else {"": []}


def of_table(path: Path) -> dict[str, list[Rectangle]]:
    """What a CSV file holds: a row for each, under a head that says what stands where, perhaps with the picture's name."""
    text = texts.read(path).decode("utf-8-sig", "surrogateescape")
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",;\t|", key=first.count)
    reader = csv.reader(streams.StringIO(text), delimiter=delimiter)
    try:
        rows = [[cell.strip() for cell in row] for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as e:  # a quote that is never closed, say
        raise InputError(f"{path.name} cannot be read: {e}.", "It is a table as CSV, in UTF-8.", "Save it anew.") from e
    head = [re.sub(r"[\s-]+", "_", cell.casefold()) for cell in rows[0]] if rows else []
    at = {
        name: next((head.index(one) for one in HEADS[name] if one in head), None)
        for name in ("file", "left", "top", "right", "bottom", "wide", "high")
    }
    corners = at["wide"] is None or at["high"] is None
    needed = [at[name] for name in (("left", "top", "right", "bottom") if corners else ("left", "top", "wide", "high"))]
    if None in needed:
        got = f"{path.name} says no four sides of a box: {own(first[:60])!r}."
        raise InputError(got, "Its first line names the columns, as left,top,width,height.", "Name the columns so.")
    out: dict[str, list[Rectangle]] = {}
    for number, row in enumerate(rows[1:], 2):
        cells = [row[k] if k is not None and k < len(row) else "" for k in needed]
        where = f"Row {number} of {path.name}"
        if corners:
            one = rectangle([cells[0], cells[1], minus(cells[2], cells[0]), minus(cells[3], cells[1])], where)
        else:
            one = rectangle(cells, where)
        name = "" if at["file"] is None or at["file"] >= len(row) else PureWindowsPath(row[at["file"]]).name
        out.setdefault(name, []).append(one)
    return out or {"": []}


def minus(one: str, other: str) -> float | str:
    try:
        return float(one) - float(other)
    except ValueError:
        return one
