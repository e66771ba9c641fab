"""Whether anything was learnt: the net beside guesses that look at no picture, and beside its own answers to other pictures.

Source: Efron, Tibshirani 1993 (intervals over pictures).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from zorki import scores
from zorki.wings.segment._lesson import predictions
from zorki.wings.segment._stock import Stock

GRID, MOST, SHIFTS = 24, 200, 3  # fields of a side of the prior; pictures looked at; other pictures whose answers are tried


@dataclass(frozen=True)
class Verdict:
    """On `pictures` that were not learnt from: the net's mIoU with its interval, mean Dice, pixel accuracy; the mIoU of the best guess that sees no picture and of
    the net's answers to other pictures (nan for one picture alone). learnt: whether it is better than both by more than chance.
    """

    pictures: int
    miou: float
    low: float
    high: float
    dice: float
    accuracy: float
    iou: tuple[float, ...]
    guess: float
    others: float
    learnt: bool

    def plain(self) -> dict[str, Any]:
        """For --json: numbers, and none for what is absent."""
        said = {k: None if isinstance(v, float) and np.isnan(v) else v for k, v in asdict(self).items()}
        return said | {"iou": [None if np.isnan(v) else float(v) for v in self.iou]}

    def sentence(self) -> str:
        """For the person, where nothing was learnt."""
        blind = f"a guess that sees no picture has {self.guess:.3f}"
        other = "" if np.isnan(self.others) else f", its own answers to other pictures {self.others:.3f}"
        return (
            f"Nothing was learnt: on {self.pictures} pictures that it has not seen its mIoU is {self.miou:.3f}, {blind}{other}. "
            "Look whether each mask is that of its picture, or give it longer."
        )


Answers = Mapping[int, NDArray[np.uint8]]  # of pictures, by their numbers, the class of each pixel


def answered(net: nn.Module, held: Stock) -> Answers:
    """The net's answers to what was not learnt from; of very many pictures to some, evenly apart."""
    return dict(predictions(net, held, every=max(1, len(held) // MOST)))


def verdict(answers: Answers, stock: Stock, held: Stock, classes: int) -> Verdict:
    """stock: what was learnt from; held: what was not."""
    own = np.stack([matrix(held[i][1][0], answers[i], classes) for i in answers])
    guesses = [np.stack([matrix(held[i][1][0], resized(g, answers[i].shape), classes) for i in answers]) for g in blind(stock, classes)]
    guess = max(guesses, key=lambda m: miou(m))
    found = scores.Confusion(classes, own.sum(0))
    low, high = scores.interval(own, miou)
    better, shifted = surely(own, guess), swapped(held, answers, classes)
    if shifted is not None:
        better = better and surely(own, shifted)
    return Verdict(
        len(own), found.miou, low, high, found.mean_dice(background=classes == 2), found.pixel_accuracy, tuple(found.iou()), miou(guess),
        float("nan") if shifted is None else miou(shifted), better,
    )  # fmt: skip


def miou(matrices: NDArray[np.int64]) -> float:
    return scores.Confusion(matrices.shape[-1], matrices.sum(0)).miou


def matrix(truth: NDArray[np.uint8], predicted: NDArray[np.uint8], classes: int) -> NDArray[np.int64]:
    return scores.Confusion(classes).add(truth, predicted).matrix


def surely(one: NDArray[np.int64], two: NDArray[np.int64]) -> bool:
    """Whether the first of two answers to the same pictures has the higher mIoU, also with other pictures of the kind (95 %)."""
    low, _ = scores.interval(np.stack([one, two], 1), lambda m: miou(m[:, 0]) - miou(m[:, 1]))
    return miou(one) > miou(two) if np.isnan(low) else low > 0


def blind(stock: Stock, classes: int) -> list[NDArray[np.uint8]]:
    """What masks are without their pictures: each class everywhere, and at each place the one that is most often there."""
    often = np.zeros((classes, GRID, GRID))
    for i in range(0, len(stock), max(1, len(stock) // MOST)):
        numbers = resized(stock[i][1][0], (GRID, GRID))
        often += numbers == np.arange(classes)[:, None, None]
    everywhere = [np.full((1, 1), k, np.uint8) for k in range(classes)]
    return [*everywhere, often.argmax(0).astype(np.uint8)]


def swapped(held: Stock, answers: Answers, classes: int) -> NDArray[np.int64] | None:
    """Of each picture's truth beside answers to some others; None where there is no other."""
    order = list(answers)
    shifts = sorted({round(s) for s in np.linspace(1, len(order) - 1, min(SHIFTS, len(order) - 1))})
    if not shifts:
        return None
    out = []
    for at, i in enumerate(order):
        truth = held[i][1][0]
        out.append(sum(matrix(truth, resized(answers[order[(at + s) % len(order)]], truth.shape), classes) for s in shifts))
    return np.stack(out)


def resized(numbers: NDArray[np.uint8], hw: tuple[int, ...]) -> NDArray[np.uint8]:
    """By nearest."""
    rows, columns = ((np.arange(n) * old) // n for n, old in zip(hw, numbers.shape, strict=True))
    found: NDArray[np.uint8] = numbers[rows[:, None], columns]
    return found
