"""From which score on detections are shown: where as much is found as what is shown is right."""

from __future__ import annotations

import numpy as np
import pytest

from zorki.wings.locate._many_learnt import BOUNDS, LEAST, fair
from zorki.wings.locate._stock import Stock

pytestmark = pytest.mark.tiny
TRUE = np.array([[0.1, 0.1, 0.2, 0.2], [0.6, 0.6, 0.2, 0.2]])  # shares of a picture of 100 × 50
SIZE = np.array([100, 50, 100, 50])


def held(count: int = 1) -> Stock:
    return Stock([(np.zeros((3, 50, 100), np.float32), TRUE * SIZE, np.array([0, 1]))] * count)


def test_it_lies_between_what_is_right_and_what_is_not() -> None:
    boxes = np.concatenate([TRUE, TRUE, [[0, 0, 0.05, 0.05]]])  # found twice, and something that is not there
    said = {0: (boxes, np.array([0.9, 0.7, 0.5, 0.4, 0.2]), np.array([0, 1, 0, 1, 0]))}
    assert fair(held(), said) == pytest.approx((0.7 + 0.5) / 2)


def test_the_class_counts_and_the_best_trade_is_taken() -> None:
    said = {0: (TRUE, np.array([0.9, 0.6]), np.array([0, 0]))}
    assert fair(held(), said) == pytest.approx(0.75), "the second is of another class"
    boxes = np.concatenate([TRUE[:1], [[0, 0, 0.05, 0.05]], TRUE[1:]])
    said = {0: (boxes, np.array([0.7, 0.6, 0.5]), np.array([0, 0, 1]))}
    assert fair(held(), said) == 0.5, "two right of three beside one of one"


def test_by_loops() -> None:
    dice = np.random.default_rng(0)
    said = {}
    for i in range(6):
        near = TRUE[dice.integers(0, 2, 8)] + dice.normal(0, 0.04, (8, 4))
        said[i] = np.abs(near), dice.random(8).round(3), dice.integers(0, 2, 8)
    chosen, best = fair(held(6), said), 0.0
    for least in np.unique(np.concatenate([sure for _, sure, _ in said.values()])):
        best = max(best, balanced(said, float(least)))
    assert BOUNDS[0] < chosen < BOUNDS[1]
    assert balanced(said, chosen) == pytest.approx(best)


def balanced(said: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]], least: float) -> float:
    """Twice what is right, of what is shown and what is true together."""
    right = shown = 0
    for boxes, sure, labels in said.values():
        free = {0, 1}
        for k in sorted(range(len(sure)), key=lambda k: -sure[k]):
            if sure[k] < least:
                continue
            shown += 1
            lies = {j: share(boxes[k] * SIZE, TRUE[j] * SIZE) for j in free if j == labels[k]}
            if lies and max(lies.values()) >= 0.5:
                right += 1
                free.remove(max(lies, key=lambda j: lies[j]))
    return 2 * right / (shown + 2 * len(said))


def share(a: np.ndarray, b: np.ndarray) -> float:
    wide = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    high = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return wide * high / (a[2] * a[3] + b[2] * b[3] - wide * high)


def test_where_nothing_is_found_it_is_the_usual_one() -> None:
    assert fair(held(), {0: (np.zeros((0, 4)), np.zeros(0), np.zeros(0, np.int64))}) == LEAST
    assert fair(held(), {0: (TRUE[:, ::-1] / 9, np.array([0.9, 0.8]), np.array([0, 1]))}) == LEAST
