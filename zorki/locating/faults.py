"""What may be wrong with boxes, what becomes of each such box, and a sentence about it.

What loses nothing is mended: a box is cut off at its picture's border, corners are put in their order, a box that comes again is left out, and so is
one that covers nothing. All else stays as it is and is named.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.formats import Annotated, Thing
from zorki.formats.shapes import Several, Stroke
from zorki.io.pairs import stem
from zorki.locating.kinds import ALIKE, KINDS, LEAST, NEAR, About, Kind


@dataclass(frozen=True)
class Fault:
    """text: what is wrong, after the name of the picture (or of the class) where there is one. where: the pictures, or the classes, by name; part: theirs.

    box: as it stands, in pixels of the upright picture; mended: what became of it. sure: it is certain enough that nothing should be learnt before it is
    looked at.
    """

    kind: Kind
    text: str
    where: tuple[str, ...] = ()
    part: str = "all"
    box: io.Box | None = None
    mended: io.Box | None = None
    sure: bool = False

    @property
    def about(self) -> About:
        return KINDS[self.kind]

    @property
    def count(self) -> int:
        return 1 if self.about.boxes else max(1, len(self.where))

    def sentence(self) -> str:
        """With its pictures, the first few of them."""
        some = ", ".join(self.where[:4]) + (f" and {len(self.where) - 4:,} more" if len(self.where) > 4 else "")
        text = f"{some}: {self.text}" if some and self.text else some or self.text
        return text if self.part == "all" or not some else f"{self.part}/{text}"

    def answer(self) -> dict[str, object]:
        """What --json gives of it."""
        said: dict[str, object] = {"kind": self.kind, "text": self.text, "done": self.about.done, "where": list(self.where)}
        if self.part != "all":
            said["part"] = self.part
        for name, box in (("box", self.box), ("mended", self.mended)):
            if box is not None:
                said[name] = {"class": box.label, **{k: round(float(v), 3) for k, v in zip("xywh", box[1:], strict=True)}}
        return said


def counted(faults: Iterable[Fault]) -> dict[Kind, list[Fault]]:
    """By kind, in the order of KINDS."""
    found: dict[Kind, list[Fault]] = {}
    for fault in faults:
        found.setdefault(fault.kind, []).append(fault)
    return {kind: found[kind] for kind in KINDS if kind in found}


def said(faults: Iterable[Fault], most: int = 3) -> list[str]:
    """A sentence for each kind: how many, which, and what became of them."""
    out = []
    for kind, some in counted(faults).items():
        about, count = KINDS[kind], sum(fault.count for fault in some)
        title = f"1 {about.one}" if count == 1 else f"{count:,} {about.title}"
        which = "; ".join(fault.sentence() for fault in some[:most]) + (f"; and {len(some) - most:,} more" if len(some) > most else "")
        out.append(f"{title} ({about.done}): {which.removesuffix('.')}.")
    return out


def of_picture(one: Annotated, part: str, hw: tuple[int, int], turn: int = 1) -> tuple[tuple[io.Box, ...], list[Fault]]:
    """The boxes of a picture as they are used, and what is wrong with it. hw: its size, upright; turn: boxes are still to be turned so, as EXIF says."""
    kept: list[io.Box] = []
    faults: list[Fault] = []

    name = called(one)

    def fault(kind: Kind, text: str, thing: Thing, box: io.Box | None = None, mended: io.Box | None = None) -> None:
        faults.append(Fault(kind, f"{thing.number} {text}".strip(), (name,), part, box, mended))

    stored = hw if turn not in (5, 6, 7, 8) else hw[::-1]
    for thing in together(one.things):
        thing = thing.scaled(stored[1], stored[0]) if one.relative else thing
        sides = sides_of(thing)
        if isinstance(sides, str):
            fault("nameless" if thing.nowhere else "flaw", sides, thing)
            continue
        raw = io.Box(thing.label, *turned(sides, stored, turn))
        if thing.nowhere:
            fault("nameless", thing.flaw or "is of a class that is not listed, or counts nowhere", thing, raw)
            continue
        if thing.crowd:
            fault("crowd", "", thing, raw)
            continue
        ordered = io.Box(raw.label, min(raw.x, raw.x + raw.w), min(raw.y, raw.y + raw.h), abs(raw.w), abs(raw.h))
        if min(ordered.w, ordered.h) < LEAST:
            fault("area", f"({raw.label}) is {size(raw.w)} × {size(raw.h)} pixels", thing, raw)
            continue
        inside, out = clipped(ordered, hw)
        if min(inside.w, inside.h) < LEAST:
            fault("outside", f"({raw.label}) lies at {place(ordered)} of {hw[1]} × {hw[0]}", thing, raw)
            continue
        if min(raw.w, raw.h) < 0:
            fault("swapped", f"({raw.label}) goes from {size(raw.x)}, {size(raw.y)} back to {size(raw.x + raw.w)}, {size(raw.y + raw.h)}", thing, raw, inside)  # fmt: skip
        if out > NEAR:
            fault("beyond", f"({raw.label}) by {size(out)} pixels", thing, raw, inside)
        kept.append(inside)
    return without_twins(name, part, kept, faults), faults


def called(one: Annotated) -> str:
    """A picture as a person knows it: its file's name, with folders where another one of the set has the same."""
    file = one.picture.where if one.picture is not None else None
    if isinstance(file, Path) and stem(file) == one.name:
        return file.name
    return one.wanted or one.name


