"""The page of a film's faces: who is there when, and how each looks, in time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from zorki import blocks
from zorki.core.durations import clock, spoken
from zorki.facing.drawing import COLOURS
from zorki.facing.faces import EMOTIONS, Floats
from zorki.facing.people import Person
from zorki.pixels import palette

MARKS = 150  # cuts that can be told apart on one axis
BRIDGED = 0.35  # seconds without a face that a curve goes over


def page(
    film: str,
    shown: Sequence[Person],
    many: int,
    length: float,
    frames: int,
    cuts: Sequence[float],
    smooth: float,
    command: str,
    faults: str = "",
) -> blocks.Page:
    """film: its name. shown: with their traces, in their order; many: how many there are in all. length, cuts, smooth: seconds. faults: what is to be told of the film, in sentences."""
    facts = [("length", spoken(length)), ("frames", f"{frames:,}"), ("faces", f"{many:,}"), ("cuts", f"{len(cuts):,}")]
    facts += [("half-life of the curves", f"{smooth:g} s"), ("command", command)]
    foot = (
        "The scores say which expression people would name in a picture, not what somebody feels. A number is a face while it is seen: who comes back, or is seen again "
        "behind a cut, gets a new one, since no face is compared with another."
    )
    if not shown:
        return blocks.Page(f"Faces in {film}", f"No face was found in {frames:,} frames. {faults}".rstrip(), (), tuple(facts), foot=foot)
    lead = f"{counted(many)}, each with a number and a colour while it is seen." if many > 1 else "One face is followed."
    if len(shown) < many:
        lead += f" Shown {'is the one that is' if len(shown) == 1 else f'are the {len(shown)} that are'} seen longest; the table has all."
    lead = f"{lead} {faults}".rstrip()
    first = blocks.Section("when", "Who is there, and when", presence_lead(cuts), (presence(shown, length, cuts),))
    curves = tuple(looks(person) for person in shown)
    said = "Of each face eight curves, 0 to 100 %, over the time in which it is seen; the figures are means."
    if any(one.shots for one in curves):  # of a film whose faces are hidden there are none
        said += " Above them how it looked when the scores said most."
    second = blocks.Section("looks", "How they look", said, curves)
    return blocks.Page(f"Faces in {film}", lead, (first, second), tuple(facts), foot=foot)


def presence_lead(cuts: Sequence[float]) -> str:
    if not cuts:
        return "A lane for each face, filled while it is seen."
    if len(cuts) > MARKS:
        return f"A lane for each face, filled while it is seen. The {len(cuts):,} cuts lie too close to be drawn."
    return "A lane for each face, filled while it is seen. Thin lines are cuts: another scene begins."


def presence(shown: Sequence[Person], length: float, cuts: Sequence[float]) -> blocks.Timeline:
    """A lane of each: how much of each stretch of time it is there."""
    lanes = []
    for person in sorted(shown, key=lambda p: (p.first, p.number)):
        assert person.trace is not None
        x, y = list[float](), list[float]()
        for begin, end in spans(sorted(person.trace.sums.held), person.trace.sums.wide):
            x += [begin, begin, min(end, length), min(end, length), end]
            y += [0.0, 1.0, 1.0, 0.0, math.nan]
        best = max(person.trace.shots.held.values(), key=lambda shot: shot.worth, default=None)
        tile = None if best is None else blocks.Tile(best.pixels, "", f"face {person.number}")
        lanes.append(blocks.Lane(f"face {person.number}", palette.nth(person.number - 1), x, y, spoken(person.seconds), tile))
    marks = tuple(cuts) if len(cuts) <= MARKS else ()
    return blocks.Timeline(tuple(lanes), 0.0, length, "", marks=marks)


def spans(stretches: Sequence[int], wide: float) -> list[tuple[float, float]]:
    """From where to where they follow upon each other, with at most BRIDGED seconds between."""
    out: list[tuple[float, float]] = []
    for n in stretches:
        begin, end = n * wide, (n + 1) * wide
        if out and begin - out[-1][1] <= BRIDGED:
            out[-1] = (out[-1][0], end)
        else:
            out.append((begin, end))
    return out


def looks(person: Person) -> blocks.Timeline:
    """Eight lanes of one face."""
    assert person.trace is not None
    x, curves = person.trace.sums.curves(BRIDGED)
    lanes = tuple(
        blocks.Lane(name, COLOURS[name], x.tolist(), curves[:, n].tolist(), f"{100 * person.mean[n]:.0f} %")
        for n, name in enumerate(EMOTIONS)
    )
    shots = []
    for shot in person.trace.shots.held.values():
        caption = f"face {person.number} at {clock(shot.seconds)}, {mostly(shot.shares)}"
        shots.append(blocks.Shot(shot.seconds, blocks.Tile(shot.pixels, caption, caption)))
    begin, end = min(person.first, float(x[0])), max(person.last, float(x[-1]))
    title = (
        f"Face {person.number}: {spoken(person.seconds)} from {clock(person.first)} to {clock(person.last + 0.5)}, {mostly(person.mean)}"
    )
    return blocks.Timeline(lanes, begin, end, "", title, tuple(shots))


def mostly(shares: Floats) -> str:
    """The likeliest, with its share."""
    n = int(np.argmax(shares))
    return f"mostly {EMOTIONS[n]} ({100 * shares[n]:.0f} %)"


def counted(many: int) -> str:
    return "1 face" if many == 1 else f"{many:,} faces"
