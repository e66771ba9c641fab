"""What nobody said follows from the data: the squares' side, how they are cut out; and how long a step and a look take."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

import numpy as np

from zorki.train import Folder, Plan, choosing
from zorki.wings.locate._augment import Changes, Flips
from zorki.wings.locate._lesson import Boxed
from zorki.wings.locate._stock import Stock

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["one", "many"]

SIDES = {"one": {"cpu": 160, "other": 224}, "many": {"cpu": 320, "other": 640}}  # the most of a square's side
SOME = 24  # pictures looked at to choose


def side_for(stock: Stock, device: str, kind: Kind) -> int:
    """A multiple of 32 near the pictures' longer side, as far as the device bears."""
    most = SIDES[kind].get(device, SIDES[kind]["other"])
    long = np.median([max(stock[i][0].shape[:2]) for i in some(stock)])
    return int(np.clip(round(long / 32) * 32, 32, most))


def some(stock: Stock) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, len(stock) - 1, min(SOME, len(stock)))})


def changes_for(kind: Kind, side: int, flips: Flips, channels: int) -> Changes:
    """How examples are shown. Of one box all of a picture is brought to a square, and its parts are, as they are when they are predicted."""
    colour = 0.5 if channels == 3 else 0.0
    if kind == "many":
        return Changes(side, flips=flips, colour=colour)
    return Changes(side, "stretch", 0.2, 0.8, 2.0, 1.3, flips, least=0.5, kept=True, colour=colour)


def halving(lesson: Boxed, folder: Folder, plan: Plan, device: str, processes: int, within: float) -> tuple[int, choosing.Pace]:
    """The batch that there is memory for, as `choosing.halving` finds it, and its pace."""
    batch, step = choosing.halving(lesson.of, lesson.recipe.batch, folder, plan, device, processes, within)
    few = Stock([lesson.held.examples[i] for i in some(lesson.held)[:8]])
    look = type(lesson)(lesson.net, lesson.stock, few, lesson.recipe, lesson.changes)
    net = copy.deepcopy(lesson.net).to(device)
    begun = time.perf_counter()
    look.figures(net)
    return batch, choosing.Pace(step, (time.perf_counter() - begun) / len(few) * len(lesson.held))
