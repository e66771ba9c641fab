"""From small to large: the sizes that a painting is worked at, the updates at each, and the time that all will take."""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch

from zorki import lens
from zorki.painting.painter import Painter
from zorki.pixels import sizes

SMALLEST, APART = 320, 1.8  # the first size worked at is no larger; each is at most so many times the one before
FINER = (1.0, 0.67, 0.45, 0.2, 0.1)  # of the steps, at each size


def sizes_of(net: lens.Net, hw: tuple[int, int], longest: int, layers: Sequence[str]) -> list[tuple[int, int]]:
    """Sizes (h, w) worked at for a photo of hw, up to that longest side or its own, small to large."""
    sides = [min(longest, max(hw))]
    while sides[0] > SMALLEST:
        sides.insert(0, round(sides[0] / APART))
    return list(dict.fromkeys(sizes.fitted(net, hw, side, layers) for side in sides))


def steps_of(steps: int, count: int) -> list[int]:
    """Updates at each of `count` sizes."""
    return [max(1, round(steps * FINER[min(k, len(FINER) - 1)])) for k in range(count)]


def foreseen(painter: Painter, picture: torch.Tensor, sizes: Sequence[tuple[int, int]], steps: Sequence[int]) -> float:
    """Seconds that all will take, by a look at the first size; the very first look is longer than all others, so it is not counted."""
    painter.judge(picture)
    began = time.monotonic()
    painter.judge(picture)
    each = (time.monotonic() - began) / (sizes[0][0] * sizes[0][1])
    return each * sum(h * w * count for (h, w), count in zip(sizes, steps, strict=True))
