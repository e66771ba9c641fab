"""From the outlines of things to a class for each pixel: which of two lies on top, and what became of those that could not be drawn as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from zorki.core.void import VOID
from zorki.formats import Annotated, Patch, Thing
from zorki.formats.annotated import BACKGROUND
from zorki.segmenting.table import percent

Numbers = npt.NDArray[np.uint8]
Overlap = Literal["later", "smaller", "void"]
Crowds = Literal["class", "void", "none"]
NAMED = 3  # things in a sentence
NEAR = 0.5  # pixels beyond the border, where no pixel's middle is reached
FREE = -1  # where nothing is
WORDS = {
    "beyond": "Cut off at the border of the picture, beyond which it reaches",
    "crossed": "Filled by the even-odd rule, as pycocotools, LabelMe and OpenCV do it, since the outline crosses itself",
    "small": "Without any pixel whose middle lies inside, and so leaving nothing",
    "": "Left out, since it has a box and no outline",
}


@dataclass(frozen=True)
class Rules:
    """values: what a mask holds for each class, by its name. overlap: of things of two classes which lies on top, the later, the smaller, or neither. crowds: what
    many things outlined as one are filled as."""

    values: Mapping[str, int]
    overlap: Overlap = "later"
    crowds: Crowds = "class"


@dataclass
class Seen:
    """What was noticed in one picture. odd: (kind, thing)."""

    odd: list[tuple[str, str]] = field(default_factory=list)
    crowds: int = 0
    turned: bool = False
    covered: int = 0
    shared: int = 0

    def note(self, kind: str, one: Annotated, thing: Thing) -> None:
        self.odd.append((kind, f"{one.source.name}, {thing.number}"))


@dataclass
class Tally:
    """The same of all pictures; one that is filled again is counted once."""

    pictures: dict[tuple[Path, str], Seen] = field(default_factory=dict)

    def begin(self, one: Annotated) -> Seen:
        """Where what is noticed in a picture is kept."""
        seen = self.pictures[one.source, one.name] = Seen()
        return seen

    def sentences(self, rules: Rules) -> list[str]:
        """For the person; none where all went as it should."""
        seen = self.pictures.values()
        kinds: dict[str, list[str]] = {}
        for kind, thing in (odd for one in seen for odd in one.odd):
            kinds.setdefault(kind, []).append(thing)
        said = []
        for kind, some in kinds.items():
            head = WORDS.get(kind, f"Left out, since it {kind}")
            said.append(f"{head}: {len(some):,} thing{'s' * (len(some) != 1)} ({listed(some)}).")
        if turned := sum(one.turned for one in seen):
            said.append(f"{turned} pictures are turned by EXIF, and were outlined unturned: their masks are turned with them.")
        if crowds := sum(one.crowds for one in seen):
            how = {"class": "are filled as their class, under all else", "void": "count nowhere", "none": "are left out"}[rules.crowds]
            said.append(f"{crowds} crowds, many things outlined as one, {how}; --crowds says otherwise.")
        if shared := sum(one.shared for one in seen):
            share = shared / max(1, sum(one.covered for one in seen))
            how = {"later": "the later one lies on top", "smaller": "the smaller one lies on top", "void": "they count nowhere"}[
                rules.overlap
            ]
            said.append(f"{percent(share)} of the pixels of things are of two classes: {how}; --overlap says otherwise.")
        return said


def listed(some: Sequence[str]) -> str:
    return "; ".join(some[:NAMED]) + (f" and {len(some) - NAMED:,} more" if len(some) > NAMED else "")


def filled(one: Annotated, hw: tuple[int, int], rules: Rules, seen: Seen, rest: int | None = None) -> npt.NDArray[np.int16]:
    """(h, w): what a mask of the picture holds, VOID where it counts nowhere, `rest` (or FREE) where nothing is.

    Crowds lie under all else. Of two things of one class neither is on top.
    """
    out = np.full(hw, FREE, np.int16)
    mixed = np.zeros(hw, bool)
    drawn: list[tuple[Thing, Patch, int]] = []
    for thing in one.things:
        value = value_of(thing, rules)
        if value is None:
            seen.crowds += 1
        elif (patch := patch_of(one, thing, hw, seen)) is not None:
            seen.crowds += thing.crowd and not thing.nowhere
            drawn.append((thing, patch, value))
    if rules.overlap == "smaller":
        drawn.sort(key=lambda each: -int(each[1].inside.sum()))
    for _, patch, value in sorted(drawn, key=lambda each: not each[0].crowd):
        place = slice(patch.top, patch.top + len(patch.inside)), slice(patch.left, patch.left + patch.inside.shape[1])
        below = out[place]
        other = patch.inside & (below != FREE) & (below != value)
        mixed[place] |= other
        below[patch.inside] = value
    seen.covered = int((out != FREE).sum())
    seen.shared = int(mixed.sum())
    if rules.overlap == "void":
        out[mixed] = VOID
    if rest is not None:
        out[out == FREE] = rest
    return out


def value_of(thing: Thing, rules: Rules) -> int | None:
    """None of a crowd that is left out."""
    if thing.nowhere:
        return VOID
    if thing.crowd and rules.crowds != "class":
        return VOID if rules.crowds == "void" else None
    return rules.values["background" if thing.label.lower() in BACKGROUND else thing.label]


def patch_of(one: Annotated, thing: Thing, hw: tuple[int, int], seen: Seen) -> Patch | None:
    """What a thing covers; None where that is nothing. Notes what is odd."""
    if thing.shape is None:
        seen.note(thing.flaw, one, thing)
        return None
    shape = thing.scaled(hw[1], hw[0]).shape if one.relative else thing.shape
    assert shape is not None
    left, top, right, bottom = shape.reach
    if left < -NEAR or top < -NEAR or right > hw[1] + NEAR or bottom > hw[0] + NEAR:
        seen.note("beyond", one, thing)
    patch = shape.patch(hw)
    if patch.crossed:
        seen.note("crossed", one, thing)
    if not patch.inside.any():
        seen.note("small", one, thing)
        return None
    return patch
