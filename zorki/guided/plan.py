"""How much each section shows, so that all keeps to a time. Numbers only: no clock, no network."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

LEFT_OUT = 9  # the loss of a section that is not there at all


@dataclass(frozen=True)
class Plan:
    """One way to make a section; each section's own has fields of its own.

    loss: 0 nothing is cut, 1 and 2 fewer pictures, 3 and 4 smaller ones or less worked at. shows: what there is, in words.
    """

    loss: int = 0
    shows: str = ""


@dataclass(frozen=True)
class Choice:
    """A section as the planner sees it: the work of each of its plans and what each loses, from everything to the least.

    kept: it is never left out. out: what is lost by leaving it out.
    """

    works: tuple[float, ...]
    losses: tuple[int, ...]
    kept: bool = False
    out: int = LEFT_OUT

    def work(self, level: int) -> float:
        """Of the plan with that number; of the number behind the last, which leaves the section out, none."""
        return self.works[level] if level < len(self.works) else 0.0

    def loss(self, level: int) -> int:
        return self.losses[level] if level < len(self.losses) else self.out

    @property
    def last(self) -> int:
        return len(self.works) - 1 if self.kept else len(self.works)


def chain(choices: Sequence[Choice]) -> Iterator[tuple[int, ...]]:
    """A plan's number for each section, from everything to the least.

    Each time the one cut is made that loses least, and of several that one which saves most: fewer pictures everywhere before worse ones
    anywhere. It is one chain for every time and every speed, so more time never shows less.
    """
    levels = [0] * len(choices)
    yield tuple(levels)
    while open_ := [k for k, one in enumerate(choices) if levels[k] < one.last]:
        k = min(open_, key=lambda k: (choices[k].loss(levels[k] + 1), choices[k].work(levels[k] + 1) - choices[k].work(levels[k]), k))
        levels[k] += 1
        yield tuple(levels)


def chosen(choices: Sequence[Choice], budget: float) -> tuple[int, ...]:
    """The first of the chain whose work is at most `budget` multiply-adds; where not even the least is, the least."""
    found: tuple[int, ...] = ()
    for found in chain(choices):
        if total(choices, found) <= budget:
            break
    return found


def total(choices: Sequence[Choice], levels: Sequence[int]) -> float:
    """Multiply-adds of all sections together."""
    return sum(one.work(level) for one, level in zip(choices, levels, strict=True))
