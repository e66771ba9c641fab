"""What nobody said follows from the data: the squares' side, which ways up pictures have, what classes weigh."""

from __future__ import annotations

import math

import numpy as np

from zorki import scores
from zorki.train import choosing
from zorki.wings.segment._augment import Flips
from zorki.wings.segment._stock import Stock

SIDES = {"cpu": 256, "other": 512}  # the most of a square's side
SIDE = "near the pictures' shorter side, as far as the machine bears"
FLIPS = "any way where neither classes nor light lie higher or lower, else sideways"


def side_for(stock: Stock, device: str) -> int:
    """A multiple of 32 near the pictures' shorter side, as far as the device bears."""
    return choosing.side_near([min(stock[i][0].shape[:2]) for i in choosing.some(stock)], SIDES, device)


def flips_for(stock: Stock) -> Flips:
    """ "any" where neither classes nor light lie higher or lower in the pictures, by more than chance; else "sideways".

    Of each picture the difference of the upper and the lower half; their mean against its own error (a t of less than 2.5 for all of them).
    """
    apart = []
    for i in choosing.some(stock):
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


def weights_for(stock: Stock, classes: int, how: str) -> tuple[float, ...]:
    """Of the classes, by their pixels in the masks; none where all are to weigh alike."""
    if how == "none":
        return ()
    counts = np.stack([scores.weighting.pixels(stock[i][1][0], classes) for i in range(len(stock))])
    found = scores.weighting.median_frequency(counts) if how == "median" else scores.weighting.enet(counts)
    return tuple(float(v) for v in found)
