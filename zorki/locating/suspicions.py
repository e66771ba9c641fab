"""What seems wrong with a set of pictures with boxes as a whole: readings of the numbers that fit better, classes and names that are nearly one, pictures
that are there twice. Nothing of it is mended: whoever knows the set decides."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.formats import Annotated
from zorki.formats.annotated import Written
from zorki.io.pairs import stem
from zorki.locating.faults import Fault, called

Numbers = npt.NDArray[np.float64]
SLACK = 0.01  # of a side, by which a box may stick out and still fit
SURE = 5  # boxes that do not fit: of fewer another reading may fit all by chance
MANY = 0.5  # of all boxes do not fit: then it is asked whether another reading does
WRITTEN: Mapping[Written, str] = {
    "size": "left, top, width, height",
    "corners": "left, top, right, bottom",
    "middle": "middle, width, height",
}
READINGS: Mapping[str, Callable[[Numbers, Numbers, Numbers, Numbers], tuple[Numbers, ...]]] = {
    "left, top, width, height": lambda a, b, c, d: (a, b, c, d),
    "left, top, right, bottom": lambda a, b, c, d: (a, b, c - a, d - b),
    "middle, width, height": lambda a, b, c, d: (a - c / 2, b - d / 2, c, d),
    "top, left, height, width": lambda a, b, c, d: (b, a, d, c),
    "top, left, bottom, right": lambda a, b, c, d: (b, a, d - b, c - a),
    "left, right, top, bottom": lambda a, b, c, d: (a, c, b - a, d - c),
    "right, bottom, left, top": lambda a, b, c, d: (c, d, a - c, b - d),
}  # what four numbers in a row may be → left, top, width, height
Where = tuple[str, Path]  # a part, and a file in it
Row = tuple[str, Annotated, tuple[int, int], tuple[io.Box, ...]]  # part, what is said of it, its size, its boxes


def of_set(rows: Sequence[Row], listed: Iterable[str], copies: Mapping[Where, Where]) -> list[Fault]:
    """All but other readings. listed: the classes that the annotations name; copies: as below."""
    found = [*classes(rows, listed), *twice(rows, copies)]
    bare: dict[str, list[str]] = {}
    for part, one, _, boxes in rows:
        if not boxes:
            bare.setdefault(part, []).append(called(one))
    return found + [Fault("empty", "", tuple(names), part) for part, names in bare.items()]


def reading(rows: Sequence[Row], written: Written) -> Iterator[Fault]:
    """Where half of the boxes do not lie in their pictures as they are read, and in one other reading all of them do."""
    numbers, sizes = [], []
    for _, one, hw, _ in rows:
        for thing in one.things:
            if thing.box is not None:
                numbers.append(thing.box)
                sizes.append((1, 1) if one.relative else hw)
    if not numbers:
        return
    x, y, w, h = np.array(numbers, np.float64).T
    of = np.array(sizes, np.float64)
    off = ~fits((x, y, w, h), of)
    if off.mean() < MANY or (written == "corners" and fits((np.minimum(x, x + w), np.minimum(y, y + h), abs(w), abs(h)), of).all()):
        return
    a, b, c, d = {"size": (x, y, w, h), "corners": (x, y, x + w, y + h), "middle": (x + w / 2, y + h / 2, w, h)}[written]
    better = [name for name, read in READINGS.items() if name != WRITTEN[written] and fits(read(a, b, c, d), of).all()]
    if len(better) == 1:
        text = f"read as {WRITTEN[written]}, {int(off.sum()):,} of {len(off):,} boxes do not fit their pictures; as {better[0]} all would"
        yield Fault("order", text, sure=int(off.sum()) >= SURE)


def fits(sides: tuple[Numbers, ...], hw: Numbers) -> npt.NDArray[np.bool_]:
    """(n,): whether each box has an area and lies in its picture."""
    x, y, w, h = sides
    high, wide = hw.T
    inside = (x >= -SLACK * wide) & (y >= -SLACK * high) & (x + w <= (1 + SLACK) * wide) & (y + h <= (1 + SLACK) * high)
    fit: npt.NDArray[np.bool_] = inside & (w > 0) & (h > 0)
    return fit


def classes(rows: Sequence[Row], listed: Iterable[str]) -> Iterator[Fault]:
    """Of one example, of none, in one part alone, of nearly the same name."""
    often: dict[str, int] = {}
    parts: dict[str, set[str]] = {}
    where: dict[str, str] = {}
    for part, one, _, boxes in rows:
        for box in boxes:
            often[box.label] = often.get(box.label, 0) + 1
            parts.setdefault(part, set()).add(box.label)
            where.setdefault(box.label, called(one))
    for name, count in often.items():
        if count == 1:
            yield Fault("alone", f"in {where[name]}", (name,))
    if unused := tuple(name for name in listed if name not in often):
        yield Fault("unused", "", unused)
    if {"train", "val"} <= {*parts}:
        for this, other in (("val", "train"), ("train", "val")):
            if only := tuple(sorted(parts[this] - parts[other], key=str.casefold)):
                yield Fault("apart", f"in {this}, and nowhere in {other}", only)
    alike: dict[str, list[str]] = {}
    for name in often:
        alike.setdefault(core(name), []).append(name)
    for some in alike.values():
        for name in some[1:]:
            yield Fault("alike", f"{some[0]} ({often[some[0]]:,}) and {name} ({often[name]:,})")


def core(name: str) -> str:
    """What is left of a class's name without case, signs between words and the way in which letters are composed."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return "".join(c for c in plain if c.isalnum()) or plain


def twice(rows: Sequence[Row], copies: Mapping[Where, Where]) -> Iterator[Fault]:
    """Pictures of one name, and files that hold the very same."""
    named: dict[Where, list[Path]] = {}
    for part, file in files(rows):
        named.setdefault((part, Path(stem(file).casefold())), []).append(file)
    for (part, _), some in named.items():
        if len(some) > 1:
            yield Fault("named", "", tuple(f"{file.parent.name}/{file.name}" for file in some), part)
    boxes = {where: one[3] for one in rows for where in files([one])}
    for (part, file), first in copies.items():
        leak = ": what is judged on was learnt from" if {first[0], part} == {"train", "val"} else ""
        other = "" if {*boxes[first]} == {*boxes[part, file]} else ", with other boxes"
        yield Fault("same", f"{full(*first)} and {full(part, file)}{other}{leak}")


def files(rows: Sequence[Row]) -> Iterator[Where]:
    for part, one, _, _ in rows:
        if one.picture is not None and isinstance(one.picture.where, Path):
            yield part, one.picture.where


def copies(rows: Sequence[Row]) -> dict[Where, Where]:
    """Files that hold the very same as one before them, and that one; each with its part."""
    sizes: dict[int, list[Where]] = {}
    for part, file in files(rows):
        sizes.setdefault(file.stat().st_size, []).append((part, file))
    out: dict[Where, Where] = {}
    for some in sizes.values():
        known: dict[bytes, Where] = {}
        for part, file in some if len(some) > 1 else ():
            content = hashlib.blake2b(file.read_bytes(), digest_size=16).digest()
            if content in known:
                out[part, file] = known[content]
            else:
                known[content] = part, file
    return out


def full(part: str, file: Path) -> str:
    return file.name if part == "all" else f"{part}/{file.name}"
