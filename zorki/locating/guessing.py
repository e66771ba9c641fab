"""What has who sees no picture and says the same of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from zorki.locating.pictured import Floats, Kind, Numbers, OfPicture, sized

WHOLE, MIDDLE, TAKEN = "the whole picture", "the middle box", "the boxes of a picture learnt from"
MOST, TRIED = 500, 3  # pictures that the middle box is of, evenly apart; pictures whose boxes are tried


@dataclass(frozen=True, eq=False)
class Truth:
    """boxes: (n, 4) left, top, width, height of a picture's true boxes in shares of its sides; of: (n,) their classes."""

    boxes: Floats
    of: Numbers


@dataclass(frozen=True, eq=False)
class Guess:
    """boxes: (n, 4) in shares of the sides of whatever picture; labels, scores: (n,)."""

    boxes: Floats
    labels: Numbers
    scores: Floats

    def said(self, one: OfPicture) -> OfPicture:
        """The picture with this in place of what was found."""
        return replace(one, boxes=self.boxes * sized(one.hw), scores=self.scores, labels=self.labels)


def guesses(truths: Sequence[Truth], kind: Kind, learnt: bool) -> Mapping[str, Sequence[Guess]]:
    """By their names; of several the best one counts. truths: of the pictures that were learnt from (learnt), else of those that are judged.

    The most frequent class in a box of the whole picture, or in the middle of all boxes: the median of each side. Of many boxes also those of a picture that was learnt
    from, as they are; of those that are judged each is right once.
    """
    some = [truths[k] for k in range(0, len(truths), max(1, len(truths) // MOST))]
    boxes = np.concatenate([np.zeros((0, 4)), *(one.boxes for one in some)])
    common = int(np.bincount(np.concatenate([np.zeros(0, np.int64), *(one.of for one in some)]), minlength=1).argmax())
    left, top, right, bottom = np.median(np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], 1), 0) if len(boxes) else (0, 0, 1, 1)
    out: dict[str, tuple[Guess, ...]] = {
        WHOLE: (alone((0, 0, 1, 1), common),),
        MIDDLE: (alone((left, top, right - left, bottom - top), common),),
    }
    if kind == "many" and learnt and truths:
        numbers = np.linspace(0, len(truths) - 1, min(TRIED, len(truths))).astype(int).tolist()
        out[TAKEN] = tuple(Guess(truths[k].boxes, truths[k].of, np.linspace(1, 0.5, len(truths[k].of))) for k in numbers)
    return out


def alone(box: tuple[float, float, float, float], label: int) -> Guess:
    return Guess(np.array([box], np.float64), np.array([label]), np.ones(1))
