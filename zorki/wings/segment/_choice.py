"""What nobody said follows from the data: the squares' side, which ways up pictures have, what classes weigh; and how long a step and a look take."""

from __future__ import annotations

import copy
import math
import time

import numpy as np

from zorki import scores
from zorki.train import Folder, Plan, choosing
from zorki.wings.segment._augment import Flips
from zorki.wings.segment._lesson import Pixels, predictions
from zorki.wings.segment._stock import Stock

SIDES, SOME = {"cpu": 256, "other": 512}, 24  # the most of a square's side; pictures looked at to choose


def side_for(stock: Stock, device: str) -> int:
    """A multiple of 32 near the pictures' shorter side, as far as the device bears."""
    short = np.median([min(stock[i][0].shape[:2]) for i in some(stock)])
    return int(np.clip(round(short / 32) * 32, 32, SIDES.get(device, SIDES["other"])))


def some(stock: Stock) -> list[int]:
    return sorted({round(i) for i in np.linspace(0, len(stock) - 1, min(SOME, len(stock)))})


def flips_for(stock: Stock) -> Flips:
    """ "any" where neither classes nor light lie higher or lower in the pictures, by more than chance; else "sideways".

    Of each picture the difference of the upper and the lower half; their mean against its own error (a t of less than 2.5 for all of them).
    """
    apart = []
    for i in some(stock):
        picture, maps = stock[i]
        half = len(picture) // 2
        if not half:
            continue
        counts = [np.bincount(part.reshape(-1), minlength=256)[:255] / part.size for part in (maps[0][:half], maps[0][-half:])]
        light = [float(part.mean()) / (255 if picture.dtype == np.uint8 else 1) for part in (picture[:half], picture[-half:])]
        apart.append(np.append(counts[0] - counts[1], light[0] - light[1]))
    if len(apart) < 8:
        return "sideways"
    each = np.array(apart)
    error = each.std(0, ddof=1) / math.sqrt(len(each))
    return "any" if bool((np.abs(each.mean(0)) < 2.5 * error + 1e-3).all()) else "sideways"


def halving(lesson: Pixels, folder: Folder, plan: Plan, device: str, processes: int, within: float) -> tuple[int, choosing.Pace]:
    """The batch that there is memory for, as `choosing.halving` finds it, and its pace."""
    batch, step = choosing.halving(lesson.of, lesson.recipe.batch, folder, plan, device, processes, within)
    few = Stock([lesson.held.examples[i] for i in some(lesson.held)[:4]])
    net = copy.deepcopy(lesson.net).to(device)
    begun = time.perf_counter()
    for _ in predictions(net, few):
        pass
    return batch, choosing.Pace(step, (time.perf_counter() - begun) / len(few) * len(lesson.held))


def weights_for(stock: Stock, classes: int, how: str) -> tuple[float, ...]:
    """Of the classes, by their pixels in the masks; none where all are to weigh alike."""
    if how == "none":
        return ()
    counts = np.stack([scores.weighting.pixels(stock[i][1][0], classes) for i in range(len(stock))])
    found = scores.weighting.median_frequency(counts) if how == "median" else scores.weighting.enet(counts)
    return tuple(float(v) for v in found)
