"""What nobody said follows from the machine and from the time: the device, the batch that there is memory for, and how many steps fit."""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.train.folder import Folder
from zorki.train.memory import out_of_memory
from zorki.train.pace import measured
from zorki.train.plan import Plan
from zorki.train.squares import Squares
from zorki.train.stock import Stock

BATCH = {"cpu": 8, "other": 16}  # squares a step
FEW, LOOKS = 20, (1, 25)  # steps at least; how often it is judged on the way
JUDGING = 0.15  # share of the time that may go into being judged on the way
MEASURING = 0.1  # and into measuring, where steps are slow
SOME, SHOWN = 24, 8  # pictures looked at to choose; judged, to measure how long a look takes
EPOCHS, ENOUGH = 300, 2000  # of the pictures at most, but so many steps always


def device(asked: str) -> str:
    """As torch names it. Raises InputError for one that is not here."""
    import torch

    here = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if asked == "auto":
        return next(name for name in ("cuda", "mps", "cpu") if here[name])
    if not here[asked]:
        raise InputError(
            f"There is no device {asked} here.",
            f"There is {', '.join(n for n, is_here in here.items() if is_here)}.",
            "Take --device=auto.",
        )
    return asked


def batch_for(count: int, processes: int, device: str, asked: int | None) -> int:
    """No more squares than pictures; as many for each process."""
    wanted = asked or BATCH.get(device, BATCH["other"])
    batch = min(wanted, count)
    if batch < wanted and asked:
        events.note(f"It learns from {count} picture{'s' * (count != 1)}, so a step has {batch} and not {wanted}.")
    return max(1, -(-batch // processes)) * processes


@dataclass(frozen=True)
class Pace:
    """Seconds of a step, and of one look at all that is judged on."""

    step: float
    look: float


def halving(lesson: Squares, folder: Folder, plan: Plan, device: str, processes: int, within: float) -> tuple[int, Pace]:
    """The batch that there is memory for, halved as often as needed, which is said; and its pace. Raises Stopped where not even one square fits."""
    batch = lesson.recipe.batch
    while True:
        try:
            step = measured(lesson.of(max(1, batch // processes)), folder, plan, device, MEASURING * within)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        batch = smaller(batch, processes)
    return batch, Pace(step, looking(lesson, device))


def looking(lesson: Squares, device: str) -> float:
    """Seconds of a look at all that is judged on, by those of a few."""
    few = type(lesson.held)([lesson.held.examples[i] for i in some(lesson.held)[:SHOWN]])
    look = type(lesson)(lesson.net, lesson.stock, few, lesson.recipe, lesson.changes)
    net = copy.deepcopy(lesson.net).to(device)
    begun = time.perf_counter()
    look.figures(net)
    return (time.perf_counter() - begun) / len(few) * len(lesson.held)


def some(stock: Stock[Any]) -> list[int]:
    """Numbers of examples to choose by, evenly apart."""
    return sorted({round(i) for i in np.linspace(0, len(stock) - 1, min(SOME, len(stock)))})


def side_near(sides: Sequence[int], most: Mapping[str, int], device: str) -> int:
    """A multiple of 32 near the middle one of so many pictures' sides. most: by device, "other" of those that are not named."""
    return int(np.clip(round(np.median(sides) / 32) * 32, 32, most.get(device, most["other"])))


def smaller(batch: int, processes: int) -> int:
    """Half of it, said. Raises Stopped where there is no half."""
    half = batch // 2 // processes * processes
    if not half:
        raise Stopped("There is not enough memory for one of the squares a step.", "What was learnt is kept.", "Give a smaller --side=N.")
    events.note(f"{batch} squares a step do not fit into memory: it learns from {half} a step.")
    return half


def planned(within: float, pace: Pace, batch: int, pictures: int) -> tuple[int, int]:
    """Steps in that time (what is left of it), and how many of them lie between two looks."""
    looks = int(np.clip(JUDGING * within / max(pace.look, 1e-6), *LOOKS))
    room = within * 0.95 - (looks + 1) * pace.look  # the last one: whether anything was learnt
    most = max(ENOUGH, EPOCHS * pictures // batch)
    steps = int(np.clip(room / (pace.step * 1.05), FEW, most))
    if steps == FEW:
        events.note(f"It takes {FEW} steps at least, of {pace.step:.2g} s each, so it may take longer than it was given.")
    return steps, max(1, -(-steps // looks))
