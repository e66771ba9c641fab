"""From pictures and options to a lesson and its plan: what nobody said is as the run has it already, else as it follows from the data and the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import torch

from zorki import encoding, weights
from zorki.core import durations, events
from zorki.core.errors import InputError
from zorki.train import choosing
from zorki.train.folder import Folder
from zorki.train.options import Alone
from zorki.train.plan import Plan
from zorki.train.squares import Recipe, Squares
from zorki.train.stock import Stock

WORDS = {
    "channels": "the pictures' channels",
    "pictures": "the pictures",
    "followed": "which options are given",
    "halved": "the batch that there is memory for",
}  # settings that are no options, as a person would call them
ENCODERS = ("lite0", "eye")  # where nobody says which, the best one first
KEEP, DECAY, LOOKS = 60.0, 0.01, 20  # of plans; looks on the way where nobody measured how long one takes
TURNED = {"none": "never mirrored", "sideways": "mirrored sideways", "any": "mirrored and turned any way"}


@dataclass(frozen=True)
class Parts:
    """learnt: what is learnt from; held: what is judged on; mark: of the data, by which they are known. stock, judged: the same at hand, read once."""

    of: ClassVar[type[Stock[Any]]]
    learnt: Any
    held: Any
    mark: str

    @cached_property
    def stock(self) -> Any:
        return self.of(self.learnt)

    @cached_property
    def judged(self) -> Any:
        return self.of(self.held)

    def __str__(self) -> str:
        """As a run's settings name them."""
        return f"{len(self.learnt)} and {len(self.held)}, {self.mark[:12]}"


@dataclass(frozen=True)
class Start:
    """lesson and plan; config: what makes the run what it is, but for the plan; why: of what nobody asked for, by its name; numbers: of the net as it begins."""

    lesson: Squares
    plan: Plan
    config: dict[str, Any]
    why: Mapping[str, str]
    numbers: Mapping[str, torch.Tensor]

    def smaller(self, s: Alone) -> Start:
        """The same with half the batch, from the beginning. Raises Stopped where there is no half."""
        batch = choosing.smaller(self.config["batch"], s.processes)
        self.lesson.net.load_state_dict(self.numbers)
        return replace(self, lesson=self.lesson.of(batch), config=self.config | {"batch": batch, "halved": True})


class Decided:
    """What a training is to be. follows: options that, where nobody gives them, follow from the data and the time.

    known: what the run has; given: what is asked for, and what nobody asks for but the run has; why: of what nobody asked for.
    """

    def __init__(self, folder: Folder, s: Alone, follows: Sequence[str]) -> None:
        self.folder, self.s, self.follows = folder, s, follows
        self.known, self.why = folder.asked(), dict[str, str]()
        self.given, self.device = settled(self.known, s, follows), choosing.device(s.device)

    def chosen(self, name: str, made: Callable[[], Any], reason: str) -> Any:
        """What is given of that name, or what is made, for that reason."""
        if getattr(self.s, name) is None:
            self.why[name] = reason
        return self.given[name] if name in self.given else made()

    def encoder(self) -> str:
        reason = "lite0 where pip's imagenet extra is installed, else eye, which ships"
        return str(self.chosen("encoder", lambda: weights.installed(ENCODERS), reason))

    def batch(self, count: int) -> int:
        """count: of the pictures."""
        asked = None if "batch" in self.known and "batch" in self.given else self.s.batch
        reason = "8 on a processor, 16 elsewhere, no more than there are pictures"
        return int(self.chosen("batch", lambda: choosing.batch_for(count, self.s.processes, self.device, asked), reason))

    def start(
        self, parts: Parts, lesson: Squares, config: dict[str, Any], fixed: Sequence[str], net: str, begun: float, look: int | None = None
    ) -> Start:
        """How it begins, which is said. config: what the lesson and the net are made by; fixed: what of it a run keeps. net: as a sentence.

        begun: when, by time.monotonic, the time that it may take began. look: steps between two looks, where they are fixed; not given: LOOKS looks.
        Raises InputError for a run with another net.
        """
        lesson, plan = self.planned(lesson, begun, look)
        followed = [k for k in self.follows if k in self.why] + ["check"]
        halved = "halved" in self.known or lesson.recipe.batch != config["batch"]
        config |= {
            "batch": lesson.recipe.batch,
            "share": self.s.share,
            "groups": self.s.groups,
            "pictures": str(parts),
            "followed": followed,
        }
        config |= {"halved": True} if halved else {}
        for name in fixed if self.folder.begun else ():
            if name in self.known and self.known[name] != config[name]:
                raise InputError(
                    f"{self.folder.path} is a run with another {name}: {self.known[name]}.",
                    "A run keeps its net.",
                    "Choose another folder.",
                )
        events.note(
            f"It learns from {len(lesson.stock):,} pictures and is judged on {len(lesson.held):,}: up to {plan.steps:,} steps of {lesson.recipe.batch} "
            f"squares of {lesson.changes.side} px, {TURNED[lesson.changes.flips]}. {net}"
        )
        return Start(lesson, plan, config, self.why, {k: v.clone() for k, v in lesson.net.state_dict().items()})

    def planned(self, lesson: Squares, begun: float, look: int | None) -> tuple[Squares, Plan]:
        """As many steps as are given; else measured, with the batch that there is memory for, and those between two looks."""
        s = self.s
        if "steps" in self.given:
            steps = self.given["steps"]
            check = look or self.given.get("check") or max(1, -(-steps // LOOKS))
        else:
            within = durations.seconds("--within", s.within)
            batch, pace = choosing.halving(lesson, self.folder, Plan(rate=s.rate, decay=DECAY), self.device, s.processes, within)
            steps, check = choosing.planned(within - (time.monotonic() - begun), pace, batch, len(lesson.stock))
            lesson = lesson.of(batch)
        if s.steps is None:
            self.why["steps"] = f"as many as --within={s.within} holds on this machine, measured once"
        return lesson, Plan(
            steps, s.rate, warm=min(200, max(1, steps // 10)), average=min(0.999, max(0.9, 1 - 10 / steps)), seed=s.seed,
            tell=min(max(1, steps // 100), 100), keep=KEEP, decay=DECAY, check=check, patience=s.patience,
        )  # fmt: skip


def slow(encoder: str) -> float:
    """What its rate is of the rest's: what begins with random numbers learns as fast."""
    return Recipe.slow if encoding.pretrained(encoder) else 1.0


def settled(known: Mapping[str, Any], s: Alone, follows: Sequence[str]) -> dict[str, Any]:
    """What is asked for, and what nobody asks for but the run has; steps anew where the time is another. A batch that was halved stays so."""
    given = {k: known[k] for k in (*follows, "check") if k in known.get("followed", ())}
    if known.get("within", s.within) != s.within:
        given = {k: v for k, v in given.items() if k not in ("steps", "check")}
    given |= {k: v for k in follows if (v := getattr(s, k)) is not None}
    if "halved" in known:
        return given | {"batch": known["batch"]}
    return given if s.batch is None else {k: v for k, v in given.items() if k != "batch"}  # it is no more than there are pictures