def sides_of(thing: Thing) -> tuple[float, float, float, float] | str:
    """Left, top, width, height of a thing: as its format says, else around its outline; or why it has none."""
    if thing.box is not None:
        return thing.box
    if thing.shape is None:
        return thing.flaw or "has no box"
    if isinstance(thing.shape, Several | Stroke):
        return f"({thing.label}) is a {'line' if isinstance(thing.shape, Stroke) else 'point'}, which has no extent"
    left, top, right, bottom = thing.shape.reach
    return left, top, right - left, bottom - top


def together(things: Sequence[Thing]) -> list[Thing]:
    """Those of one group and class as one, in the place of the first."""
    out: list[Thing] = []
    first: dict[tuple[int, str], int] = {}
    for thing in things:
        sides = sides_of(thing)
        if thing.group is None or isinstance(sides, str):
            out.append(thing)
            continue
        k = first.setdefault((thing.group, thing.label), len(out))
        if k == len(out):
            out.append(thing)
            continue
        other = sides_of(out[k])
        assert not isinstance(other, str)
        left, top = min(sides[0], other[0]), min(sides[1], other[1])
        right, bottom = max(sides[0] + sides[2], other[0] + other[2]), max(sides[1] + sides[3], other[1] + other[3])
        out[k] = Thing(thing.label, None, (left, top, right - left, bottom - top), number=out[k].number)
    return out


def turned(box: tuple[float, float, float, float], hw: tuple[int, int], turn: int) -> tuple[float, float, float, float]:
    """A box in a picture of that size once this is turned and mirrored as EXIF 1 to 8 says."""
    x, y, w, h = box
    size = hw
    if turn in (5, 6, 7, 8):
        x, y, w, h, size = y, x, h, w, (hw[1], hw[0])
    if turn in (3, 4, 7, 8):
        y = size[0] - y - h
    if turn in (2, 3, 6, 7):
        x = size[1] - x - w
    return x, y, w, h


def clipped(box: io.Box, hw: tuple[int, int]) -> tuple[io.Box, float]:
    """What of it lies in the picture, and by how many pixels it sticks out."""
    left, top, right, bottom = max(0.0, box.x), max(0.0, box.y), min(float(hw[1]), box.x + box.w), min(float(hw[0]), box.y + box.h)
    out = max(-box.x, -box.y, box.x + box.w - hw[1], box.y + box.h - hw[0], 0.0)
    if not out:
        return box, 0.0
    return io.Box(box.label, left, top, max(0.0, right - left), max(0.0, bottom - top)), out


def without_twins(name: str, part: str, boxes: list[io.Box], faults: list[Fault]) -> tuple[io.Box, ...]:
    """Each place once; adds to `faults` those that come again, and those of two classes."""
    sides: npt.NDArray[np.float64] = np.array([box[1:] for box in boxes], np.float64).reshape(-1, 4)
    kept: list[int] = []
    for k, box in enumerate(boxes):
        twins = [n for n in kept if (np.abs(sides[n] - sides[k]) <= ALIKE).all()]
        if any(boxes[n].label == box.label for n in twins):
            faults.append(Fault("doubled", f"{box.label} at {place(box)}", (name,), part, box))
            continue
        if twins:
            faults.append(Fault("two", f"{boxes[twins[0]].label} and {box.label} at {place(box)}", (name,), part, box))
        kept.append(k)
    return tuple(boxes[k] for k in kept)


def size(value: float) -> str:
    """Pixels, with a decimal where it says something."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def place(box: io.Box) -> str:
    """left, top, width × height."""
    return f"{size(box.x)}, {size(box.y)}, {size(box.w)} × {size(box.h)}"
