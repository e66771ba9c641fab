"""Annotations of whatever format as pictures with a class for each pixel, one after another, for whoever writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.void import VOID
from zorki.formats import Annotated, Annotations, Picture, Place
from zorki.io.exif import upright
from zorki.pixels import palette
from zorki.segmenting.filling import Crowds, Numbers, Overlap, Rules, Seen, Tally, filled
from zorki.segmenting.table import Table, percent

if TYPE_CHECKING:
    from zorki.segmenting.looking import Look


class Pair(NamedTuple):
    """One picture, and a mask of its size with the values of the classes and VOID. name: without ending; split: "all" or the part in which it lies."""

    split: str
    name: str
    picture: Picture
    numbers: Numbers

    @property
    def file(self) -> str:
        """The picture's file, as it is to be called."""
        return f"{self.name}{self.picture.ending().lower()}"


@dataclass
class Conversion:
    """table: class n is `names[n]`, held by masks as `values[n]`; its pixels are counted by `pairs`. splits: what of each part is there. make: one picture's
    mask. shown: by picture the values in its mask, of those that `pairs` gave."""

    place: Place
    splits: Mapping[str, tuple[Annotated, ...]]
    table: Table
    make: Callable[[Annotated], Numbers]
    sentences: Callable[[], list[str]]
    shown: dict[tuple[str, str], frozenset[int]] = field(default_factory=dict)
    counted: dict[str, dict[int, int]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self.splits.values()))

    def pairs(self) -> Iterator[Pair]:
        """Each picture with its mask. Tells how far it is; what cannot be read goes to `place.failed`. Raises InputError where that is all of them."""
        done, first = 0, None
        for split, some in self.splits.items():
            for one in some:
                done += 1
                try:
                    pair = self.pair(split, one)
                except InputError as error:
                    first = first or error
                    self.place.fail(split, one.wanted or one.name, error.got)
                    continue
                values, often = np.unique(pair.numbers, return_counts=True)
                self.shown[split, one.name] = frozenset(values.tolist())
                here = self.counted.setdefault(split, {})
                for value, count in zip(values.tolist(), often.tolist(), strict=True):
                    here[value] = here.get(value, 0) + count
                events.tell("pictures", done, len(self))
                yield pair
        if not self.shown and first is not None:
            raise first
        self.table = self._counted()

    def pair(self, split: str, one: Annotated) -> Pair:
        """Raises InputError for a picture that cannot be read, or is of another size than the annotations say."""
        assert one.picture is not None
        return Pair(split, one.name, one.picture, self.make(one))

    def _counted(self) -> Table:
        total = {v: sum(here.get(v, 0) for here in self.counted.values()) for v in (*self.table.values, VOID)}
        void = (VOID,) if total[VOID] or self.table.void else ()
        return replace(self.table, pixels=tuple(total[v] for v in self.table.values), void=void, void_pixels=total[VOID])

    def said(self) -> list[str]:
        """What the person should know of it, once all pairs were there: what became of things that could not be taken as they are, and the classes."""
        known = self.table
        gone = [name for name, pixels in zip(known.names, known.pixels, strict=True) if not pixels and name != "background"]
        lack = [f"No picture holds {', '.join(gone[:6])}{' …' if len(gone) > 6 else ''}."] if gone else []
        return [*self.sentences(), *self.apart(), *known.said, *lack, *self.lines()]

    def lines(self) -> list[str]:
        """The classes that there is something of: what masks hold, name, colour, share of the pixels."""
        known = self.table
        every = zip(known.values, known.names, known.colours, known.shares, known.pixels, strict=True)
        rows = [(str(value), name, colour, percent(share)) for value, name, colour, share, pixels in every if pixels]
        wide = [max((len(row[k]) for row in rows), default=0) for k in range(3)]
        said = [f"{value:>{wide[0]}} {name:{wide[1]}} {colour:{wide[2]}} {share} of the pixels" for value, name, colour, share in rows]
        return said + ([f"{VOID} counts nowhere: {percent(known.void_share)} of all"] if known.void_pixels else [])

    def apart(self) -> list[str]:
        """Sentences about classes that one part has and another has not."""
        if not {"train", "val"} <= {*self.counted}:
            return []
        said = []
        for one, other in (("val", "train"), ("train", "val")):
            only = [
                n
                for n, v in zip(self.table.names, self.table.values, strict=True)
                if v in self.counted[one] and v not in self.counted[other]
            ]
            if only:
                said.append(f"{', '.join(only[:6])}{' …' if len(only) > 6 else ''}: in {one} alone, and nowhere in {other}.")
        return said


def conversion(place: Place, found: Annotations, overlap: Overlap | None = None, crowds: Crowds = "class") -> Conversion:
    """overlap, crowds: see `filling.Rules`; not given: as is usual with that format. Raises InputError for masks that mean nothing, and for things that have
    boxes and no outlines."""
    return of_masks(place, found) if found.masked else of_things(place, found, overlap or found.over, crowds)


