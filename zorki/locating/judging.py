"""How good a network locates, on pictures with boxes: of one thing a picture, or of many.

Source: Lin et al. 2014 (mAP); Russakovsky et al. 2015, section 4 (class and box); Efron and Tibshirani 1993 (intervals).
Differs: each figure has the interval in which it would lie with other pictures of the same kind, by drawing pictures, not boxes; and beside them stands what a
guess has that sees no picture.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zorki import lens
from zorki.core import events
from zorki.locating import coco, guessing, looking
from zorki.locating.guessing import Guess, Truth
from zorki.locating.matching import Matched, matched
from zorki.locating.pictured import COUNTED, Floats, Kind, OfPicture, sized
from zorki.locating.sets import Set
from zorki.scores import bootstrap
from zorki.scores.average_precision import Ranked
from zorki.scores.spelled import Span, rounded

LEAST = 0.01  # surest from which a detection counts in mAP
ROUNDS = 1000
WORK = 400_000_000  # detections times rounds that an interval of mAP may take
MEANS = ("accuracy", "mean_iou", "class_and_iou50", "precision")
OF_CLASS = "AP50 of "


@dataclass(frozen=True, eq=False)
class Judged:
    """matched: the classes: first those of the data, which alone count in mAP, then those that only the net knows. part: what was looked at. learnt: what is true of
    the pictures that the net learnt from, by the classes of the data; None where they are not known."""

    matched: Matched
    part: Set
    pictures: tuple[OfPicture, ...]
    kind: Kind
    learnt: tuple[Truth, ...] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The classes of the data."""
        return self.matched.names[: self.matched.known]

    @cached_property
    def counts(self) -> Floats:
        """(pictures, COUNTED)."""
        return np.array([one.counts for one in self.pictures]).reshape(-1, len(COUNTED))

    @cached_property
    def precisions(self) -> Floats:
        """(classes of the data, 10): the average precision of each at IoU .50:.05:.95; nan of those of which nothing is true."""
        return coco.precisions(self.pictures, len(self.matched.names))[: self.matched.known]

    @cached_property
    def ranked(self) -> Ranked:
        """The same, for pictures drawn anew, and curves."""
        out = Ranked(self.matched.known)
        for one in self.pictures:
            out.add(one.boxes, one.scores, one.labels, one.true, one.of)
        return out

    @cached_property
    def figures(self) -> dict[str, float]:
        """Each in 0..1; nan of what there is nothing of."""
        return {k: float(v[0]) for k, v in (means(self.counts.sum(0)[None]) | of_classes(self.precisions[None])).items()}

    @cached_property
    def by_class(self) -> dict[str, dict[str, float]]:
        """Of each class of the data `boxes` that are true, and what is said of all: `accuracy`, `mean_iou`, `class_and_iou50`, `ap50`, `ap`."""
        each = [np.concatenate([np.zeros(0), *(getattr(one, what) for one in self.pictures)]) for what in ("named", "lies", "both")]
        of = np.concatenate([np.zeros(0, np.int64), *(one.of for one in self.pictures)])
        boxes, *sums = (np.bincount(of, weight, len(self.names)) for weight in (np.ones(len(of)), *each))
        found = {"boxes": boxes} | {key: divided(np.asarray(some, np.float64), boxes) for key, some in zip(MEANS[:3], sums, strict=True)}
        found |= {"ap50": self.precisions[:, 0], "ap": self.precisions.mean(1)}
        return {name: {key: float(values[k]) for key, values in found.items()} for k, name in enumerate(self.names)}

    @cached_property
    def intervals(self) -> dict[str, Span]:
        """Where 95 of 100 such sets of pictures would put a figure; OF_CLASS + name that of a class's AP at 0.5. nan, nan of a single picture."""
        names = [*MEANS, "map50", "map", *(OF_CLASS + name for name in self.names)]
        if len(self.pictures) < 2:
            return dict.fromkeys(names, (np.nan, np.nan))
        often = bootstrap.drawn(len(self.pictures), self.rounds)
        found = self.ranked.precision(often)
        each = means(often @ self.counts) | of_classes(found)
        each |= {OF_CLASS + name: found[:, k, 0] for k, name in enumerate(self.names)}
        return {name: bootstrap.middle(each[name]) for name in names}

    @property
    def rounds(self) -> int:
        """In how many pictures are drawn anew: fewer where there are very many detections."""
        return int(np.clip(WORK // max(1, sum(len(one.scores) for one in self.pictures)), 100, ROUNDS))

    @cached_property
    def worst(self) -> tuple[int, ...]:
        """The pictures' numbers, the worst first."""
        each = [(one.quality, np.nan_to_num(one.mean_iou, nan=1.0)) for one in self.pictures]
        return tuple(sorted(range(len(each)), key=lambda i: each[i]))

    @cached_property
    def guesses(self) -> dict[str, Judged]:
        """What has who sees no picture, as `guessing.guesses` has it: it knows what was learnt from, or, where nobody does, what is true here."""
        truths = tuple(Truth(one.true / sized(one.hw), one.of) for one in self.pictures) if self.learnt is None else self.learnt

        def best(some: Sequence[Guess]) -> Judged:
            every = [replace(self, pictures=tuple(guess.said(one) for one in self.pictures)) for guess in some]
            return max(every, key=lambda one: one.figures["map50"]) if len(every) > 1 else every[0]

        return {name: best(some) for name, some in guessing.guesses(truths, self.kind, self.learnt is not None).items()}

    def answer(self) -> dict[str, Any]:
        """What --json gives; None of what there is nothing of."""
        spans = {name: [rounded(v) for v in span] for name, span in self.intervals.items()}
        return {
            **{name: rounded(value) for name, value in self.figures.items()},
            "intervals": {name: span for name, span in spans.items() if not name.startswith(OF_CLASS)},
            "by_class": {
                name: {key: int(v) if key == "boxes" else rounded(v) for key, v in one.items()} | {"ap50_interval": spans[OF_CLASS + name]}
                for name, one in self.by_class.items()
            },
            "guesses": {name: {k: rounded(v) for k, v in one.figures.items()} for name, one in self.guesses.items()},
            "kind": self.kind,
            "classes": list(self.names),
            "other_classes": list(self.matched.names[self.matched.known :]),
            "count": len(self.pictures),
            "boxes": int(self.counts[:, 0].sum()),
            "found": int(self.counts[:, 4].sum()),
            "pictures": [of_picture(self.pictures[i]) for i in self.worst],
        }


def of_picture(one: OfPicture) -> dict[str, Any]:
    """A picture in the answer: its quality and mean IoU, true boxes, detections shown and right ones."""
    boxes, _, _, both, shown, right = (int(n) for n in one.counts)
    said = {"name": one.name, "quality": rounded(one.quality), "mean_iou": rounded(one.mean_iou)}
    return said | {"boxes": boxes, "class_and_iou50": both, "found": shown, "right": right}


def means(sums: Floats) -> dict[str, Floats]:
    """(rounds,) of COUNTED added up (rounds, …): of true boxes the share that was told and that was found, the mean IoU; of detections, those that are right."""
    boxes, named, lies, both, shown, right = sums.T
    over = ((named, boxes), (lies, boxes), (both, boxes), (right, shown))
    return {key: divided(a, b) for key, (a, b) in zip(MEANS, over, strict=True)}


def of_classes(found: Floats) -> dict[str, Floats]:
    """(rounds,): mAP at an IoU of 0.5 and over all ten; of average precisions (rounds, classes, 10), where nan counts nowhere."""
    there = ~np.isnan(found[..., 0])
    each = np.where(there[..., None], found, 0).sum(1)
    return {"map50": divided(each[:, 0], there.sum(1)), "map": divided(each.mean(1), there.sum(1))}


def divided(above: Floats, below: NDArray[Any]) -> Floats:
    return np.asarray(np.divide(above, below, out=np.full(len(above), np.nan), where=np.asarray(below) > 0))


def judged(net: lens.Net, part: Set, least: float | None = None, learnt: tuple[Truth, ...] | None = None) -> Judged:
    """Looks at each picture once. learnt: as in `Judged`. least: how sure a detection must be to count outside of mAP, which takes all from LEAST on; not given: as it is shown to whoever predicts; of a net of one box each counts.

    Raises InputError for what cannot be read, for a net that gives no boxes and for classes that it does not know; Stopped for numbers that are none.
    """
    names = part.classes.names
    there = {names[label] for example in part.examples for label in part.boxes(example)[1]}
    classes = matched(names, there, looking.classes(net), bool(net.classes), net.name)
    enough = looking.usual(net) if least is None else least
    return Judged(classes, part, tuple(looked_at(net, part, classes, enough)), "one" if looking.alone(net) else "many", learnt)


def looked_at(net: lens.Net, part: Set, classes: Matched, least: float) -> Iterator[OfPicture]:
    """Each picture with what is true of it and what was found. Tells how far it is."""
    kind: Kind = "one" if looking.alone(net) else "many"
    number = np.array(classes.number, np.int64)
    for i, example in enumerate(part.examples, 1):
        events.tell("judging", i, len(part))
        picture, true, of = part.example(example)
        found = looking.found(net, picture, 0.0 if kind == "one" else min(least, LEAST))
        yield OfPicture(
            example.picture.name, (picture.shape[-2], picture.shape[-1]), true.double().numpy(), of.numpy(),
            found.boxes.double().numpy(), found.scores.double().numpy(), number[found.labels.numpy()], 0.0 if kind == "one" else least, kind,
        )  # fmt: skip


def middle(numbers: Sequence[int], few: int) -> list[int]:
    """Of pictures in an order some about its middle."""
    begin = max(0, (len(numbers) - few) // 2)
    return list(numbers[begin : begin + few])
