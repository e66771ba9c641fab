"""Whether a detector learnt anything: beside guesses that see no picture, of the boxes that it learnt from, and beside its own answers to other pictures.

Source: Efron, Tibshirani 1993 (intervals over pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from zorki.core import events
from zorki.locating import guessing
from zorki.locating.pictured import sized
from zorki.scores.average_precision import Ranked
from zorki.scores.bootstrap import drawn, middle
from zorki.scores.boxes import iou
from zorki.wings.locate._learnt import Verdict
from zorki.wings.locate._many import detected
from zorki.wings.locate._stock import OfStock, Stock

MET, LEAST, BOUNDS = (
    0.5,
    0.3,
    (0.02, 0.8),
)  # IoU from which a box is found; what is shown where nothing was; scores from which something is shown
MOST, SHIFTS = 200, 3  # pictures looked at; other pictures whose answers are tried
Found = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]  # boxes (n, 4) in shares of the picture's sides, scores (n,), classes (n,)


def verdict(net: nn.Module, stock: Stock, held: Stock, side: int) -> Verdict:
    """stock: what was learnt from; held: what was not; of very many pictures some, evenly apart."""
    said = dict[int, Found]()
    for i in range(0, len(held), max(1, len(held) // MOST)):
        boxes, sure, labels = detected(net, held[i][0], side)
        said[i] = boxes / sized(held[i][0].shape), sure, labels
        events.tell("judging", i + 1, len(held))
    classes = 1 + max(int(one[2].max(initial=0)) for examples in (stock, held) for one in some(examples))
    classes = max([classes, *(1 + int(labels.max(initial=0)) for _, _, labels in said.values())])
    order = list(said)
    shifts = sorted({round(s) for s in np.linspace(1, len(order) - 1, min(SHIFTS, len(order) - 1))}) if len(order) > 1 else []
    other = [{i: said[order[(at + s) % len(order)]] for at, i in enumerate(order)} for s in shifts]
    guesses = [dict.fromkeys(order, guess) for guess in blind(stock)]
    often = np.concatenate([np.ones((1, len(order)), np.int64), drawn(len(order))])
    own, *beside = (means(held, one, classes, often) for one in (said, *other, *guesses))
    by_chance = [max(some, key=lambda one: float(one[0, 0])) for some in (beside[: len(other)], beside[len(other) :]) if some]
    better = all(surely(own, one) for one in by_chance) and own[0, 0] > 0
    spans = {name: middle(own[1:, k]) if len(order) > 1 else (np.nan, np.nan) for k, name in enumerate(("map50", "map"))}
    others = named(by_chance[0]) if other else {}
    return Verdict(len(order), named(own), spans, {}, named(by_chance[-1]), others, bool(better), fair(held, said))


def fair(held: Stock, said: Mapping[int, Found]) -> float:
    """From which score on detections are to be shown: there the harmonic mean of what is found of the true boxes and of what is right of the shown ones is largest, over all
    classes together. Between the least score that is still shown and the next one, in hundredths, within BOUNDS."""
    scores, right, boxes = list[float](), list[bool](), 0
    for i, (shares, sure, labels) in said.items():
        picture, true, of = held[i]
        boxes += len(of)
        found = shares * sized(picture.shape)
        lies = iou(torch.from_numpy(found[:, None]).double(), torch.from_numpy(true).double()).numpy()
        lies[labels[:, None] != of] = 0
        for k in np.argsort(-sure, kind="stable"):
            best = int(lies[k].argmax()) if len(of) else -1
            met = best >= 0 and lies[k, best] >= MET
            if met:
                lies[:, best] = 0  # a box is found once
            scores.append(float(sure[k]))
            right.append(met)
    if not any(right):
        return LEAST
    order = np.argsort(-np.array(scores), kind="stable")
    ranked = np.array(scores)[order]
    share = 2 * np.cumsum(np.array(right)[order]) / (np.arange(1, len(order) + 1) + boxes)
    at = int(share.argmax())
    behind = ranked[at + 1] if at + 1 < len(ranked) else ranked[at]
    return round(float(np.clip((ranked[at] + behind) / 2, *BOUNDS)), 2)


def some(stock: Stock) -> list[Any]:
    return [stock[i] for i in range(0, len(stock), max(1, len(stock) // MOST))]


def blind(stock: Stock) -> list[Found]:
    """What can be said without a picture, as the report shows it."""
    every = guessing.guesses(OfStock(stock), "many", learnt=True).values()
    return [(guess.boxes, guess.scores, guess.labels) for some in every for guess in some]


def means(held: Stock, said: Mapping[int, Found], classes: int, often: NDArray[np.int64]) -> NDArray[np.float64]:
    """(rounds, 2): mAP at an IoU of 0.5 and over all, where pictures count so often; classes that are in no picture of a round are in no mean."""
    ranked = Ranked(classes)
    for i, (boxes, sure, labels) in said.items():
        picture, true, of = held[i]
        ranked.add(boxes * sized(picture.shape), sure, labels, true, of)
    found = ranked.precision(often)
    there = ~np.isnan(found[:, :, 0])
    count = there.sum(1).clip(1)
    return np.stack([np.nansum(one, 1) / count for one in (found[:, :, 0], found.mean(2))], 1)


def surely(one: NDArray[np.float64], two: NDArray[np.float64]) -> bool:
    """Whether the first has the higher mAP, also with other pictures of the kind (95 %)."""
    low, _ = middle((one - two)[1:, 0])
    return bool(one[0, 0] > two[0, 0]) and (np.isnan(low) or low > 0)


def named(rounds: NDArray[np.float64]) -> dict[str, float]:
    return {"map50": float(rounds[0, 0]), "map": float(rounds[0, 1])}
