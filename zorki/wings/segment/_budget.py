"""How much each net of a comparison learns: measured once, then in equal parts within the time there is."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from zorki.core import durations, events
from zorki.core.errors import Stopped
from zorki.segmenting.cost import cost
from zorki.train import Folder, Plan, choosing, out_of_memory, setup
from zorki.train.choosing import Pace
from zorki.wings.segment import _asked, _choice, _setup

if TYPE_CHECKING:
    from zorki.wings.segment.compare import Settings

Kind = Literal["multiply-adds", "time", "steps"]
SEEDS, ENOUGH = 3, 300  # trainings of each net, where each then has so many steps at least
WORTH, SMALL = 100, 64  # steps for whose sake squares are made smaller, and how small
THERE_AND_BACK = 3  # a step costs what looking costs, and twice that for the slopes
SPARE = 1.05  # of a step: figures, states
CURVE = 3  # looks on the way at least: fewer are no curve
MORE = 2  # looks beyond those on the way: the last judgement, and what a look costs is measured
FAILS = (Stopped, RuntimeError, ValueError, ArithmeticError, LookupError, MemoryError)
"""What a net may fail with while others do not"""


@dataclass(frozen=True)
class Entrant:
    """A net: squares and multiply-adds of a step, seconds of a step and of a look (0: not measured); or why it could not begin."""

    net: str
    batch: int = 0
    multiply_adds: int = 0
    step_seconds: float = 0.0
    look_seconds: float = 0.0
    failed: str = ""


@dataclass(frozen=True)
class Share:
    """What a net gets in each training: steps, and how many of them lie between two looks."""

    steps: int
    check: int


@dataclass(frozen=True)
class Budget:
    """entrants with a share each, (0, 0) of what could not begin; seeds: of the trainings of each."""

    entrants: tuple[Entrant, ...]
    shares: tuple[Share, ...]
    seeds: tuple[int, ...]

    def seconds(self) -> float:
        """What all of it takes, at the pace that was measured; 0 where none was."""
        return len(self.seeds) * sum(taking(e, share) for e, share in zip(self.entrants, self.shares, strict=True))

    def config(self) -> dict[str, Any]:
        """As a comparison's settings hold it."""
        rows = [asdict(e) | asdict(share) for e, share in zip(self.entrants, self.shares, strict=True)]
        return {"trainings": list(self.seeds)} | {f"each_{name}": [row[name] for row in rows] for name in (*OF_ENTRANT, *OF_SHARE)}

    @staticmethod
    def of(config: Mapping[str, Any]) -> Budget:
        """What `config` gave."""

        def columns(names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
            return zip(*(config[f"each_{name}"] for name in names), strict=True)

        entrants = tuple(Entrant(net, *row) for net, row in zip(config["nets"], columns(OF_ENTRANT), strict=True))
        return Budget(entrants, tuple(Share(*row) for row in columns(OF_SHARE)), tuple(config["trainings"]))


OF_ENTRANT = tuple(f.name for f in fields(Entrant) if f.name != "net")
OF_SHARE = tuple(f.name for f in fields(Share))


def taking(e: Entrant, share: Share) -> float:
    """Seconds of one training, judged."""
    looks = -(-share.steps // share.check) + MORE if share.check else 0
    return share.steps * e.step_seconds * SPARE + looks * e.look_seconds


def measured(parts: _setup.Parts, net: str, s: Settings, out: Path, begun: float, within: float) -> Entrant:
    """What a net costs to teach, with the batch that there is memory for; the net is thrown away. within: seconds, of which measuring takes a
    tenth; 0: nothing is timed."""
    try:
        first = _setup.start(parts, Folder(out), _asked.single(s, net, steps=1), begun)
        lesson, pace = first.lesson, Pace(0.0, 0.0)
        batch = lesson.recipe.batch
        if within:
            batch, pace = choosing.halving(lesson, Folder(out), Plan(rate=s.rate, decay=setup.DECAY), choosing.device(s.device), 1, within)
        found = cost(lesson.net, (lesson.changes.side, lesson.changes.side))
        return Entrant(net, batch, THERE_AND_BACK * batch * found.multiply_adds, round(pace.step, 6), round(pace.look, 6))
    except FAILS as error:
        return Entrant(net, failed=reason(error))


def side_for(parts: _setup.Parts, names: Sequence[str], s: Settings, out: Path, begun: float) -> int:
    """Pixels of the squares' sides: near the pictures' shorter side, as `segment train` has it; in a short time smaller, so that each net gets WORTH steps.

    By the pace of the net that costs as much as most; in s all but the side is decided.
    """
    side = _choice.side_for(parts.stock, choosing.device(s.device))
    if s.steps is not None:
        return side
    large = replace(s, side=side)
    costs = [e for net in names if not (e := measured(parts, net, large, out, begun, 0.0)).failed]
    if not costs:
        return side
    costs.sort(key=lambda e: e.multiply_adds)
    within = durations.seconds("--within", s.within) / (s.seeds or 1)
    probe = measured(parts, costs[len(costs) // 2].net, large, out, begun, within / len(costs))
    if probe.failed:
        return side
    pace = probe.step_seconds / probe.multiply_adds
    paced = [replace(e, step_seconds=pace * e.multiply_adds, look_seconds=probe.look_seconds) for e in costs]
    steps = fewest(paced, within - (time.monotonic() - begun), "multiply-adds", CURVE)
    found = side
    while found > SMALL and steps * (side / found) ** 2 < WORTH:
        found -= 32
    if found < side:
        events.note(
            f"Squares are of {found} px and not of {side}, so that there is time for more steps. --side={side} wants them as large."
        )
    return found


def reason(error: BaseException) -> str:
    """In a sentence. Raises it again where the disk is to blame, which is full for all."""
    if isinstance(error.__cause__, OSError):
        raise error
    if out_of_memory(error):
        return "There is not enough memory."
    if isinstance(error, Stopped):
        return error.got
    return f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"


def shared(
    entrants: Sequence[Entrant], within: float, kind: Kind, seeds: int | None, first: int, most: int, steps: int | None = None
) -> Budget:
    """Equal parts of `within` seconds for those that can begin. seeds: as asked, else SEEDS where each training then has ENOUGH steps; first: of them.

    most: steps that are of use; steps: as many for each, where these are asked for.
    """
    alive = [e for e in entrants if not e.failed]
    tries = [seeds] if seeds else list(range(SEEDS, 0, -1))
    shares = dict[str, Share]()
    for n in tries if alive else ():
        looks = looking(alive, within / n)
        counts = stepping(alive, within / n, kind, looks, most) if steps is None else [steps] * len(alive)
        shares = {e.net: Share(count, max(1, -(-count // looks))) for e, count in zip(alive, counts, strict=True)}
        if (steps is None and min(counts) >= ENOUGH) or (steps is not None and n * sum(taking(e, shares[e.net]) for e in alive) <= within):
            break
    return Budget(tuple(entrants), tuple(shares.get(e.net, Share(0, 0)) for e in entrants), tuple(range(first, first + n)) if alive else ())


def looking(alive: Sequence[Entrant], within: float) -> int:
    """How often each is judged on the way: as often as a part of the time allows."""
    look = sum(e.look_seconds for e in alive)
    return int(np.clip(choosing.JUDGING * within / look, CURVE, choosing.LOOKS[1])) if look else setup.LOOKS


def stepping(alive: Sequence[Entrant], within: float, kind: Kind, looks: int, most: int) -> list[int]:
    """Steps of each in `within` seconds for one training of all; where that is too little for any, so few that it takes longer, and equal all the same."""
    times = as_often(alive, kind)
    least = max(float(choosing.FEW), min(fewest(alive, within, kind, looks), most / max(times)))
    return [round(least * k) for k in times]


def fewest(alive: Sequence[Entrant], within: float, kind: Kind, looks: int) -> float:
    """Steps in that time of the net that gets fewest."""
    room = max(0.0, 0.95 * within - (looks + MORE) * sum(e.look_seconds for e in alive))
    return room / SPARE / sum(k * e.step_seconds for k, e in zip(as_often(alive, kind), alive, strict=True))


def as_often(alive: Sequence[Entrant], kind: Kind) -> list[float]:
    """How many steps each gets for one of the net that gets fewest."""
    dear = [e.step_seconds if kind == "time" else e.multiply_adds for e in alive]
    return [max(dear) / one for one in dear]
