"""How often each class was taken for each: the matrix that all figures of a segmentation come from.

Source: Long, Shelhamer, Darrell 2015, section 5. A class that is neither in the truth nor in the prediction is absent (nan) and in no mean;
one that is predicted and never true has an IoU of 0, which counts.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.core.void import VOID

BLOCK = 1 << 18  # pixels counted at once, so that what is made on the way stays in the cache


def mious(each: np.ndarray, often: np.ndarray) -> np.ndarray:
    """(rounds,): the mIoU of pictures' matrices (n, k, k) added up, each as often as a round has it (rounds, n); nan where nothing is there."""
    k, flat = each.shape[-1], each.reshape(len(each), -1).astype(np.float64)
    out = []
    for some in np.array_split(often, max(1, len(often) * k * k // BLOCK)):
        sums = (some @ flat).reshape(-1, k, k)
        right = np.diagonal(sums, axis1=1, axis2=2)
        iou = divided(right, sums.sum(1) + sums.sum(2) - right)
        there = ~np.isnan(iou)
        out.append(divided(np.where(there, iou, 0).sum(1), there.sum(1)))
    return np.concatenate(out)


class Confusion:
    """`matrix` (k, k) int64: pixels by their true class (row) and the predicted one (column). `void`: pixels whose truth is void, which count
    in nothing else.

    Add up one over a whole set, at the pictures' own size: a mean of pictures' IoUs is another figure.
    """

    def __init__(self, classes: int, matrix: np.ndarray | None = None, void: int = 0) -> None:
        if not 1 <= classes <= VOID:
            raise InputError(f"There are {classes} classes.", f"A mask tells from 1 to {VOID}.", "Put some of them together.")
        self.classes, self.void = classes, void
        self.matrix: np.ndarray = np.zeros((classes, classes), np.int64) if matrix is None else np.asarray(matrix, np.int64)

    def add(self, truth: Any, predicted: Any) -> Confusion:
        """Counts pixels of arrays or tensors of whole numbers, alike in shape; truth may be 255 = void. Gives itself.

        Raises InputError for other shapes, and for numbers that are no class; nothing is counted then.
        """
        t, p = whole(truth), whole(predicted)
        if t.shape != p.shape:
            raise InputError(
                f"The truth is {t.shape} and the prediction {p.shape}.", "They are of one size.", "Predict at the truth's size."
            )
        t, p, k = t.reshape(-1), p.reshape(-1), self.classes
        counts = np.zeros((k + 1) * k, np.int64)
        for start in range(0, t.size, BLOCK):
            rows, columns = t[start : start + BLOCK].astype(np.intp), p[start : start + BLOCK].astype(np.intp)
            check(rows[((rows < 0) | (rows >= k)) & (rows != VOID)], k, "truth")
            check(columns[(columns < 0) | (columns >= k)], k, "prediction")
            rows[rows == VOID] = k
            counts += np.bincount(rows * k + columns, minlength=counts.size)
        counted = counts.reshape(k + 1, k)
        self.matrix, self.void = self.matrix + counted[:k], self.void + int(counted[k].sum())
        return self

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(self.classes, self.matrix + other.matrix, self.void + other.void)

    def iou(self) -> np.ndarray:
        """(k,): intersection over union."""
        return divided(self.right, self.true + self.predicted - self.right)

    def dice(self) -> np.ndarray:
        """(k,): twice the intersection over the sum; the F1 of pixels."""
        return divided(2 * self.right, self.true + self.predicted)

    def recall(self) -> np.ndarray:
        """(k,): the share of a class's pixels that was found; nan where it has none."""
        return divided(self.right, self.true)

    def precision(self) -> np.ndarray:
        """(k,): the share of what was taken for a class that is of it; nan where nothing was."""
        return divided(self.right, self.predicted)

    @property
    def right(self) -> np.ndarray:
        """(k,): pixels of each class that were found."""
        return np.diag(self.matrix)

    @property
    def true(self) -> np.ndarray:
        """(k,): pixels of each class."""
        return np.asarray(self.matrix.sum(1))

    @property
    def predicted(self) -> np.ndarray:
        """(k,): pixels taken for each class."""
        return np.asarray(self.matrix.sum(0))

    @property
    def miou(self) -> float:
        """The mean of the IoUs of classes that are there."""
        return mean(self.iou())

    @property
    def pixel_accuracy(self) -> float:
        """The share of pixels that are right."""
        return float(divided(self.right.sum(), self.matrix.sum()))

    @property
    def mean_accuracy(self) -> float:
        """The mean of the recalls of classes that are true somewhere."""
        return mean(self.recall())

    @property
    def fw_iou(self) -> float:
        """The mean of the IoUs, each weighing what its class has of the pixels."""
        return float(divided(np.nansum(self.iou() * self.true), self.matrix.sum()))

    def mean_dice(self, background: bool = False) -> float:
        """The mean of the Dice of classes that are there. background: the first class is one, and is left out."""
        return mean(self.dice()[int(background) :])

    @property
    def void_share(self) -> float:
        """The share of pixels that count nowhere."""
        return float(divided(self.void, self.matrix.sum() + self.void))


def whole(numbers: Any) -> np.ndarray:
    """The class numbers of an array or a tensor, wherever it is. Raises InputError for what is not whole."""
    found = np.asarray(numbers.detach().cpu() if hasattr(numbers, "detach") else numbers)
    if found.dtype.kind not in "iub":
        raise InputError(
            f"These are numbers of type {found.dtype}.", "Class numbers are whole.", "Take the largest of the probabilities first."
        )
    return found


def check(wrong: np.ndarray, classes: int, what: str) -> None:
    """Raises InputError where there is a number that is no class."""
    if wrong.size:
        raise InputError(
            f"The {what} holds the value {int(wrong[0])}.",
            f"There are the classes 0 to {classes - 1}.",
            "Look which class each value stands for.",
        )


def divided(above: Any, below: Any) -> np.ndarray:
    """above / below in float64; nan where there is nothing to divide by."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=np.asarray(below) > 0))


def mean(each: np.ndarray) -> float:
    """The mean of what is not nan; nan where that is nothing."""
    there = each[~np.isnan(each)]
    return float(there.mean()) if there.size else float("nan")
