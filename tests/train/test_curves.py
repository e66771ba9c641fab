"""Curves of a training, from its lines of figures."""

from __future__ import annotations

import math

import pytest

from zorki.train import Plan, curves

pytestmark = pytest.mark.unit
ROWS = [
    {"step": 5, "loss": 3.0, "cross_entropy": 2.0, "dice": 1.0},
    {"step": 10, "loss": 2.0, "cross_entropy": 1.5, "dice": 0.5, "miou": 0.5, "worth": 0.5, "iou": [0.5, None]},
    {"step": 15, "loss": math.nan, "ended": True},
]


def test_a_loss_and_its_parts() -> None:
    made = curves.losses(ROWS, judged=("miou",))
    assert made is not None
    assert list(made.series) == ["loss", "cross entropy", "dice"]
    assert made.x == [5, 10]
    assert made.series["loss"] == [3.0, 2.0]
    alone = curves.losses([{"step": 1, "loss": 1.0, "style": 1.0}])
    assert alone is not None
    assert list(alone.series) == ["loss"], "a part that is all of it says nothing"
    assert curves.losses([]) is None


def test_what_was_measured_now_and_then_stands_where_it_was_measured() -> None:
    made = curves.curve(ROWS, {"miou": "mIoU", "lost": "lost"}, "%", "s")
    assert made is not None
    assert (made.x, dict(made.series)) == ([10], {"mIoU": [0.5]})


def test_the_rate_is_that_of_the_plan() -> None:
    made = curves.rate({"steps": 100, "rate": 0.5, "warm": 10}, upto=50)
    assert made is not None
    plan = Plan(steps=100, rate=0.5, warm=10)
    assert made.x is not None
    assert made.series["to come"] == [0.5 * plan.share(int(step)) for step in made.x]
    done = made.series["done"]
    assert [math.isnan(v) for v in done] == [step > 50 for step in made.x]
    whole = curves.rate({"steps": 100, "rate": 0.5}, upto=100)
    assert whole is not None
    assert list(whole.series) == ["rate"]
    assert curves.rate({}, 3) is None
