"""What was found in one picture, held against what is true of it.

Source: Russakovsky et al. 2015, section 4 (class and box right together); Kirillov et al. 2019 (panoptic quality, of boxes: what orders the pictures).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zorki.scores.average_precision import iou, matched

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Kind = Literal["one", "many"]
HALF = 0.5  # IoU from which a box is found; with one box a picture, beyond which it is right
COUNTED = ("boxes", "named", "lies", "both", "shown", "right")  # what is added up over pictures


@dataclass(frozen=True, eq=False)
class OfPicture:
    """name, hw: of the picture. true: (m, 4) boxes, of: (m,) their classes. boxes, scores, labels: (n, …) of all detections, the surest first; those
    from a score of `least` on are shown to whoever predicts. kind: of the net."""

    name: str
    hw: tuple[int, int]
    true: Floats
    of: Numbers
    boxes: Floats
    scores: Floats
    labels: Numbers
    least: float
    kind: Kind

    @cached_property
    def shown(self) -> NDArray[np.bool_]:
        """(n,): which of the detections are."""
        return self.scores >= self.least

    @cached_property
    def overlaps(self) -> Floats:
        """(shown, m) IoU."""
        return iou(self.boxes[self.shown], self.true)

    @cached_property
    def lies(self) -> Floats:
        """(m,): of each true box the IoU of the detection that lies best on it, of whatever class; 0 where there is none."""
        return np.asarray(self.overlaps.max(0, initial=0))

    @cached_property
    def named(self) -> NDArray[np.bool_]:
        """(m,): whether that detection has the right class. Of many it must lie there, by an IoU of a half; the one box of a net is asked for its class alone."""
        if not len(self.overlaps):
            return np.zeros(len(self.of), bool)
        right = self.labels[self.shown][self.overlaps.argmax(0)] == self.of
        return np.asarray(right if self.kind == "one" else right & (self.lies >= HALF))

    @cached_property
    def both(self) -> NDArray[np.bool_]:
        """(m,): whether a detection of the right class lies there: by an IoU of more than a half, or, of many, of a half."""
        there = self.overlaps > HALF if self.kind == "one" else self.overlaps >= HALF
        return np.asarray((there & (self.labels[self.shown][:, None] == self.of)).any(0))

    @cached_property
    def taken(self) -> Numbers:
        """(shown,): the true box of its class that each detection has found, each once, the surest first; −1 of one that is wrong."""
        out, labels = np.full(len(self.overlaps), -1, np.int64), self.labels[self.shown]
        for k in np.unique(labels):
            mine, theirs = np.flatnonzero(labels == k), np.flatnonzero(self.of == k)
            at = matched(self.overlaps[np.ix_(mine, theirs)], [HALF])[0]
            out[mine[at >= 0]] = theirs[at[at >= 0]]
        return out

    @property
    def counts(self) -> Floats:
        """COUNTED: true boxes, those whose class was told, their best IoUs added up, those of which class and box are right; detections shown, and right ones."""
        right = int((self.taken >= 0).sum())
        return np.array([len(self.of), self.named.sum(), self.lies.sum(), self.both.sum(), len(self.taken), right], np.float64)

    @cached_property
    def quality(self) -> float:
        """0..1: the IoUs of what was found and is true, over what was found, is true, or both, the mean of the two; 1 where nothing is and nothing was found."""
        right = np.flatnonzero(self.taken >= 0)
        missed, wrong = len(self.of) - len(right), len(self.taken) - len(right)
        below = len(right) + (missed + wrong) / 2
        return float(self.overlaps[right, self.taken[right]].sum() / below) if below else 1.0

    @property
    def mean_iou(self) -> float:
        """Of its true boxes; nan where there is none."""
        return float(self.lies.mean()) if len(self.lies) else float("nan")


def sized(hw: Sequence[int]) -> Floats:
    """(4,): height and width of a picture as what makes pixels of shares, left, top, width, height."""
    return np.array([hw[1], hw[0]] * 2, np.float64)
