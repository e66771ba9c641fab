"""From pictures with boxes and options to a lesson and its plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

from zorki import encoding
from zorki.core.errors import InputError
from zorki.nets.locator import Locator
from zorki.train import Folder, setup
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
WORDS = setup.WORDS | {"classes": "what the boxes tell apart"}


@dataclass(frozen=True)
class Parts(setup.Parts):
    """Pictures with boxes. kind: how many a picture has; why: that kind. ids: the number that the data had for each class."""

    of = Stock
    learnt: Set
    held: Set
    kind: Kind
    why: str = ""
    ids: Mapping[str, int] = field(default_factory=dict)


def start(parts: Parts, folder: Folder, s: Settings, begun: float) -> setup.Start:
    """begun: as `Decided.start` takes it, which raises InputError for a run with another net."""
    decided, stock = setup.Decided(folder, s, FOLLOWS), parts.stock
    names, channels = parts.learnt.classes.names, parts.learnt.classes.pictures.channels
    if s.boxes is None:
        decided.why["boxes"] = parts.why
    encoder, side = decided.encoder(), decided.chosen("side", lambda: _choice.side_for(stock, decided.device, parts.kind), _choice.SIDE)
    batch = decided.batch(len(stock))
    with torch.random.fork_rng(devices=[]), encoding.ByShape(s.seed):
        net = made(parts.kind, encoder, len(names), channels, s).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    recipe = Recipe(len(names), batch, setup.slow(encoder), s.seed, s.box_loss, freeze=s.freeze)
    lesson = taught_by(parts.kind)(net, stock, parts.judged, recipe, _choice.changes_for(parts.kind, side, s.flips, channels))
    config = {
        "within": s.within, "boxes": parts.kind, "encoder": encoder, "width": s.width, "each": s.each, "classes": list(names), "channels": channels,
        "batch": batch, "side": side, "flips": s.flips, "box_loss": s.box_loss, "freeze": s.freeze,
    }  # fmt: skip
    finds = "one box a picture" if parts.kind == "one" else "many boxes a picture"
    return decided.start(parts, lesson, config, FIXED, f"The net finds {finds}, its encoder is {encoder}.", begun)


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
