"""From pictures and options to a lesson and its plan: what nobody said is as the run has it already, else as it follows from the data and the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from zorki import encoding, weights
from zorki.core import durations, events
from zorki.core.errors import InputError
from zorki.segmenting.beginning import begun as beginning
from zorki.train import Folder, Plan, choosing
from zorki.wings.segment import _choice
from zorki.wings.segment._augment import Changes
from zorki.wings.segment._lesson import Pixels, Recipe
from zorki.wings.segment._stock import Stock

if TYPE_CHECKING:
    from zorki.segmenting.sets import Set
    from zorki.wings.segment.train import Settings

FOLLOWS = ("encoder", "side", "batch", "flips", "steps")  # options that, where nobody gives them, follow from the data and the time
FIXED = ("net", "encoder", "width", "classes", "channels")  # what makes the net, which a run keeps
WORDS = {
    "classes": "what the masks tell apart",
    "channels": "the pictures' channels",
    "pictures": "the pictures",
    "followed": "which options are given",
    "halved": "the batch that there is memory for",
}  # settings that are no options, as a person would call them
ENCODERS = ("lite0", "eye")  # where nobody says which, the best one first
KEEP, DECAY, LOOKS = 60.0, 0.01, 20  # of plans; looks on the way where nobody measured how long one takes


@dataclass(frozen=True)
class Parts:
    """learnt: what is learnt from; held: what is judged on; mark: of the data, by which they are known. stock, judged: the same at hand, read once."""

    learnt: Set
    held: Set
    mark: str

    @cached_property
    def stock(self) -> Stock:
        return Stock(self.learnt)

    @cached_property
    def judged(self) -> Stock:
        return Stock(self.held)

    def __str__(self) -> str:
        """As a run's settings name them."""
        return f"{len(self.learnt)} and {len(self.held)}, {self.mark[:12]}"


@dataclass(frozen=True)
class Start:
    """lesson and plan; config: what makes the run what it is, but for the plan; why: of what nobody asked for, by its name; numbers: of the net as it begins."""

    lesson: Pixels
    plan: Plan
    config: dict[str, Any]
    why: Mapping[str, str]
    numbers: Mapping[str, torch.Tensor]

    def smaller(self, s: Settings) -> Start:
        """The same with half the batch, from the beginning. Raises Stopped where there is no half."""
        batch = choosing.smaller(self.config["batch"], s.processes)
        self.lesson.net.load_state_dict(self.numbers)
        return replace(self, lesson=self.lesson.of(batch), config=self.config | {"batch": batch, "halved": True})


