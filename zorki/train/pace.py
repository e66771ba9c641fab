"""How many steps fit into a time: measured on the lesson itself, which is afterwards as it was."""

from __future__ import annotations

import statistics
import time
import tomllib
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.train.folder import Folder, toml
from zorki.train.lesson import Lesson
from zorki.train.plan import Plan
from zorki.train.signals import Signals
from zorki.train.teaching import Draws, Quiet, equipped

if TYPE_CHECKING:
    from collections.abc import Iterator

WARMING, MEASURED = 2, 10  # steps that are not counted; steps that are
PART, SPARE = 0.1, 0.05  # of the time: what measuring may take where steps are slow; what is left for figures, states and previews
ODD = 3.0  # times the median: such a step compiled something, which is done once


def steps_within(
    seconds: float, began: float, lesson: Lesson, folder: Folder, config: Mapping[str, Any], plan: Plan | None = None, device: str = "cpu"
) -> int:
    """The steps that are done `seconds` after `began` (of time.monotonic), at the pace of a few that are thrown away.

    It is fixed once: where the folder is of a run that has begun, or was asked the same, the steps that stand there are given. config: what
    `folder.open` will be given beside steps and what hangs on them, `within` among it. plan: how the steps are made, by their number and rate
    no matter. Raises InputError where not one step fits, and where Lightning is missing.
    """
    known, asked = folder.asked(), tomllib.loads(toml(config))
    if "steps" in known and (folder.begun or all(known.get(k) == v for k, v in asked.items())):
        return int(known["steps"])
    pace = measured(lesson, folder, plan or Plan(), device, PART * seconds)
    steps = int((seconds * (1 - SPARE) + began - time.monotonic()) / pace)
    if steps < 1:
        raise InputError(
            f"Not one step fits into {seconds:g} s.",
            f"A step takes {pace:.2g} s, and {time.monotonic() - began:.0f} s went by before the first.",
            "Give more time with --within.",
        )
    events.note(f"{steps:,} steps fit into {events.spoken(seconds)}, at {pace:.2g} s each; the run keeps to that number.")
    return steps


def measured(lesson: Lesson, folder: Folder, plan: Plan, device: str, enough: float) -> float:
    """Seconds of a step. enough: seconds after which no further one is measured."""
    equipped()
    from lightning.pytorch import Callback, LightningModule, Trainer

    from zorki.train.running import Averaged, Taught, trainer

    short = replace(plan, steps=WARMING + MEASURED, warm=0)
    signals, ends = Signals(), list[float]()

    class Timed(Callback):
        """When each step ended."""

        def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
            signals.wait()
            ends.append(time.monotonic())

        def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
            ends.append(time.monotonic())
            events.tell("measuring", len(ends) - 1, short.steps)
            late = len(ends) > WARMING + 1 and ends[-1] - ends[0] > enough
            trainer.should_stop = signals.came is not None or late

    taught = Taught(lesson, short)
    with signals, Quiet(), untouched(lesson):
        master: Trainer = trainer(short, folder, device, [Averaged(short), Timed()])
        master.fit(taught, train_dataloaders=Draws(lesson, taught, short))
    took = [b - a for a, b in pairwise(ends)][WARMING:]
    return statistics.mean(one for one in took if one <= ODD * statistics.median(took))


@contextmanager
def untouched(lesson: Lesson) -> Iterator[None]:
    """Whatever is learnt inside is forgotten on leaving, torch's random numbers too."""
    before = {k: v.detach().clone() for k, v in lesson.net.state_dict().items()}
    with torch.random.fork_rng():
        try:
            yield
        finally:
            lesson.net.load_state_dict(before)
            lesson.net.zero_grad(set_to_none=True)
