"""The driver with toys: what it asks for, in which order; what it says and restores where a value is not finite."""

from __future__ import annotations

import math

import pytest
import torch

from zorki.core.errors import Stopped
from zorki.pixels.driver import Judged, Mover, Step, drive, largest

pytestmark = pytest.mark.tiny


class Noted(Mover):
    """Goes down by the slope, and writes down what it was asked for."""

    def __init__(self) -> None:
        self.x, self.good, self.asked = torch.full((1, 1, 2, 2), 8.0), torch.zeros(()), list[str]()

    def accept(self, i: int, judged: Judged) -> Judged:
        self.asked.append(f"accept {i}")
        self.good = self.x.clone()
        return judged

    def move(self, judged: Judged) -> None:
        self.asked.append("move")
        self.x = self.x - judged.slope / 2

    def settle(self) -> None:
        self.asked.append("settle")

    def restore(self, i: int) -> str:
        self.x = self.good
        return f"Left of {i}."


def driven(mover: Noted, bad: int = 0, where: str = "part", done: int = 0) -> list[Step]:
    def judge(i: int) -> Judged:
        value = math.nan if i == bad else 1.0
        slope = mover.x * (math.inf if (i, where) == (bad, "slope") else 1)
        return Judged(float(mover.x.sum()), {"fine": 2.0, "term": value if where == "part" else 1.0}, [slope])

    return list(drive(judge, mover, lambda: mover.x, steps=3, done=done, advice="Do this.", stage=2, stages=5, labels=("a",)))


def test_it_counts_and_asks_in_this_order() -> None:
    mover = Noted()
    steps = driven(mover)
    assert [(s.i, s.of, s.stage, s.stages, s.loss, s.labels) for s in steps] == [(i, 3, 2, 5, 64 / 2**i, ("a",)) for i in (1, 2, 3)]
    assert mover.asked == ["accept 1", "move", "accept 2", "move", "accept 3", "move", "settle"]
    assert float(mover.x.mean()) == 1
    assert [s.i for s in driven(Noted(), done=2)] == [3]


@pytest.mark.parametrize(("where", "what"), [("part", "term"), ("slope", "the gradient")])
def test_what_is_not_finite_is_named_and_the_last_good_picture_restored(where: str, what: str) -> None:
    mover = Noted()
    with pytest.raises(Stopped) as told:
        driven(mover, 3, where)
    assert told.value.args == (f"Step 3 of 3: {what} is not a finite number.", "Left of 3.", "Do this.")
    assert mover.asked[-1] == "move", "nothing is accepted any more"
    assert float(mover.x.mean()) == 4, "the picture before the second update"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -9.0])
def test_the_largest_number_is_found_whatever_it_is(value: float) -> None:
    found = largest(torch.tensor([[1.0, value], [-2.0, 0.0]]))
    assert found == abs(value) or (math.isnan(found) and math.isnan(value))
