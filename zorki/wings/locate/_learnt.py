"""Whether anything was learnt: the net beside guesses that look at no picture, and beside its own answers to other pictures."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

TITLES = {
    "accuracy": "classes right",
    "mean_iou": "mean IoU of the boxes",
    "class_and_iou50": "class and box right (IoU above 0.5)",
    "map50": "mAP at IoU 0.5",
    "map": "mAP at IoU 0.5 to 0.95",
}
SHORT = {"accuracy": "classes right", "mean_iou": "IoU", "map50": "mAP at IoU 0.5"}
Span = tuple[float, float]


@dataclass(frozen=True)
class Verdict:
    """On `pictures` that were not learnt from: the net's figures with their intervals; of one box those of its classes with a box of the whole picture; those of the
    best guess that sees no picture; of its own answers to other pictures (nothing for one picture alone). learnt: whether it is better than these by
    more than chance. least: of many boxes, from which score on they are shown."""

    pictures: int
    figures: Mapping[str, float]
    intervals: Mapping[str, Span]
    whole: Mapping[str, float]
    guess: Mapping[str, float]
    others: Mapping[str, float]
    learnt: bool
    least: float | None = None

    def plain(self) -> dict[str, Any]:
        """For --json: numbers, and none for what is absent."""
        said = asdict(self)
        spans = {k: None if math.isnan(low) else [low, high] for k, (low, high) in self.intervals.items()}
        return {**said.pop("figures"), **said, "intervals": spans}

    def sentence(self) -> str:
        """For the person, where nothing was learnt."""
        return f"Nothing was learnt: {self.why()}"

    def why(self) -> str:
        """Why that is said, and what to do."""
        other = f", its own answers to other pictures {told(self.others)}" if self.others else ""
        return (
            f"on {self.pictures} pictures that it has not seen it has {told(self.figures)}, a guess that sees no picture "
            f"{told(self.guess)}{other}. Look whether the boxes are those of their pictures, or give it longer."
        )


def told(figures: Mapping[str, float]) -> str:
    return ", ".join(f"{title} {figures[name]:.3f}" for name, title in SHORT.items() if name in figures)
