"""How long and how fast is learnt: the numbers that every training has."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

from zorki.core.settings import Least

WORDS = {
    "warm": "how long the rate rises",
    "average": "the moving average of the weights",
    "clip": "how long a slope may be",
    "rough": "whether bfloat16 is used",
    "tell": "how often figures are written",
    "keep": "how often the state is written",
    "decay": "how much of the weights a step takes off",
    "check": "how often it is judged",
    "patience": "how long it may get no better",
}
"""What a plan has and no option says, as a person would call it."""


@dataclass(frozen=True)
class Plan:
    """The rate rises over `warm` steps and falls along a cosine to 0 at the last one."""

    steps: Annotated[int, Least(1)] = 10_000
    "updates of the weights"
    rate: Annotated[float, Least(0)] = 1e-3
    "size of an update (Adam)"
    warm: Annotated[int, Least(0)] = 200
    "steps in which the rate rises"
    average: Annotated[float, Least(0, 1)] = 0.999
    "how much of the moving average of the weights each step keeps"
    clip: Annotated[float, Least(0)] = 1.0
    "longest slope; a longer one is cut to it, 0 cuts none"
    rough: bool = True
    "bfloat16 in place of float32 where the processor computes it natively"
    seed: int = 0
    "the same number teaches the same"
    tell: Annotated[int, Least(1)] = 100
    "steps of which a line of figures is the mean"
    keep: Annotated[float, Least(0)] = 180.0
    "seconds between two writings of the state"
    decay: float | None = None
    "how much of the weights a step takes off, times its rate (AdamW); not given, nothing (Adam)"
    check: int | None = None
    "steps between two looks of the lesson at how good the average is; not given, each line of figures asks what it is worth"
    patience: int | None = None
    "so many looks without a better one end the training"

    def share(self, step: int) -> float:
        """Of the rate, at the update of that number, from 0."""
        rise = min(1.0, (step + 1) / self.warm) if self.warm else 1.0
        return rise * (0.5 + 0.5 * math.cos(math.pi * min(1.0, step / self.steps)))

    def kept(self, step: int) -> float:
        """Of the moving average, after that many updates: little at first, so that it soon forgets how it began."""
        return min(self.average, step / (step + 9))
