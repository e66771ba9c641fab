"""Where several predictions of one picture differ, near the outlines of what is true."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from zorki.core.void import VOID
from zorki.scores.boundary import edge, near

T = TypeVar("T", bound=np.generic)
Labels = npt.NDArray[np.integer]
SIDE, LEAST = 5, 24  # a cut-out's side is a fifth of the shorter side, and at least so many pixels
NEAR = 8  # pixels near an outline are those within an eighth of that


class Window(NamedTuple):
    """A square of a picture, in pixels."""

    top: int
    left: int
    side: int

    def cut(self, x: npt.NDArray[T]) -> npt.NDArray[T]:
        """Of (h, w, …)."""
        return x[self.top : self.top + self.side, self.left : self.left + self.side]


def window(truth: Labels, predicted: Sequence[Labels]) -> Window:
    """The square in which predictions differ most in being right, counted near outlines of the truth (of which there may be none: then everywhere).

    A pixel counts most where half of them are right: p (1 − p), p being the share that is. truth, predicted: (h, w); void counts nowhere.
    """
    h, w = truth.shape
    side = min(h, w, max(LEAST, min(h, w) // SIDE))
    right = np.mean([labels == truth for labels in predicted], 0)
    differ = np.where(truth == VOID, 0, right * (1 - right))
    lines = edge(truth)
    if lines.any() and (close := np.where(near(lines, side / NEAR), differ, 0)).any():
        differ = close
    sums = np.pad(differ.cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    inside = sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]
    top, left = np.unravel_index(int(inside.round(9).argmax()), inside.shape)
    return Window(int(top), int(left), side)
