"""Whether a net of one box learnt anything: beside the commonest class with a box that is always the same, and beside its own answers to other pictures.

Source: Efron, Tibshirani 1993 (intervals over pictures).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from torch import nn

from zorki import scores
from zorki.locating import guessing
from zorki.wings.locate import _one
from zorki.wings.locate._learnt import Verdict
from zorki.wings.locate._one import Answer
from zorki.wings.locate._stock import OfStock, Stock

MOST, SHIFTS = 500, 3  # pictures looked at; other pictures whose answers are tried
FIGURES = ("accuracy", "mean_iou", "class_and_iou50")
WHOLE = (0.0, 0.0, 1.0, 1.0)


def verdict(net: nn.Module, stock: Stock, held: Stock, side: int) -> Verdict:
    """stock: what was learnt from; held: what was not; of very many pictures some, evenly apart. Pictures without a box are not asked about."""
    said = dict(_one.answers(net, held, side, every=max(1, len(held) // MOST)))
    truths = {i: (_one.shares(held[i][0], held[i][1][0]), int(held[i][2][0])) for i in said if len(held[i][2])}
    own = of({i: said[i] for i in truths}, truths)
    guesses = [of(dict.fromkeys(truths, guess), truths) for guess in blind(stock)]
    guess = max(guesses, key=lambda one: float(worth(one).mean()))
    bare = of({i: Answer(said[i].label, said[i].score, WHOLE) for i in truths}, truths)
    better, others = surely(own, guess), swapped(said, truths)
    if others is not None:
        better = better and surely(own, others)
    spans = {name: scores.interval(own[:, k]) for k, name in enumerate(FIGURES)}
    return Verdict(len(own), named(own), spans, named(bare), named(guess), {} if others is None else named(others), better)


Truths = Mapping[int, tuple[NDArray[np.float64], int]]


def of(answers: Mapping[int, Answer], truths: Truths) -> NDArray[np.float64]:
    """(n, 3): of each picture whether its class is right, the box's IoU, whether both are right."""
    return np.array([_one.against(answers[i], box, label) for i, (box, label) in truths.items()], np.float64).reshape(-1, 3)


def named(each: NDArray[np.float64]) -> dict[str, float]:
    means = each.mean(0) if len(each) else np.zeros(3)
    return dict(zip(FIGURES, map(float, means), strict=True))


def worth(each: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n,): half for the class, half for the box."""
    half: NDArray[np.float64] = each[:, :2].mean(1)
    return half


def surely(one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    """Whether the first of two answers to the same pictures is worth more, also with other pictures of the kind (95 %)."""
    apart = worth(one) - worth(two)
    low, _ = scores.interval(apart)
    return bool(len(apart) and apart.mean() > 0) if np.isnan(low) else low > 0


def blind(stock: Stock) -> list[Answer]:
    """What can be said without a picture, as the report shows it."""
    every = guessing.guesses(OfStock(stock), "one", learnt=True).values()
    return [Answer(int(guess.labels[0]), 0.0, tuple(guess.boxes[0].tolist())) for some in every for guess in some]


def swapped(said: Mapping[int, Answer], truths: Truths) -> NDArray[np.float64] | None:
    """Of each picture's truth beside answers to some others, the mean; None where there is no other."""
    order = list(truths)
    shifts = sorted({round(s) for s in np.linspace(1, len(order) - 1, min(SHIFTS, len(order) - 1))}) if len(order) > 1 else []
    if not shifts:
        return None
    every = [of({i: said[order[(at + s) % len(order)]] for at, i in enumerate(order)}, truths) for s in shifts]
    return np.mean(every, 0)  # type: ignore[no-any-return]
