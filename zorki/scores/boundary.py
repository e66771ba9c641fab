"""How well outlines are met: the F1 of boundary pixels, within a tolerance.

Source: Csurka, Larlus, Perronnin 2013, section 3: precision is the share of predicted boundary pixels near a true one, recall the reverse.
"""

from __future__ import annotations

import math

import numpy as np

from zorki.core.void import VOID
from zorki.scores.confusion import mean

TOLERANCE = 0.0075  # of the picture's diagonal, as there: 4.5 pixels at 480×360


def boundary_f1(truth: np.ndarray, predicted: np.ndarray, classes: int, tolerance: float = TOLERANCE) -> float:
    """The mean over the classes that are in a picture's truth, 0..1; nan where none has a boundary. Of several pictures take the mean.

    truth, predicted: (h, w) class numbers; truth may be 255 = void. tolerance: of the diagonal.
    """
    return mean(by_class(truth, predicted, classes, tolerance))


def by_class(truth: np.ndarray, predicted: np.ndarray, classes: int, tolerance: float = TOLERANCE) -> np.ndarray:
    """(k,) of one picture; nan for a class that its truth lacks, or that has no boundary there nor in the prediction."""
    truth, predicted = np.asarray(truth), np.where(np.asarray(truth) == VOID, VOID, np.asarray(predicted))
    reach = tolerance * math.hypot(*truth.shape)
    edges, found = edge(truth), edge(predicted)
    out = np.full(classes, np.nan)
    for c in np.unique(truth[truth < classes]):
        a, b = edges & (truth == c), found & (predicted == c)
        if a.any() or b.any():
            out[c] = f1(a, b, reach)
    return out


def edge(labels: np.ndarray) -> np.ndarray:
    """(h, w): pixels with one of another class beside, above or below. Void has no edge and makes none."""
    out = np.zeros(labels.shape, bool)
    for a, b in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = (labels[a] != labels[b]) & (labels[a] != VOID) & (labels[b] != VOID)
        out[a] |= differ
        out[b] |= differ
    return out


def f1(true: np.ndarray, found: np.ndarray, reach: float) -> float:
    """Of two sets of pixels, (h, w) each."""
    if not true.any() or not found.any():
        return 0.0
    precision = float(near(true, reach)[found].mean())
    recall = float(near(found, reach)[true].mean())
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def near(pixels: np.ndarray, reach: float) -> np.ndarray:
    """(h, w): what is at most `reach` pixels from one of these, by rows: for each step up or down what is near enough beside."""
    beside = along_rows(pixels)
    out = beside <= math.floor(reach)
    for up in range(1, min(math.floor(reach), len(pixels) - 1) + 1):
        close = beside <= math.floor(math.sqrt(reach * reach - up * up))
        out[up:] |= close[:-up]
        out[:-up] |= close[up:]
    return out


def along_rows(pixels: np.ndarray) -> np.ndarray:
    """(h, w) int32: how far the nearest of these is in the same row; more than any row where there is none."""
    columns = np.arange(pixels.shape[1], dtype=np.int32)
    far = np.int32(1 << 20)
    left = np.maximum.accumulate(np.where(pixels, columns, -far), axis=1)
    right = np.minimum.accumulate(np.where(pixels, columns, 2 * far)[:, ::-1], axis=1)[:, ::-1]
    return np.minimum(columns - left, right - columns)
