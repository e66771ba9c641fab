"""Pictures with boxes as people have them, read once before anything is learnt: what can be used, what was mended for it, and what is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from zorki import formats, io
from zorki.formats import Annotated, Picture, Place
from zorki.locating import faults as wrong
from zorki.locating import refusing, suspicions
from zorki.locating.faults import Fault
from zorki.locating.measuring import looked_at, whole
from zorki.locating.sets import Classes, Set, splits


@dataclass(frozen=True, eq=False)
class Row:
    """A picture that can be read. name: of its own in its part, without ending; called: as a person knows it, and as faults name it; hw: upright; boxes:
    as they are used, in pixels of the upright picture."""

    part: str
    name: str
    called: str
    picture: Picture
    hw: tuple[int, int]
    boxes: tuple[io.Box, ...]

    @property
    def file(self) -> Path | None:
        """None of a picture that lies inside of a JSON file."""
        return self.picture.where if isinstance(self.picture.where, Path) else None

    @property
    def example(self) -> io.Example:
        assert self.file is not None
        return io.Example(self.file, boxes=self.boxes)


@dataclass(frozen=True, eq=False)
class Boxed:
    """title: of the format. rows: all pictures that can be read. faults: what is wrong, or seems so. found: what was said of the annotations.

    spoiled: pictures whose boxes are all left out, so that nobody knows what is in them. ids: the number that the annotations have for each class, where they have numbers. copies: of files that hold the very same, the first of them.
    """

    place: Place
    title: str
    rows: tuple[Row, ...]
    classes: Classes
    faults: tuple[Fault, ...]
    found: tuple[str, ...]
    ids: Mapping[str, int]
    copies: Mapping[Path, Path] = field(default_factory=dict)
    spoiled: tuple[Row, ...] = ()

    @property
    def name(self) -> str:
        return self.place.name

    @cached_property
    def parts(self) -> dict[str, tuple[io.Example, ...]]:
        """What is learnt from and judged on: train, val and test as far as they are told apart, or all as "all"."""
        out: dict[str, list[io.Example]] = {}
        for row in self.rows:
            if row.file is not None:
                out.setdefault(row.part, []).append(row.example)
        return {part: tuple(some) for part, some in out.items()}

    @property
    def kind(self) -> Literal["one", "many"]:
        """one: every picture that has boxes has exactly one."""
        return "one" if all(len(row.boxes) < 2 for row in self.rows) else "many"

    @property
    def said(self) -> tuple[str, ...]:
        """Sentences that the user should read: what was found, what is wrong, what became of it. Pictures that cannot be used are in `place.missing`."""
        return (*self.found, *wrong.said(fault for fault in self.faults if fault.kind != "unread"))

    @cached_property
    def mark(self) -> str:
        """Of the pictures' names, sizes and times, and of their boxes: another one when something that counts came, went or was changed."""
        digest = hashlib.blake2b(digest_size=16)
        for row in self.rows:
            if row.file is not None:
                stat = row.file.stat()
                line = f"{row.part}/{row.file.name} {stat.st_size} {stat.st_mtime_ns} {[tuple(box) for box in row.boxes]}\0"
                digest.update(line.encode(errors="surrogatepass"))
        return digest.hexdigest()

    def splits(self, seed: int = 0, share: float = 0.2, groups: str | None = None) -> tuple[Set, Set]:
        """What is learnt from and what is judged on; see `sets.splits`. Copies of one picture stay together. Raises InputError for fewer than two pictures or
        groups, and where the numbers of the boxes seem to be read wrongly."""
        refusing.unfit(self.name, self.faults, any(self.parts.values()))
        if groups is not None or (self.parts.get("train") and self.parts.get("val")):
            return splits(self.name, dict(self.parts), self.classes, seed, share, groups)
        first = {part: tuple(e for e in some if e.picture not in self.copies) for part, some in self.parts.items()}
        _, held = splits(self.name, dict(first), self.classes, seed, share)
        judged = {e.picture for e in held.examples}
        every = self.parts.get("train") or self.parts.get("all") or ()
        sides = {e.picture: self.copies.get(e.picture, e.picture) in judged for e in every}
        return tuple(Set(tuple(e for e in every if sides[e.picture] is side), self.classes) for side in (False, True))  # type: ignore[return-value]

    def __len__(self) -> int:
        return len(self.rows)


def boxed(place: Place, named: str | None = None, pictures: str | None = None) -> Boxed:
    """Reads annotations and all of their pictures, in threads. named, pictures: as `formats.read` takes them.

    Pictures that cannot be used go to `place.failed`. Raises InputError where there are no boxes at all, and says what is missing; for damaged tables;
    for several formats; where no picture can be used.
    """
    try:
        found = formats.read(place, named, pictures, boxes=True)
    except formats.Unknown as error:
        raise refusing.lacking(place) from error
    every = [(part, one) for part, some in regrouped(place, found.splits).items() for one in some]
    every, more = whole(place, found, every, pictures)
    rows, faults, facts = looked_at(place, every)
    faults += more
    spoiled = [row for row in rows if row[1].things and not row[3]]
    rows = [row for row in rows if not row[1].things or row[3]]
    for part in dict.fromkeys(row[0] for row in spoiled):
        faults.append(Fault("spoiled", "", tuple(wrong.called(row[1]) for row in spoiled if row[0] == part), part))
    faults += suspicions.reading([*rows, *spoiled], found.written)
    copies = suspicions.copies(rows)
    faults += suspicions.of_set(rows, [label.name for label in found.classes], copies)
    faults += [Fault("unread", why, (name,)) for name, why in place.missing]
    if not any(boxes for *_, boxes in rows):
        raise refusing.without(place, found, faults)
    used = {box.label for *_, boxes in rows for box in boxes}
    names = tuple(dict.fromkeys([*(label.name for label in found.classes if label.name in used), *sorted(used)]))
    numbered = {label.name: label.number for label in found.classes if label.name in used}
    firsts = {file: first for (part, file), (where, first) in copies.items() if part == where}
    classes = Classes(names, io.pictures_of(facts))
    return Boxed(place, found.title, kept(rows), classes, ordered(faults), found.said, numbered, firsts, kept(spoiled))


def kept(rows: Iterable[suspicions.Row]) -> tuple[Row, ...]:
    return tuple(Row(part, one.name, wrong.called(one), one.picture, hw, boxes) for part, one, hw, boxes in rows if one.picture is not None)


def ordered(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    return tuple(fault for some in wrong.counted(faults).values() for fault in some)


def regrouped(place: Place, splits: Mapping[str, Sequence[Annotated]]) -> dict[str, list[Annotated]]:
    """By the folders of the pictures, where the annotations know no parts and each picture lies in one."""
    if {*splits} != {"all"}:
        return {part: [*some] for part, some in splits.items()}
    out: dict[str, list[Annotated]] = {}
    for one in splits["all"]:
        file = one.picture.where if one.picture is not None else None
        out.setdefault(place.split(file) if isinstance(file, Path) else "all", []).append(one)
    return out if "all" not in out and {"train", "val"} <= {*out} else {"all": [*splits["all"]]}
