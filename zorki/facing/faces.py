"""A face in a photo: where it is, where its eyes, nose and mouth are, and which expression people would name in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zorki.facing.emotions import EMOTIONS as EMOTIONS

Floats = npt.NDArray[np.float64]
DIGITS = 6  # of a score


@dataclass(frozen=True, eq=False)
class Face:
    """box: left, top, width, height in pixels of the upright photo, as the detector said it, inside the photo; score: how sure it is, 1 of a box that a person gave.
    points: (5, 2) x and y of the eye that is left in the photo, the other eye, the nose, the mouth's left and right corner; None of a box that a person gave.
    shares: of each of EMOTIONS, in 0..1, together 1; None before it was asked."""

    box: tuple[float, float, float, float]
    score: float = 1.0
    points: Floats | None = None
    shares: tuple[float, ...] | None = None

    @property
    def area(self) -> float:
        return self.box[2] * self.box[3]

    @property
    def rectangle(self) -> dict[str, int]:
        """left, top, width, height in whole pixels, at least one each way."""
        x, y, w, h = self.box
        left, top = round(x), round(y)
        return {"left": left, "top": top, "width": max(1, round(x + w) - left), "height": max(1, round(y + h) - top)}

    @property
    def scores(self) -> dict[str, float]:
        """Of each of EMOTIONS, rounded so that they are together 1. Raises ValueError before it was asked."""
        if self.shares is None:
            raise ValueError("this face was not asked for its expression")
        return dict(zip(EMOTIONS, rounded(self.shares), strict=True))

    @property
    def emotion(self) -> str:
        """The likeliest."""
        return max(self.scores, key=self.scores.__getitem__)

    def answer(self) -> dict[str, Mapping[str, float]]:
        """As the Emotion API said it."""
        return {"faceRectangle": self.rectangle, "scores": self.scores}


def ordered(faces: Iterable[Face]) -> tuple[Face, ...]:
    """The largest rectangle first, as the Emotion API had it; of equal ones the surest."""
    return tuple(sorted(faces, key=lambda f: (-f.rectangle["width"] * f.rectangle["height"], -f.score)))


def rounded(shares: Sequence[float]) -> list[float]:
    """Rounded to DIGITS such that their sum is 1: what rounding leaves goes to those it took most from."""
    ten = 10**DIGITS
    whole = np.asarray(shares, np.float64) / float(sum(shares)) * ten
    out = np.floor(whole)
    out[np.argsort(out - whole, kind="stable")[: round(ten - out.sum())]] += 1
    return [float(v) / ten for v in out]
