"""From pictures with masks and options to a lesson and its plan."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from zorki import encoding
from zorki.segmenting.beginning import begun as beginning
from zorki.train import Folder, setup
from zorki.wings.segment import _choice
from zorki.wings.segment._augment import Changes
from zorki.wings.segment._lesson import Pixels, Recipe
from zorki.wings.segment._stock import Stock

if TYPE_CHECKING:
    from zorki.segmenting.sets import Set
    from zorki.wings.segment.train import Settings

FOLLOWS = ("encoder", "side", "batch", "flips", "steps")  # options that, where nobody gives them, follow from the data and the time
FIXED = ("net", "encoder", "width", "classes", "channels")  # what makes the net, which a run keeps
WORDS = setup.WORDS | {"classes": "what the masks tell apart"}


@dataclass(frozen=True)
class Parts(setup.Parts):
    """Pictures with masks."""

    of = Stock
    learnt: Set
    held: Set


def start(parts: Parts, folder: Folder, s: Settings, begun: float, look: int | None = None) -> setup.Start:
    """begun, look: as `Decided.start` takes them, which raises InputError for a run with another net."""
    decided, stock, table = setup.Decided(folder, s, FOLLOWS), parts.stock, parts.learnt.table
    classes, channels = len(table.names), table.pictures.channels
    encoder, side = decided.encoder(), decided.chosen("side", lambda: _choice.side_for(stock, decided.device), _choice.SIDE)
    flips = decided.chosen("flips", lambda: _choice.flips_for(stock), _choice.FLIPS)
    batch = decided.batch(len(stock))
    with torch.random.fork_rng(devices=[]), encoding.ByShape(s.seed):
        net = beginning(s.net, encoder, classes, channels, s.width).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    weights = _choice.weights_for(stock, classes, s.class_weights)
    recipe = Recipe(classes, batch, setup.slow(encoder), s.seed, s.loss, weights)
    lesson = Pixels(net, stock, parts.judged, recipe, Changes(side, flips=flips, colour=0.5 if channels == 3 else 0.0))
    config = {
        "within": s.within, "net": s.net, "encoder": encoder, "width": s.width, "classes": list(table.names), "channels": channels, "batch": batch,
        "side": side, "flips": flips, "loss": s.loss, "class_weights": s.class_weights,
    }  # fmt: skip
    return decided.start(parts, lesson, config, FIXED, f"The net is {s.net}, its encoder {encoder}.", begun, look)
