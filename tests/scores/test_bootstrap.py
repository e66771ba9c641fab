"""Intervals beside closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zorki.scores import Confusion, interval
from zorki.scores.bootstrap import drawn, middle, redrawn
from zorki.scores.confusion import mious

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("level", "deviations"), [(0.95, 1.96), (0.8, 1.2816)])
def test_of_a_mean_it_is_the_normal_one(level: float, deviations: float) -> None:
    each = np.random.default_rng(0).normal(3, 2, 200)
    low, high = interval(each, np.mean, rounds=4000, level=level)
    reach = deviations * each.std() / math.sqrt(200)
    assert low == pytest.approx(each.mean() - reach, abs=0.07 * reach)
    assert high == pytest.approx(each.mean() + reach, abs=0.07 * reach)


def test_it_holds_the_truth_as_often_as_it_says() -> None:
    g = np.random.default_rng(1)
    held = [low <= 0.5 <= high for low, high in (interval(g.random(40), rounds=200, level=0.8) for _ in range(150))]
    assert 0.7 < np.mean(held) < 0.9


def test_pictures_are_drawn_whole_with_their_matrices() -> None:
    g = np.random.default_rng(2)
    matrices = g.integers(0, 50, (30, 3, 3)) + 100 * np.eye(3, dtype=int)

    def miou(drawn: np.ndarray) -> float:
        assert drawn.shape == (30, 3, 3)
        return Confusion(3, drawn.sum(0)).miou

    low, high = interval(matrices, miou, rounds=300)
    assert low < Confusion(3, matrices.sum(0)).miou < high
    by_hand = [miou(matrices[g.integers(0, 30, 30)]) for _ in range(300)]
    assert (low, high) == pytest.approx(tuple(np.quantile(by_hand, [0.025, 0.975])), abs=0.004)
    same = np.repeat(matrices[:1], 30, 0)
    assert interval(same, miou, rounds=20) == pytest.approx((miou(same), miou(same)))


def test_a_seed_repeats_and_the_global_one_is_left_alone() -> None:
    each = np.random.default_rng(3).random(20)
    before = np.random.get_state()[1].tolist()  # type: ignore[index, union-attr]
    assert interval(each, seed=1) == interval(each, seed=1)
    assert interval(each, seed=1) != interval(each, seed=2)
    assert np.random.get_state()[1].tolist() == before  # type: ignore[index, union-attr]


def test_of_one_picture_nobody_knows_and_what_has_no_figure_is_left_out() -> None:
    for few in ([], [0.5]):
        assert all(map(math.isnan, interval(few)))
    assert all(map(math.isnan, interval([math.nan] * 3)))
    low, high = interval([1.0, 1.0, math.nan], lambda x: float(x.mean()), rounds=200)
    assert (low, high) == (1, 1)


def test_the_mious_of_drawn_pictures_are_those_of_their_sums() -> None:
    """A class that is nowhere in what was drawn is in no mean."""
    g = np.random.default_rng(3)
    matrices = g.integers(0, 9, (7, 4, 4)) * (g.random((7, 4, 4)) < 0.4)
    matrices[1:, 3] = matrices[1:, :, 3] = 0
    often = drawn(7, 200, seed=1)
    assert (often.sum(1) == 7).all()
    assert often.mean(0) == pytest.approx(np.ones(7), abs=0.2)
    by_hand = [Confusion(4, (matrices * n[:, None, None]).sum(0)).miou for n in often]
    assert mious(matrices, often) == pytest.approx(np.array(by_hand), nan_ok=True)
    assert mious(np.zeros((2, 3, 3), int), drawn(2, 4)) == pytest.approx(np.full(4, np.nan), nan_ok=True)


def test_of_several_trainings_both_are_drawn() -> None:
    """The variance of the mean of a table of rows and columns, both drawn: that of the rows' means and that of the columns' means."""
    g = np.random.default_rng(4)
    trainings, pictures = g.normal(0, 0.3, 12), g.normal(0, 1, 60)
    often = drawn(60, 20_000)
    each = np.stack([(often @ (pictures + one)) / 60 for one in trainings])
    low, high = middle(redrawn(each))
    reach = 1.96 * math.sqrt(trainings.var() / 12 + pictures.var() / 60)
    assert high - low == pytest.approx(2 * reach, rel=0.05)
    alone = middle(redrawn(each[:1]))
    assert alone[1] - alone[0] == pytest.approx(2 * 1.96 * math.sqrt(pictures.var() / 60), rel=0.05)
