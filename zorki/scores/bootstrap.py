"""How far a figure would move with other pictures of the same kind.

Source: Efron, Tibshirani 1993, chapter 13 (the percentile interval). Pictures are drawn, not pixels, which are not independent. Owen 2007: of what
was trained several times pictures and trainings are drawn, each for themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
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
    return middle(found, level)


def middle(found: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The lower and upper end of the middle part of what was found; nan is not counted."""
    found = found[~np.isnan(found)]
    if not found.size:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def drawn(count: int, rounds: int = 1000, seed: int = 0) -> np.ndarray:
    """(rounds, count): how often each of so many pictures comes when as many are drawn anew. The same for all that is to be compared."""
    return np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), rounds)


def redrawn(trainings: np.ndarray, seed: int = 0) -> np.ndarray:
    """(rounds,): the mean over as many trainings as there are, drawn anew each time. trainings: (n, rounds), each one's figure on the pictures of a round."""
    n, rounds = trainings.shape
    chosen = np.random.default_rng(seed).integers(0, n, (n, rounds))
    return np.asarray(np.take_along_axis(trainings, chosen, 0).mean(0))


def of_groups(values: np.ndarray, groups: Sequence[Hashable]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The means of values (n, …), and the lower and upper ends of their intervals, each of the shape of one: nan counts nowhere. groups: (n,), the picture that each is of;
    pictures are drawn, with all that is of them. Of fewer than two pictures the ends are nan."""
    names = {name: i for i, name in enumerate(dict.fromkeys(groups))}
    of = np.zeros((len(names), len(values)))
    of[[names[name] for name in groups], np.arange(len(values))] = 1
    flat = np.asarray(values, np.float64).reshape(len(values), -1)
    sums, counts = of @ np.nan_to_num(flat), of @ ~np.isnan(flat)

    def ratio(often: np.ndarray) -> np.ndarray:
        below = often @ counts
        return np.asarray(np.divide(often @ sums, below, out=np.full(below.shape, np.nan), where=below > 0))

    mid = ratio(np.ones((1, len(names))))[0]
    if len(names) < 2:
        ends = np.full((2, flat.shape[1]), np.nan)
    else:
        rounds = ratio(drawn(len(names)).astype(np.float64))
        ends = np.array([middle(rounds[:, k]) for k in range(flat.shape[1])]).reshape(-1, 2).T
    shape = np.shape(values)[1:]
    return mid.reshape(shape), ends[0].reshape(shape), ends[1].reshape(shape)
