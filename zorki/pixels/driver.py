"""The one driver of every climb: it counts steps, stops at what is not a finite number, has the last good picture put back, yields Steps.

What differs from climb to climb are two small objects that it is given: a Judge, which finds loss and slope, and a Mover, which changes the
picture by them. `pixels.climb` gives it autograd and torch's optimisers, `see dream` terms through tiles and steps of equal mean size,
`painting.optimiser` a painter's terms and an update that may be taken back.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch

from zorki.core.errors import Stopped

KEPT = "The last good picture is kept."


@dataclass(frozen=True)
class Step:
    """One step done: step i (from 1) of `of`, in stage (from 1) of `stages`.

    loss: what falls, the mean over the pictures before this step's update; parts: each term's unweighted value. paint, sketch: what
    `image` and `small` call.
    """

    i: int
    of: int
    stage: int
    stages: int
    loss: float
    parts: Mapping[str, float]
    paint: Callable[[], torch.Tensor] = field(repr=False, compare=False)
    labels: Sequence[str] = ()
    sketch: Callable[[int], torch.Tensor] | None = field(default=None, repr=False, compare=False)

    def image(self) -> torch.Tensor:
        """The picture as it is now: (b, 3, h, w) float32 in sRGB 0..1, a detached copy, made only when asked for."""
        with torch.no_grad():
            return self.paint().detach().float().clamp(0, 1).cpu()

    def small(self, side: int) -> torch.Tensor:
        """For films and previews, of which nobody asks every pixel: as `image`, or with about that longest side where this is quicker."""
        if self.sketch is None:
            return self.image()
        with torch.no_grad():
            return self.sketch(side).detach().float().clamp(0, 1).cpu()


@dataclass(frozen=True)
class Shot(Step):
    """A step of a climb that knows which of its steps are a film's frames."""

    shot: bool = False


@dataclass(frozen=True)
class Done(Step):
    """The one step of what is done at once: nobody paints on, so the picture is handed over and not copied, of which a large one has no room.

    It has no loss.
    """

    @classmethod
    def of_picture(cls, picture: torch.Tensor) -> Done:
        """picture: (1, 3, h, w) float32 in 0..1, on the processor."""
        return cls(1, 1, 1, 1, 0.0, {}, lambda: picture)

    def image(self) -> torch.Tensor:
        return self.paint()


@dataclass(frozen=True)
class Judged:
    """What was found of the picture as it is. loss: what falls; parts: each term's unweighted value; slopes: of the loss, one for each
    tensor that moves, of its shape."""

    loss: float
    parts: Mapping[str, float]
    slopes: Sequence[torch.Tensor]

    @property
    def slope(self) -> torch.Tensor:
        """Where one tensor moves: its slope."""
        (slope,) = self.slopes
        return slope

    @property
    def flaw(self) -> str | None:
        """What is not finite: the first such term, else the gradient; None where all is."""
        bad = next((name for name, value in self.parts.items() if not math.isfinite(value)), None)
        return bad if bad is not None or all(math.isfinite(largest(g)) for g in self.slopes) else "the gradient"


class Judge(Protocol):
    """Finds loss and slope of the picture as it is, for step i (from 1)."""

    def __call__(self, i: int, /) -> Judged: ...


class Mover(Protocol):
    """Changes the picture. Whoever inherits has `accept` and `settle`, which do nothing."""

    def accept(self, i: int, judged: Judged) -> Judged:  # noqa: ARG002
        """Before an update, all being finite: time to remember the picture as the last good one. Returns what the update goes by, which is
        another where the update before is taken back."""
        return judged

    @abstractmethod
    def move(self, judged: Judged) -> None:
        """One update; the slopes may be used up."""

    def settle(self) -> None:
        """After the last update."""
        return

    @abstractmethod
    def restore(self, i: int) -> str:
        """Puts the last good picture back, after step i was found not to be finite; says what is left."""


def drive(
    judge: Judge,
    mover: Mover,
    paint: Callable[[], torch.Tensor],
    *,
    steps: int,
    advice: str,
    done: int = 0,
    stage: int = 1,
    stages: int = 1,
    labels: Sequence[str] = (),
    sketch: Callable[[int], torch.Tensor] | None = None,
) -> Iterator[Step]:
    """Yields one Step an update, from step done + 1 on.

    paint, sketch, labels: as a Step has them. Raises Stopped at the first value that is not finite, naming step and term, with `advice`
    what to do; the picture is then the last good one.
    """
    for i in range(done + 1, steps + 1):
        judged = judge(i)
        if (flaw := judged.flaw) is not None:
            raise Stopped(f"Step {i} of {steps}: {flaw} is not a finite number.", mover.restore(i), advice)
        judged = mover.accept(i, judged)
        mover.move(judged)
        if i == steps:
            mover.settle()
        loss, parts = judged.loss, judged.parts
        del judged  # with its slopes, of which there is no room for many where the picture is large
        yield Step(i, steps, stage, stages, loss, parts, paint, labels, sketch)


def largest(x: torch.Tensor) -> float:
    """max |x|, without a copy; NaN where anything is."""
    low, high = torch.aminmax(x)
    return float(torch.maximum(-low, high))
