"""What nobody said follows from the data and from the time: the squares' side, the batch, which ways up pictures have, and how many steps."""

from __future__ import annotations

import copy
import math
import time
from dataclasses import dataclass

import numpy as np
import torch

from zorki import scores
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.train import Folder, Plan, out_of_memory
from zorki.train.pace import measured
from zorki.wings.segment._augment import Flips
from zorki.wings.segment._lesson import Pixels, predictions
from zorki.wings.segment._stock import Stock

SIDES, BATCH = {"cpu": 256, "other": 512}, {"cpu": 8, "other": 16}  # the most of a square's side, and how many a step
FEW, SOME, LOOKS = 20, 24, (1, 25)  # steps at least; pictures looked at to choose; how often it is judged on the way
JUDGING = 0.15  # share of the time that may go into being judged on the way
MEASURING = 0.1  # and into measuring, where steps are slow
EPOCHS, ENOUGH = 300, 2000  # of the pictures at most, but so many steps always


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


def halving(lesson: Pixels, folder: Folder, plan: Plan, device: str, processes: int, within: float) -> tuple[int, Pace]:
    """The batch that there is memory for, halved as often as needed, which is said, and its pace. Raises Stopped where not even one square fits."""
    batch = lesson.recipe.batch
    while True:
        try:
            step = measured(lesson.of(max(1, batch // processes)), folder, plan, device, MEASURING * within)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        batch = smaller(batch, processes)
    few = Stock([lesson.held.examples[i] for i in some(lesson.held)[:4]])
    net = copy.deepcopy(lesson.net).to(device)
    begun = time.perf_counter()
    for _ in predictions(net, few):
        pass
    return batch, Pace(step, (time.perf_counter() - begun) / len(few) * len(lesson.held))


def smaller(batch: int, processes: int) -> int:
    """Half of it, said. Raises Stopped where there is no half."""
    half = batch // 2 // processes * processes
    if not half:
        raise Stopped("There is not enough memory for one square a step.", "What was learnt is kept.", "Give a smaller --side=N.")
    events.note(f"{batch} squares a step do not fit into memory: it learns from {half} a step.")
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


def device(asked: str) -> str:
    """As torch names it. Raises InputError for one that is not here."""
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


def weights_for(stock: Stock, classes: int, how: str) -> tuple[float, ...]:
    """Of the classes, by their pixels in the masks; none where all are to weigh alike."""
    if how == "none":
        return ()
    counts = np.stack([scores.weighting.pixels(stock[i][1][0], classes) for i in range(len(stock))])
    found = scores.weighting.median_frequency(counts) if how == "median" else scores.weighting.enet(counts)
    return tuple(float(v) for v in found)
