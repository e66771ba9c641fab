"""What nobody said follows from the machine and from the time: the device, the batch that there is memory for, and how many steps fit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.train.folder import Folder
from zorki.train.lesson import Lesson
from zorki.train.memory import out_of_memory
from zorki.train.pace import measured
from zorki.train.plan import Plan

BATCH = {"cpu": 8, "other": 16}  # pictures or squares of them a step
FEW, LOOKS = 20, (1, 25)  # steps at least; how often it is judged on the way
JUDGING = 0.15  # share of the time that may go into being judged on the way
MEASURING = 0.1  # and into measuring, where steps are slow
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


def halving(
    of: Callable[[int], Lesson], batch: int, folder: Folder, plan: Plan, device: str, processes: int, within: float, what: str = "squares"
) -> tuple[int, float]:
    """The batch that there is memory for, halved as often as needed, which is said; and the seconds of a step.

    of: the lesson with so many a step. what: they are. Raises Stopped where not even one fits.
    """
    while True:
        try:
            return batch, measured(of(max(1, batch // processes)), folder, plan, device, MEASURING * within)
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        batch = smaller(batch, processes, what)


def smaller(batch: int, processes: int, what: str = "squares") -> int:
    """Half of it, said. Raises Stopped where there is no half."""
    half = batch // 2 // processes * processes
    if not half:
        raise Stopped(f"There is not enough memory for one of the {what} a step.", "What was learnt is kept.", "Give a smaller --side=N.")
    events.note(f"{batch} {what} a step do not fit into memory: it learns from {half} a step.")
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
