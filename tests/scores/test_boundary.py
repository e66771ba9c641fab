"""Boundaries beside distance transforms and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from zorki.scores import VOID, boundary, boundary_f1

pytestmark = pytest.mark.unit


def square(left: int, side: int = 20, size: int = 60) -> np.ndarray:
    out = np.zeros((size, size), np.uint8)
    out[10 : 10 + side, left : left + side] = 1
    return out


def looped(truth: np.ndarray, predicted: np.ndarray, classes: int, tolerance: float) -> float:
    """The definition, neighbour by neighbour, with distances by scipy."""
    h, w = truth.shape
    reach, each = tolerance * math.hypot(h, w), []

    def outline(labels: np.ndarray, c: int) -> np.ndarray:
        out = np.zeros((h, w), bool)
        for y in range(h):
            for x in range(w):
                beside = [(y + 1, x), (y - 1, x), (y, x + 1), (y, x - 1)]
                there = [(labels[i, j], truth[i, j]) for i, j in beside if 0 <= i < h and 0 <= j < w]
                out[y, x] = truth[y, x] != VOID and labels[y, x] == c and any(o != c and t != VOID for o, t in there)
        return out

    for c in range(classes):
        a, b = outline(truth, c), outline(predicted, c)
        if not (truth == c).any() or not (a.any() or b.any()):
            continue
        if not a.any() or not b.any():
            each.append(0.0)
            continue
        precision = (ndimage.distance_transform_edt(~a) <= reach)[b].mean()
        recall = (ndimage.distance_transform_edt(~b) <= reach)[a].mean()
        each.append(2 * precision * recall / (precision + recall) if precision + recall else 0.0)
    return float(np.mean(each)) if each else math.nan


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.05, 0.1, 0.2, 0.5, 2.0]))
def test_it_is_its_definition(seed: int, tolerance: float) -> None:
    g = np.random.default_rng(seed)
    h, w = g.integers(1, 14, 2)
    truth, predicted = (np.kron(g.integers(0, 3, (5, 5)), np.ones((3, 3), int))[:h, :w] for _ in range(2))
    truth = np.where(g.random((h, w)) < 0.1, VOID, truth)
    right = looped(truth, predicted, 4, tolerance)
    assert boundary_f1(truth, predicted, 4, tolerance) == pytest.approx(right, nan_ok=True)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0, 30))
def test_near_is_what_the_distance_transform_says(seed: int, reach: float) -> None:
    g = np.random.default_rng(seed)
    pixels = g.random(tuple(g.integers(1, 30, 2))) < g.choice([0.01, 0.2])
    pixels.flat[0] = True
    assert np.array_equal(boundary.near(pixels, reach), ndimage.distance_transform_edt(~pixels) <= reach)
    assert not boundary.near(np.zeros((4, 5), bool), reach).any()


def test_a_square_that_is_moved_within_the_tolerance_is_met_and_beyond_it_is_not() -> None:
    reach = 3 / math.hypot(60, 60)  # three pixels
    assert boundary_f1(square(20), square(20), 2, 0) == 1
    assert boundary_f1(square(20), square(23), 2, reach) == 1
    assert boundary_f1(square(20), square(24), 2, reach) < 1
    by_class = boundary.by_class(square(0, 20), square(30, 20), 2, reach)
    assert by_class[1] == 0  # far apart


def test_the_tolerance_is_four_and_a_half_pixels_of_a_camvid_picture() -> None:
    line = np.zeros((360, 480), np.uint8)
    for moved, met in ((4, True), (5, False)):
        truth, predicted = line.copy(), line.copy()
        truth[:, 200:], predicted[:, 200 + moved :] = 1, 1
        assert (boundary_f1(truth, predicted, 2) == 1) is met


def test_void_has_no_outline_and_hides_what_lies_in_it() -> None:
    truth = square(20)
    truth[:, 30:] = VOID
    assert boundary.by_class(truth, square(20), 2).tolist() == [1, 1]
    wrong = square(20)
    wrong[:, 31:] = 1  # only where nobody knows
    assert boundary_f1(truth, wrong, 2) == 1


def test_classes_that_the_truth_lacks_do_not_count_and_what_has_no_outline_has_no_figure() -> None:
    whole = np.zeros((20, 20), np.uint8)
    assert math.isnan(boundary_f1(whole, whole, 3))
    assert math.isnan(boundary_f1(np.full((5, 5), VOID), whole[:5, :5], 3))
    by_class = boundary.by_class(whole, square(2, 5, 20), 3)
    assert by_class[0] == 0  # the truth has no outline there, the prediction has
    assert np.isnan(by_class[1:]).all()
    assert boundary_f1(square(20), np.zeros((60, 60), np.uint8), 2) == 0