def start(parts: Parts, folder: Folder, s: Settings, begun: float, look: int | None = None) -> Start:
    """begun: when, by time.monotonic, the time that it may take began. look: steps between two looks, where those of a run are given; not given: LOOKS looks.

    Raises InputError for a run with another net.
    """
    known, why = folder.asked(), dict[str, str]()
    given, device = settled(known, s), choosing.device(s.device)
    stock, table = parts.stock, parts.learnt.table
    classes, channels = len(table.names), table.pictures.channels

    def chosen(name: str, made: Any, reason: str) -> Any:
        """What is given of that name, or what is made, for that reason."""
        if getattr(s, name) is None:
            why[name] = reason
        return given[name] if name in given else made()

    encoder = chosen("encoder", lambda: weights.installed(ENCODERS), "lite0 where pip's imagenet extra is installed, else eye, which ships")
    side = chosen("side", lambda: _choice.side_for(stock, device), "near the pictures' shorter side, as far as the machine bears")
    flips = chosen("flips", lambda: _choice.flips_for(stock), "any way where neither classes nor light lie higher or lower, else sideways")
    asked = None if "batch" in known and "batch" in given else s.batch
    batch = chosen(
        "batch",
        lambda: choosing.batch_for(len(stock), s.processes, device, asked),
        "8 on a processor, 16 elsewhere, no more than there are pictures",
    )
    with torch.random.fork_rng(devices=[]), encoding.ByShape(s.seed):
        net = beginning(s.net, encoder, classes, channels, s.width).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    slow = Recipe.slow if encoding.pretrained(encoder) else 1.0  # what begins with random numbers learns as fast as the rest
    recipe = Recipe(classes, batch, s.loss, _choice.weights_for(stock, classes, s.class_weights), slow, seed=s.seed)
    lesson = Pixels(net, stock, parts.judged, recipe, Changes(side, flips=flips, colour=0.5 if channels == 3 else 0.0))
    if "steps" in given:
        steps = given["steps"]
        check = look or given.get("check") or max(1, -(-steps // LOOKS))
    else:
        lesson, steps, check = measured(lesson, folder, device, s, begun)
    if s.steps is None:
        why["steps"] = f"as many as --within={s.within} holds on this machine, measured once"
    plan = Plan(
        steps, s.rate, warm=min(200, max(1, steps // 10)), average=min(0.999, max(0.9, 1 - 10 / steps)), seed=s.seed,
        tell=min(max(1, steps // 100), 100), keep=KEEP, decay=DECAY, check=check, patience=s.patience,
    )  # fmt: skip
    config = {
        "within": s.within, "net": s.net, "encoder": encoder, "width": s.width, "classes": list(table.names), "channels": channels,
        "batch": lesson.recipe.batch, "side": side, "flips": flips, "loss": s.loss, "class_weights": s.class_weights, "share": s.share,
        "groups": s.groups, "pictures": str(parts), "followed": [k for k in FOLLOWS if k in why] + ["check"],
    }  # fmt: skip
    if "halved" in known or lesson.recipe.batch != batch:
        config["halved"] = True
    for name in FIXED if folder.begun else ():
        if name in known and known[name] != config[name]:
            raise InputError(
                f"{folder.path} is a run with another {name}: {known[name]}.", "A run keeps its net.", "Choose another folder."
            )
    events.note(said(lesson, plan, encoder, s.net))
    return Start(lesson, plan, config, why, {k: v.clone() for k, v in net.state_dict().items()})


def settled(known: Mapping[str, Any], s: Settings) -> dict[str, Any]:
    """What is asked for, and what nobody asks for but the run has; steps anew where the time is another. A batch that was halved stays so."""
    given = {k: known[k] for k in (*FOLLOWS, "check") if k in known.get("followed", ())}
    if known.get("within", s.within) != s.within:
        given = {k: v for k, v in given.items() if k not in ("steps", "check")}
    given |= {k: v for k in FOLLOWS if (v := getattr(s, k)) is not None}
    if "halved" in known:
        return given | {"batch": known["batch"]}
    return given if s.batch is None else {k: v for k, v in given.items() if k != "batch"}  # it is no more than there are pictures


def measured(lesson: Pixels, folder: Folder, device: str, s: Settings, begun: float) -> tuple[Pixels, int, int]:
    """The lesson with the batch that there is memory for, and by its pace the steps, and those between two looks."""
    within = durations.seconds("--within", s.within)
    batch, pace = _choice.halving(lesson, folder, Plan(rate=s.rate, decay=DECAY), device, s.processes, within)
    steps, check = choosing.planned(within - (time.monotonic() - begun), pace, batch, len(lesson.stock))
    return lesson.of(batch), steps, check


def said(lesson: Pixels, plan: Plan, encoder: str, net: str) -> str:
    turned = {"none": "never mirrored", "sideways": "mirrored sideways", "any": "mirrored and turned any way"}[lesson.changes.flips]
    return (
        f"It learns from {len(lesson.stock):,} pictures and is judged on {len(lesson.held):,}: up to {plan.steps:,} steps of {lesson.recipe.batch} "
        f"squares of {lesson.changes.side} px, {turned}. The net is {net}, its encoder {encoder}."
    )