def of_masks(place: Place, found: Annotations) -> Conversion:
    """Masks keep their numbers, where none of them is the void's; colours become numbers in the order of the classes. Masks and pictures that cannot be read,
    or have two sizes, go to `place.failed`; raises InputError where that is all, and as `discovering.table_of`."""
    from zorki.segmenting.discovering import table_of
    from zorki.segmenting.looking import Look, Wrong, looks

    every = [(split, one) for split, some in found.splits.items() for one in some]
    good: list[Look] = []
    splits: dict[str, list[Annotated]] = {}
    wrong: list[InputError] = []
    for (split, one), look in zip(every, looks([example(one) for _, one in every]), strict=True):
        why = look.why if isinstance(look, Wrong) else None if look.hw == look.picture.hw else of_two_sizes(look)
        if why is not None:
            wrong.append(why)
            place.fail(split, one.wanted or one.name, why.got)
        elif isinstance(look, Look):
            good.append(look)
            splits.setdefault(split, []).append(one)
    if not good:
        raise wrong[0]
    table = table_of(good, found.classes, learnt=False)
    kept = table.by == "number" and max(table.values) < VOID
    values = table.values if kept else tuple(range(len(table.values)))
    lookup = np.full(256, VOID, np.uint8)
    lookup[: len(values)] = values

    def make(one: Annotated) -> Numbers:
        assert one.mask is not None
        made: Numbers = lookup[table.numbers(io.open_mask(one.mask))]
        return made

    as_written = replace(table, values=values, by="number", void=(VOID,) if table.void else (), named=True)
    return Conversion(place, {split: tuple(some) for split, some in splits.items()}, as_written, make, list)


def example(one: Annotated) -> io.Example:
    assert one.picture is not None
    assert isinstance(one.picture.where, Path), "masks lie beside files"
    return io.Example(one.picture.where, one.mask)


def of_two_sizes(look: Look) -> InputError:
    (h, w), (ph, pw) = look.hw, look.picture.hw
    got = f"{look.name} is {w} × {h}, and its picture {pw} × {ph}."
    return InputError(got, "A mask says the class of each pixel of its picture.", "Bring it to that size by nearest neighbour.")


def of_things(place: Place, found: Annotations, overlap: Overlap, crowds: Crowds) -> Conversion:
    """Things are filled. Classes keep their numbers, and what lies around is the background, 0; where 0 is a class and something lies around, all move up by one."""
    things = [t for some in found.splits.values() for one in some for t in one.things]
    if things and not any(t.shape is not None for t in things):
        flaw = next((t.flaw for t in things if t.flaw), "")
        got = f"{place.name}: none of its {len(things):,} things has an outline{f'; the first {flaw}' if flaw else ''}."
        expected = (
            "A class for each pixel is made of outlines."
            if flaw
            else "Boxes alone say nothing of single pixels: they are for localisation."
        )
        raise InputError(got, expected, "Take annotations with outlines.")
    every, said = numbered(
        place, found, Rules({label.name: n for n, label in enumerate(found.classes)} | {"background": -2}, overlap, crowds)
    )
    tally, rules = Tally(), Rules({label.name: label.number for label in every}, overlap, crowds)
    shown = palette.colours([label.name for label in every])
    table = Table(
        names=tuple(label.name for label in every),
        colours=tuple(label.colour or colour for label, colour in zip(every, shown, strict=True)),
        values=tuple(label.number for label in every),
        named=True,
    )

    def make(one: Annotated) -> Numbers:
        return filled_upright(one, rules, tally.begin(one))

    return Conversion(place, found.splits, table, make, lambda: [*said, *tally.sentences(rules)])


def numbered(place: Place, found: Annotations, rules: Rules) -> tuple[list[io.Label], list[str]]:
    """The classes by the numbers that masks hold, the background first where there is any; and what is to be said of that. Raises InputError for too many."""
    classes, most = sorted(found.classes), VOID - 1
    numbers = [label.number for label in classes]
    fits = len({*numbers}) == len(numbers) and all(0 <= n <= most for n in numbers)
    background = io.Label(0, "background", "#000000")
    if fits and 0 not in numbers:
        return [background, *classes], []
    if fits and not around(found, rules):
        return classes, []
    if fits and numbers[-1] < most:
        said = f"0 is {classes[0].name} there, and is the background here: each class has the next number."
        return [background, *(label._replace(number=label.number + 1) for label in classes)], [said]
    if len(classes) > most:
        got = f"{place.name} has {len(classes):,} classes."
        raise InputError(got, f"A mask holds at most {most} beside the background.", "Take fewer.")
    said = f"The classes are numbered anew, 1 to {len(classes)}, since a mask holds 0 to {most} and 0 is the background."
    return [background, *(label._replace(number=n) for n, label in enumerate(found.classes, 1))], [said]


def filled_upright(one: Annotated, rules: Rules, seen: Seen) -> Numbers:
    """The mask of a picture as it is seen. What was outlined on a picture that EXIF turns, without turning it, is turned with it. Raises InputError."""
    assert one.picture is not None
    facts = one.picture.facts()
    hw, turned = facts.hw, facts.turn in (5, 6, 7, 8)
    stored = turned and one.hw is not None and one.hw == hw[::-1] and hw[0] != hw[1]
    if one.hw is not None and one.hw != hw and not stored:
        got = f"{one.picture.name} is {hw[1]} × {hw[0]}, and {one.source.name} says {one.hw[1]} × {one.hw[0]}"
        raise InputError(f"{got}.", "Things are outlined in the pixels of their picture.", "Take the picture that was annotated.")
    made = filled(one, hw[::-1] if stored else hw, rules, seen, 0)
    if stored:
        seen.turned = True
        made = upright(made, facts.turn)
    out: Numbers = np.ascontiguousarray(made).astype(np.uint8)
    return out


def around(found: Annotations, rules: Rules) -> bool:
    """Whether in any picture something is of no thing, or of one that is background; looked at until one is found."""
    for some in found.splits.values():
        for one in some:
            try:
                assert one.picture is not None
                if (filled(one, one.hw or one.picture.facts().hw, rules, Seen()) < 0).any():
                    return True
            except InputError:
                continue
    return False


def things(table: Table) -> dict[int, tuple[str, str]]:
    """Name and colour of each class by what masks hold, but for a first one that is background."""
    first = int(palette.is_nothing(table.names))
    return {v: (name, colour) for v, name, colour in list(zip(table.values, table.names, table.colours, strict=True))[first:]}
