"""Squares with their boxes: boxes lie where their things do, what is cut away is clipped or dropped, and the same numbers draw the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zorki.wings.locate._augment import Changes, cut, fitted

pytestmark = pytest.mark.unit
FITS = [Changes(48, "letterbox", flips="any"), Changes(48, "stretch", flips="any", kept=True)]


def painted(h: int, w: int, box: tuple[int, int, int, int]) -> np.ndarray:
    """A dark picture with a light thing that fills its box."""
    x, y, wide, high = box
    picture = np.zeros((h, w, 3), np.uint8)
    picture[y : y + high, x : x + wide] = 255
    return picture


def one(*box: float) -> tuple[np.ndarray, np.ndarray]:
    return np.array([box], np.float32), np.array([3])


@pytest.mark.parametrize("c", FITS, ids=["letterbox", "stretch"])
def test_the_box_lies_about_its_thing(c: Changes) -> None:
    @settings(max_examples=60, deadline=None, derandomize=True)
    @given(st.integers(24, 90), st.integers(24, 90), st.integers(0, 10**6))
    def check(h: int, w: int, seed: int) -> None:
        box = (w // 4, h // 3, w // 3, h // 3)
        seen, boxes, labels = cut(painted(h, w, box), *one(*box), c, np.random.default_rng(seed))
        assert seen.shape == (3, 48, 48)
        assert boxes.dtype == torch.float32
        assert labels.tolist() in ([3], [])
        if not len(boxes):
            assert not c.kept
            return
        left, top, wide, high = boxes[0].tolist()
        assert min(left, top) >= 0
        assert max(left + wide, top + high) <= 48 + 1e-4
        light = seen[0] > 0.5
        rows, columns = (light.any(k).nonzero().flatten() for k in (1, 0))
        assert rows[0] == pytest.approx(top, abs=1.01)
        assert rows[-1] + 1 == pytest.approx(top + high, abs=1.01)
        assert columns[0] == pytest.approx(left, abs=1.01)
        assert columns[-1] + 1 == pytest.approx(left + wide, abs=1.01)

    check()


def test_a_whole_picture_is_letterboxed_or_stretched() -> None:
    """Of 30 × 60 in a letterbox of 60 half is border in the picture's mean colour; stretched there is none, and a square becomes twice as high as wide."""
    picture, still = painted(30, 60, (10, 10, 10, 10)), Changes(60, whole=1, flips="none")
    seen, boxes, _ = cut(picture, *one(10, 10, 10, 10), still, np.random.default_rng(0))
    assert boxes[0, 2:].tolist() == [10, 10]
    border = (seen[0] - float(picture.mean()) / 255).abs() < 1e-3
    assert int(border.all(1).sum()) == 30
    _, boxes, _ = cut(picture, *one(10, 10, 10, 10), replace(still, fit="stretch"), np.random.default_rng(0))
    assert boxes[0].tolist() == [10, 20, 10, 20]


def test_of_which_less_than_a_third_is_left_that_is_dropped_and_else_clipped() -> None:
    picture, still = np.zeros((64, 64, 3), np.uint8), Changes(64, whole=0, smallest=2, largest=2, stretch=1, flips="none", least=0.3)
    kept, dropped = 0, 0
    for seed in range(60):
        boxes = np.array([[0, 0, 64, 64], [28, 28, 8, 8], [0, 0, 20, 20]], np.float32)
        seen = [cut(picture, boxes[k : k + 1], np.array([k]), still, np.random.default_rng(seed)) for k in range(3)]
        assert not len(seen[0][1]), "a quarter of it is left"
        for _, some, _ in seen[1:]:
            kept, dropped = kept + len(some), dropped + (not len(some))
            if len(some):
                assert (some[0, 2:] * 1).prod() >= 0.3 * (16 * 16) - 1e-3
    assert kept > 10
    assert dropped > 10


def test_where_a_box_must_be_kept_one_is() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    tight = Changes(32, "stretch", whole=0, smallest=3, largest=6, least=0.9, kept=True)
    for seed in range(30):
        _, boxes, labels = cut(picture, *one(2, 2, 30, 6), tight, np.random.default_rng(seed))
        assert labels.tolist() == [3]
        assert (boxes[0, 2:] > 0).all()
    nothing = cut(picture, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), tight, np.random.default_rng(0))
    assert nothing[1].shape == (0, 4)
    assert nothing[2].shape == (0,)


@pytest.mark.parametrize(("flips", "ways"), [("none", 1), ("sideways", 2), ("any", 8)])
def test_pictures_are_mirrored_as_they_may_be(flips: str, ways: int) -> None:
    still = Changes(40, "stretch", whole=1, flips=flips)  # type: ignore[arg-type]
    picture = painted(40, 40, (2, 6, 8, 16))
    found = {tuple(cut(picture, *one(2, 6, 8, 16), still, np.random.default_rng(k))[1][0].tolist()) for k in range(80)}
    assert len(found) == ways


def test_the_same_numbers_draw_the_same_and_others_do_not() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    a, b, c = (cut(picture, *one(9, 9, 30, 30), FITS[0], np.random.default_rng(seed)) for seed in (5, 5, 6))
    assert torch.equal(a[0], b[0])
    assert torch.equal(a[1], b[1])
    assert not torch.equal(a[0], c[0])


@pytest.mark.parametrize("hw", [(1, 1), (1, 300), (300, 1), (10, 10)])
@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
def test_pictures_of_any_shape(hw: tuple[int, int], fit: str) -> None:
    picture = np.full((*hw, 1), 0.5, np.float32)
    for seed in range(20):
        c = Changes(32, fit)  # type: ignore[arg-type]
        seen, boxes, _ = cut(picture, *one(0, 0, hw[1], hw[0]), c, np.random.default_rng(seed))
        assert seen == pytest.approx(torch.full((1, 32, 32), 0.5), abs=1e-5)
        assert (boxes[:, 2:] > 0).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.3, 4), st.floats(0, 1), st.floats(0, 1))
def test_windows_lie_in_both(h: int, w: int, zoom: float, y: float, x: float) -> None:
    for fit in ("letterbox", "stretch"):
        for size, one_ in zip((h, w), fitted(h, w, Changes(64, fit), np.array([y, x]), zoom), strict=True):  # type: ignore[arg-type]
            assert 0 <= one_.first < one_.last <= size
            assert 0 <= one_.begin < one_.begin + one_.pixels <= 64
