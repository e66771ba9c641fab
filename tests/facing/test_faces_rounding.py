"""A face in the Emotion API's words: scores that are together 1 to the last digit, whole rectangles, the largest first."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zorki.facing.faces import DIGITS, EMOTIONS, Face, ordered, rounded

pytestmark = pytest.mark.tiny


@given(st.lists(st.floats(0, 1e6), min_size=8, max_size=8).filter(lambda v: sum(v) > 1e-3))
def test_rounded_scores_are_together_one_and_each_is_near(shares: list[float]) -> None:
    found = rounded(shares)
    assert sum(Fraction(str(v)) for v in found) == 1, "as they are written, not only as floats"
    assert all(0 <= v <= 1 for v in found)
    assert np.abs(np.array(found) - np.array(shares) / sum(shares)).max() <= 10.0**-DIGITS + 1e-12


@given(st.tuples(*[st.floats(0, 1000)] * 2, *[st.floats(0.01, 500)] * 2))
def test_rectangles_are_whole_and_near(box: tuple[float, float, float, float]) -> None:
    found = Face(box).rectangle
    assert [type(v) for v in found.values()] == [int] * 4
    assert min(found["width"], found["height"]) >= 1
    assert abs(found["left"] - box[0]) <= (0.5 if box[2] >= 2 else 1.5)
    assert abs(found["left"] + found["width"] - box[0] - box[2]) <= 1


def test_a_face_inside_a_photo_is_a_rectangle_inside_it() -> None:
    """Of a box within 0..w its rounded sides are within 0..w too."""
    g = np.random.default_rng(0)
    for _ in range(200):
        w, h = g.integers(1, 50, 2)
        x, y = g.uniform(0, [w, h])
        found = Face((x, y, g.uniform(0, w - x), g.uniform(0, h - y))).rectangle
        assert found["left"] >= 0
        assert found["top"] >= 0
        assert found["left"] + found["width"] <= w
        assert found["top"] + found["height"] <= h


def test_the_largest_is_first_and_of_equal_ones_the_surest() -> None:
    some = (Face((0, 0, 4, 4), 0.9), Face((5, 5, 9, 9), 0.6), Face((20, 20, 9, 9), 0.8))
    assert [face.score for face in ordered(some)] == [0.8, 0.6, 0.9]


def test_an_answer_has_the_services_words() -> None:
    face = Face((1.4, 2.6, 10.2, 9.9), shares=(0, 0, 0, 0, 1, 0, 0, 0))
    assert face.answer() == {
        "faceRectangle": {"left": 1, "top": 3, "width": 11, "height": 9},
        "scores": dict.fromkeys(EMOTIONS, 0.0) | {"happiness": 1.0},
    }
    assert face.emotion == "happiness"
    with pytest.raises(ValueError, match="not asked"):
        Face((0, 0, 1, 1)).scores  # noqa: B018
