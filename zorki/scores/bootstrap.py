"""How far a figure would move with other pictures of the same kind.

Source: Efron, Tibshirani 1993, chapter 13 (the percentile interval). Pictures are drawn, not pixels, which are not independent.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def interval(
    per_picture: Any, statistic: Callable[[np.ndarray], float] = np.mean, rounds: int = 1000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Its lower and upper end; nan, nan of fewer than two pictures.

    per_picture: (n, …), what each picture gave: a figure, or for mIoU its confusion matrix. statistic: of such pictures the figure, as
    `lambda m: Confusion(k, m.sum(0)).miou`; a nan is not counted.
    """
    each = np.asarray(per_picture)
    if len(each) < 2:
        return float("nan"), float("nan")
    draw = np.random.default_rng(seed)
    found = np.array([statistic(each[draw.integers(0, len(each), len(each))]) for _ in range(rounds)], np.float64)
    found = found[~np.isnan(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
