"""From pictures and options to a lesson and its plan: what nobody said is as the run has it already, else as it follows from the data and the time."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch

from zorki import encoding, weights
from zorki.core import durations, events
from zorki.core.errors import InputError
from zorki.nets.locator import Locator
from zorki.train import Folder, Plan, choosing
from zorki.wings.locate import _choice
from zorki.wings.locate._lesson import Boxed, Recipe
from zorki.wings.locate._one import One
from zorki.wings.locate._stock import Stock

if TYPE_CHECKING:
    from torch import nn

    from zorki.locating.sets import Set
    from zorki.wings.locate._choice import Kind
    from zorki.wings.locate.train import Settings

FOLLOWS = ("encoder", "side", "batch", "steps")  # options that, where nobody gives them, follow from the data and the time
FIXED = ("boxes", "encoder", "width", "classes", "channels", "each", "freeze")  # what makes the net, which a run keeps
WORDS = {
    "classes": "what the boxes tell apart",
    "channels": "the pictures' channels",
    "pictures": "the pictures",
    "followed": "which options are given",
    "halved": "the batch that there is memory for",
}  # settings that are no options, as a person would call them
ENCODERS = ("lite0", "eye")  # where nobody says which, the best one first
KEEP, DECAY, LOOKS = 60.0, 0.01, 20  # of plans; looks on the way where nobody measured how long one takes


@dataclass(frozen=True)
class Parts:
    """learnt: what is learnt from; held: what is judged on; mark: of the data, by which they are known; kind: how many boxes a picture has. stock, judged: the same at
    hand, read once. why: that kind. ids: the number that the data had for each class."""

    learnt: Set
    held: Set
    mark: str
    kind: Kind
    why: str = ""
    ids: Mapping[str, int] = field(default_factory=dict)

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

    lesson: Boxed
    plan: Plan
    config: dict[str, Any]
    why: Mapping[str, str]
    numbers: Mapping[str, torch.Tensor]

    def smaller(self, s: Settings) -> Start:
        """The same with half the batch, from the beginning. Raises Stopped where there is no half."""
        batch = choosing.smaller(self.config["batch"], s.processes)
        self.lesson.net.load_state_dict(self.numbers)
        return replace(self, lesson=self.lesson.of(batch), config=self.config | {"batch": batch, "halved": True})


def start(parts: Parts, folder: Folder, s: Settings, begun: float) -> Start:
    """begun: when, by time.monotonic, the time that it may take began. Raises InputError for a run with another net."""
    known, why = folder.asked(), dict[str, str]()
    given, device = settled(known, s), choosing.device(s.device)
    stock, classes, channels = parts.stock, parts.learnt.classes.names, parts.learnt.classes.pictures.channels

    def chosen(name: str, made: Any, reason: str) -> Any:
        """What is given of that name, or what is made, for that reason."""
        if getattr(s, name) is None:
            why[name] = reason
        return given[name] if name in given else made()

    if s.boxes is None:
        why["boxes"] = parts.why
    encoder = chosen("encoder", lambda: weights.installed(ENCODERS), "lite0 where pip's imagenet extra is installed, else eye, which ships")
    side = chosen(
        "side", lambda: _choice.side_for(stock, device, parts.kind), "near the pictures' longer side, as far as the machine bears"
    )
    asked = None if "batch" in known and "batch" in given else s.batch
    reason = "8 on a processor, 16 elsewhere, no more than there are pictures"
    batch = chosen("batch", lambda: choosing.batch_for(len(stock), s.processes, device, asked), reason)
    with torch.random.fork_rng(devices=[]), encoding.ByShape(s.seed):
        net = made(parts.kind, encoder, len(classes), channels, s).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    slow = Recipe.slow if encoding.pretrained(encoder) else 1.0  # what begins with random numbers learns as fast as the rest
    recipe = Recipe(len(classes), batch, s.box_loss, slow=slow, freeze=s.freeze, seed=s.seed)
    lesson = taught_by(parts.kind)(net, stock, parts.judged, recipe, _choice.changes_for(parts.kind, side, s.flips, channels))
    if "steps" in given:
        steps = given["steps"]
        check = given.get("check") or max(1, -(-steps // LOOKS))
    else:
        lesson, steps, check = measured(lesson, folder, device, s, begun)
    if s.steps is None:
        why["steps"] = f"as many as --within={s.within} holds on this machine, measured once"
    plan = Plan(
        steps, s.rate, warm=min(200, max(1, steps // 10)), average=min(0.999, max(0.9, 1 - 10 / steps)), seed=s.seed,
        tell=min(max(1, steps // 100), 100), keep=KEEP, decay=DECAY, check=check, patience=s.patience,
    )  # fmt: skip
    config = {
        "within": s.within, "boxes": parts.kind, "encoder": encoder, "width": s.width, "each": s.each, "classes": list(classes), "channels": channels,
        "batch": lesson.recipe.batch, "side": side, "flips": s.flips, "box_loss": s.box_loss, "freeze": s.freeze, "share": s.share,
        "groups": s.groups, "pictures": str(parts), "followed": [k for k in FOLLOWS if k in why] + ["check"],
    }  # fmt: skip
    if "halved" in known or lesson.recipe.batch != batch:
        config["halved"] = True
    for name in FIXED if folder.begun else ():
        if name in known and known[name] != config[name]:
            raise InputError(
                f"{folder.path} is a run with another {name}: {known[name]}.", "A run keeps its net.", "Choose another folder."
            )
    events.note(said(lesson, plan, encoder, parts.kind))
    return Start(lesson, plan, config, why, {k: v.clone() for k, v in net.state_dict().items()})


def made(kind: Kind, encoder: str, classes: int, channels: int, s: Settings) -> nn.Module:
    """The net of that kind, its encoder with the numbers that it begins with. Raises InputError for more frozen blocks than there are."""
    trunk = encoding.encoded(encoder, channels)
    if s.freeze > len(trunk.taps):
        raise InputError(f"--freeze={s.freeze} is more than all.", f"{encoder} has {len(trunk.taps)} blocks.", "Freeze some of them.")
    if kind == "one":
        return Locator(trunk, classes, channels, s.width, s.each)
    from zorki.nets.detector import Detector

    return Detector(trunk, classes, channels, s.width)


def taught_by(kind: Kind) -> type[Boxed]:
    """The lesson of that kind."""
    if kind == "one":
        return One
    from zorki.wings.locate._many import Many

    return Many


def settled(known: Mapping[str, Any], s: Settings) -> dict[str, Any]:
    """What is asked for, and what nobody asks for but the run has; steps anew where the time is another. A batch that was halved stays so."""
    given = {k: known[k] for k in (*FOLLOWS, "check") if k in known.get("followed", ())}
    if known.get("within", s.within) != s.within:
        given = {k: v for k, v in given.items() if k not in ("steps", "check")}
    given |= {k: v for k in FOLLOWS if (v := getattr(s, k)) is not None}
    if "halved" in known:
        return given | {"batch": known["batch"]}
    return given if s.batch is None else {k: v for k, v in given.items() if k != "batch"}  # it is no more than there are pictures


def measured(lesson: Boxed, folder: Folder, device: str, s: Settings, begun: float) -> tuple[Boxed, int, int]:
    """The lesson with the batch that there is memory for, and by its pace the steps, and those between two looks."""
    within = durations.seconds("--within", s.within)
    batch, pace = _choice.halving(lesson, folder, Plan(rate=s.rate, decay=DECAY), device, s.processes, within)
    steps, check = choosing.planned(within - (time.monotonic() - begun), pace, batch, len(lesson.stock))
    return lesson.of(batch), steps, check


def said(lesson: Boxed, plan: Plan, encoder: str, kind: Kind) -> str:
    turned = {"none": "never mirrored", "sideways": "mirrored sideways", "any": "mirrored and turned any way"}[lesson.changes.flips]
    net = "one box a picture" if kind == "one" else "many boxes a picture"
    return (
        f"It learns from {len(lesson.stock):,} pictures and is judged on {len(lesson.held):,}: up to {plan.steps:,} steps of {lesson.recipe.batch} "
        f"squares of {lesson.changes.side} px, {turned}. The net finds {net}, its encoder is {encoder}."
    )
