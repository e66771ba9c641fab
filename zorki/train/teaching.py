"""A lesson taught by Lightning into a run folder; the same call goes on where it was broken off.

Source: Polyak and Juditsky 1992 (the average of the weights is worth more than the last ones).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import seed_for
from zorki.train.folder import Folder
from zorki.train.lesson import Lesson
from zorki.train.plan import Plan
from zorki.train.signals import Signals

if TYPE_CHECKING:
    from lightning.pytorch import Trainer


def equipped() -> None:
    """Raises InputError where Lightning is not installed."""
    try:
        import zorki.train.running  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "lightning":
            raise
        raise InputError("Training needs Lightning.", "It is not installed.", "Install it: pip install 'zorki[train]'.") from error


def teach(
    lesson: Lesson,
    folder: Folder,
    plan: Plan,
    config: Mapping[str, Any] | None = None,
    device: str = "cpu",
    processes: int = 1,
    change: bool | None = None,
) -> Folder:
    """Teaches to the plan's last step, or until it gets no better; what is done already is not done again. Returns the folder.

    config: what else makes the run what it is, and stands in its config.toml. device: as Lightning names accelerators. processes: so many that
    learn together. change: settings that differ from the run's are taken from here on. Raises InputError for a folder of another run,
    Stopped for a loss that is no number any more or a full disk; both leave the last state.
    """
    equipped()
    folder.open({**asdict(plan), **(config or {})}, change=change)
    done = folder.step()
    if any("worth" in row and row["step"] <= done for row in folder.rows()):
        folder.best()  # that it is damaged is told before more is learnt
    if done >= plan.steps or folder.ended():
        events.note("It was finished already.")
        return folder
    if done:
        events.note(f"Going on from step {done} in {folder.path.name}.")
    from zorki.train.beside import others

    with others(lesson, folder, plan, device, processes):
        fitted(lesson, folder, plan, device, processes)
    return folder


def fitted(lesson: Lesson, folder: Folder, plan: Plan, device: str, processes: int) -> None:
    """What each of the processes does, from the state that the folder holds."""
    from zorki.train.running import Averaged, Kept, Taught, Told, trainer

    done = folder.step()
    signals = Signals()
    average, kept = Averaged(plan), Kept(folder, plan, signals)
    taught = Taught(lesson, plan)
    with signals, Quiet():
        master: Trainer = trainer(plan, folder, device, [average, Told(folder, plan, lesson, average), kept], processes)
        master.fit(taught, train_dataloaders=Draws(lesson, taught, plan), ckpt_path=folder.state if done else None, weights_only=True)
        kept.now(master)


class Draws:
    """What the lesson shows, from the step at which the training is to the last one. There is nothing to remember but that number."""

    def __init__(self, lesson: Lesson, taught: Any, plan: Plan) -> None:
        self.lesson, self.taught, self.plan = lesson, taught, plan

    def __iter__(self) -> Iterator[Any]:
        for step in range(self.taught.global_step, self.plan.steps):
            torch.manual_seed(seed_for(self.plan.seed, "step", step) % 2**63)
            yield self.lesson.draw(step)

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Lightning asks for it of what can go on."""


class Quiet:
    """Lightning's advice to whoever writes a trainer is none to whoever trains."""

    def __enter__(self) -> None:
        self.caught: warnings.catch_warnings[None] = warnings.catch_warnings()
        self.caught.__enter__()
        warnings.simplefilter("ignore")
        self.logs = {log: log.level for log in map(logging.getLogger, ("lightning.pytorch", "lightning.fabric"))}
        for log in self.logs:
            log.setLevel(logging.ERROR)

    def __exit__(self, *error: Any) -> None:
        for log, level in self.logs.items():
            log.setLevel(level)
        self.caught.__exit__(*error)
