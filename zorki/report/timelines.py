"""Where the lanes of a timeline lie, its pictures, and its times. Lanes are in 0..1000 by 0..100, y downwards; the template stretches them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zorki import blocks
from zorki.core.durations import clock
from zorki.report.charts import POINT, Tick, finite, thin

__all__ = ["Drawn", "Strip", "drawn"]

STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 18000, 36000)  # seconds between two ticks
TICKS = 5  # about so many
FEW = 3  # words under an axis that is as wide as a phone
FINE = 10  # seconds: what is shorter has tenths under its pictures
ROOM = 8  # pictures that lie side by side


@dataclass(frozen=True)
class Strip:
    """lane: whose it is; area, edge: SVG paths of what it fills and of its upper line; story: in words, for who cannot see it."""

    lane: blocks.Lane
    area: str
    edge: str
    story: str


@dataclass(frozen=True)
class Drawn:
    """strips: of its lanes; ticks, marks: percent from the left; spare: which of the ticks have no word on a phone; shots: percent from the left of each picture's left side, the time it shows, and its tile; room:
    how wide a picture is, in percent."""

    strips: tuple[Strip, ...]
    ticks: tuple[Tick, ...]
    marks: tuple[float, ...]
    shots: tuple[tuple[float, str, blocks.Tile], ...]
    room: float = 100 / ROOM
    spare: tuple[bool, ...] = ()


def drawn(block: blocks.Timeline) -> Drawn:
    """Where all of it lies. A timeline of no length has what it shows in its middle."""
    length = block.end - block.begin

    def along(seconds: float) -> float:
        return (seconds - block.begin) / length if length > 0 else 0.5

    strips = tuple(Strip(lane, *paths(lane, along), story(lane)) for lane in block.lanes)
    times = ticks(block.begin, block.end) if length > 0 else [(block.begin, clock(block.begin, tenths=True))]
    marks = tuple(round(100 * along(at), 2) for at in block.marks if block.begin <= at <= block.end)
    lefts = apart([100 * along(shot.at) for shot in block.shots], 100 / max(ROOM, len(block.shots)))
    shots = tuple((left, clock(shot.at, length < FINE), shot.tile) for left, shot in zip(lefts, block.shots, strict=True))
    marked = tuple(Tick(100 * along(v), text) for v, text in times)
    return Drawn(strips, marked, marks, shots, 100 / max(ROOM, len(block.shots)), spare([v for v, _ in times]))


def spare(times: Sequence[float]) -> tuple[bool, ...]:
    """Of more than FEW ticks every other, so that those at even steps, as 0, keep their words."""
    if len(times) <= FEW:
        return (False,) * len(times)
    step = times[1] - times[0]
    return tuple(bool(round(at / step) % 2) for at in times)


def paths(lane: blocks.Lane, along: object) -> tuple[str, str]:
    """What is filled, and its upper edge; a gap begins anew."""
    assert callable(along)
    area, edge = [], []
    for run in runs(thin([(float(x), float(y)) for x, y in zip(lane.x, lane.values, strict=True)])):
        points = [f"{1000 * along(x):.1f} {100 * (1 - min(1.0, max(0.0, y))):.1f}" for x, y in run]
        first, last = points[0].split()[0], points[-1].split()[0]
        area.append(f"M{first} 100L{'L'.join(points)}L{last} 100Z")
        edge.append(f"M{'L'.join(points if len(points) > 1 else points * 2)}")
    return "".join(area), "".join(edge)


def runs(points: Sequence[POINT]) -> list[list[POINT]]:
    """What goes on without a gap."""
    out: list[list[POINT]] = [[]]
    for point in points:
        if finite(point):
            out[-1].append(point)
        elif out[-1]:
            out.append([])
    return [run for run in out if run]


def apart(wanted: Sequence[float], wide: float) -> list[float]:
    """Left sides of things that wide, in their order, each with its middle as near to where it is wanted as the row in 0..100 has room."""
    lefts: list[float] = []
    for i, middle in enumerate(wanted):
        lefts.append(max(middle - wide / 2, lefts[-1] + wide if i else 0.0))
    end = 100.0
    for i in reversed(range(len(lefts))):
        lefts[i] = min(lefts[i], end - wide)
        end = lefts[i]
    return [round(max(0.0, left), 2) for left in lefts]


def ticks(begin: float, end: float) -> list[tuple[float, str]]:
    """Round times between the two."""
    step = next((s for s in STEPS if (end - begin) / s <= TICKS), STEPS[-1] * math.ceil((end - begin) / STEPS[-1] / TICKS))
    first, last = math.ceil(begin / step - 1e-9), math.floor(end / step + 1e-9)
    return [(n * step, clock(n * step, step < 1)) for n in range(first, last + 1)]


def story(lane: blocks.Lane) -> str:
    """Where it is highest."""
    there = [(y, x) for x, y in zip(lane.x, lane.values, strict=True) if finite((x, y))]
    if not there:
        return "without a value"
    most, when = max(there, key=lambda one: one[0])
    return f"at most {100 * most:.0f} %, at {clock(when)}"
