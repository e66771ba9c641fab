"""How good a segmenter is on labelled pictures: one confusion matrix over all of them, each at its own size.

Source: Long, Shelhamer, Darrell 2015, section 5 (the figures); Csurka, Larlus, Perronnin 2013 (outlines); Guo et al. 2017 (calibration).
Differs: each figure has the interval in which it would lie with other pictures of the same kind, by drawing pictures, not pixels.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from zorki import lens
from zorki.core import events
from zorki.scores import Calibration, Confusion, boundary_f1, interval
from zorki.scores.confusion import mean
from zorki.scores.spelled import Span, rounded
from zorki.segmenting import tiles
from zorki.segmenting.matching import Matched
from zorki.segmenting.predicting import likeliest
from zorki.segmenting.sets import Set

OF_CLASS = "IoU of "


@dataclass(frozen=True, eq=False)
class OfPicture:
    """What came of one picture. miou: the mean over the classes that are in its truth or were predicted, nan where all is void. boundary: the
    F1 of its outlines, nan where it has none; both in 0..1."""

    name: str
    confusion: Confusion
    miou: float
    boundary: float

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        of = self.confusion
        figures = {"miou": self.miou, "pixel_accuracy": of.pixel_accuracy, "boundary_f1": self.boundary, "void_share": of.void_share}
        return {"name": self.name} | {k: rounded(v) for k, v in figures.items()}


@dataclass(frozen=True, eq=False)
class Judged:
    """matched: the classes: first those of the data, which alone count in means, then those that only the net knows. part: what was looked at."""

    matched: Matched
    part: Set
    pictures: tuple[OfPicture, ...]
    calibration: Calibration

    @property
    def names(self) -> tuple[str, ...]:
        """The classes of the data."""
        return self.matched.names[: self.known]

    @property
    def known(self) -> int:
        return self.matched.known

    @cached_property
    def confusion(self) -> Confusion:
        """Of all pictures together."""
        return sum((one.confusion for one in self.pictures), Confusion(len(self.matched.names)))

    @property
    def boundaries(self) -> npt.NDArray[np.float64]:
        """(n,): how well the outlines of each picture are met."""
        return np.array([one.boundary for one in self.pictures], np.float64)

    @property
    def iou(self) -> npt.NDArray[np.float64]:
        """(k,), of the data's classes; nan where a class is neither in the truth nor predicted."""
        return self.confusion.iou()[: self.known]

    @property
    def absent(self) -> tuple[str, ...]:
        """Classes that are in no truth and in no prediction, and so in no mean."""
        return tuple(name for name, iou in zip(self.names, self.iou, strict=True) if np.isnan(iou))

    @property
    def figures(self) -> dict[str, float]:
        """Each in 0..1 (Brier's to 2); nan of what there is nothing of."""
        said = {"boundary_f1": mean(self.boundaries), "void_share": self.confusion.void_share}
        return self.matched.figures(self.confusion) | said | {"ece": self.calibration.ece, "brier": self.calibration.brier}

    @cached_property
    def intervals(self) -> dict[str, Span]:
        """Where 95 of 100 such sets of pictures would put a figure; OF_CLASS + name that of a class's IoU. nan, nan of a single picture."""
        each = np.array([one.confusion.matrix for one in self.pictures], np.float64)
        found = [self._means(Confusion(len(each[0]), sums.reshape(each.shape[1:]))) for sums in redrawn(each.reshape(len(each), -1))]
        spans = {name: span([one[name] for one in found]) for name in self._means(self.confusion)}
        return spans | {"boundary_f1": interval(self.boundaries, mean)}

    def _means(self, of: Confusion) -> dict[str, float]:
        return self.matched.figures(of) | {OF_CLASS + name: float(iou) for name, iou in zip(self.names, of.iou(), strict=False)}

    @cached_property
    def worst(self) -> tuple[int, ...]:
        """The pictures' numbers, the worst first; last those that are all void."""
        return tuple(sorted(range(len(self.pictures)), key=lambda i: (np.isnan(self.pictures[i].miou), self.pictures[i].miou)))

    def answer(self) -> dict[str, object]:
        """What --json gives; None of what there is nothing of."""
        names, k, spans = self.matched.names, self.known, {n: [rounded(v) for v in span] for n, span in self.intervals.items()}
        return {
            **{name: rounded(value) for name, value in self.figures.items()},
            "iou_by_class": {name: rounded(value) for name, value in zip(self.names, self.iou, strict=True)},
            "intervals": {name: span for name, span in spans.items() if not name.startswith(OF_CLASS)},
            "intervals_by_class": {name: spans[OF_CLASS + name] for name in self.names},
            "absent": list(self.absent),
            "classes": list(names[:k]),
            "other_classes": list(names[k:]),
            "confusion": self.confusion.matrix.tolist(),
            "count": len(self.pictures),
            "pictures": [self.pictures[i].answer() for i in self.worst],
        }


def redrawn(each: npt.NDArray[np.float64], rounds: int = 1000, seed: int = 0) -> Iterator[npt.NDArray[np.float64]]:
    """The sum over as many pictures as there are, drawn anew each time (as `scores.interval` draws them); nothing of a single one."""
    draw, count = np.random.default_rng(seed), len(each)
    for _ in range(rounds if count > 1 else 0):
        yield np.bincount(draw.integers(0, count, count), minlength=count).astype(np.float64) @ each


def span(found: Sequence[float], level: float = 0.95) -> Span:
    """The middle part of what was found."""
    there = np.array([one for one in found if not np.isnan(one)])
    low, high = np.quantile(there, [(1 - level) / 2, (1 + level) / 2]) if there.size else (np.nan, np.nan)
    return float(low), float(high)


def judged(net: lens.Net, matched: Matched, part: Set) -> Judged:
    """Looks at each picture once. The logits are enlarged to the picture's size, not the labels. Raises InputError for what cannot be read,
    Stopped for logits that are no numbers."""
    found, calibration = [], Calibration()
    for i, example in enumerate(part.examples, 1):
        events.tell("judging", i, len(part))
        picture, truth = part.pair(example)
        logits = predicted(net, matched, picture)
        labels = likeliest(logits, net.name).to(torch.uint8).numpy()
        confusion = Confusion(len(matched.names)).add(truth, labels)
        calibration.add(logits.softmax(0), truth)
        boundary = boundary_f1(truth.numpy(), labels, matched.known)
        found.append(OfPicture(example.picture.name, confusion, matched.figures(confusion)["miou"], boundary))
    return Judged(matched, part, tuple(found), calibration)


def predicted(net: lens.Net, matched: Matched, picture: torch.Tensor) -> torch.Tensor:
    """(k, h, w) float32 logits in the order of the matched classes, at the size of the picture (c, h, w); −∞ of a class that the net lacks."""
    found = tiles.logits(net, picture).float().cpu()
    out = found[[max(0, place) for place in matched.order]]
    out[[place < 0 for place in matched.order]] = -torch.inf
    return out


def counted(net: lens.Net, part: Set) -> int:
    """How many classes the net has. Raises InputError for what is no segmenter."""
    return len(net.classes) if net.classes else len(tiles.logits(net, part[0][0]))
