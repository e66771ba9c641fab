"""Boxes drawn on photos: where lines and labels lie, at any size, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from zorki.locating import drawing
from zorki.locating.drawing import drawn

pytestmark = pytest.mark.tiny
BLUE, RED = "#0000ff", "#ff0000"


def is_colour(picture: np.ndarray, colour: str) -> np.ndarray:
    return (picture == [int(colour[i : i + 2], 16) for i in (1, 3, 5)]).all(-1)


def rectangle(picture: np.ndarray, colour: str) -> tuple[int, int, int, int]:
    """Left, top, width, height of all that has the colour."""
    y, x = np.nonzero(is_colour(picture, colour))
    return int(x.min()), int(y.min()), int(x.max() - x.min() + 1), int(y.max() - y.min() + 1)


@pytest.mark.parametrize("size", [(30, 40), (300, 400), (1500, 2000)])
def test_the_line_runs_just_inside_the_box_and_grows_with_the_picture(size: tuple[int, int]) -> None:
    h, w = size
    box = [w / 4, h / 3, w / 2, h / 2]
    out = drawn(np.full((h, w, 3), 0.5), [box], [""], [BLUE])
    assert np.abs(np.array(rectangle(out, BLUE)) - box).max() <= 0.5
    thick = int(is_colour(out, BLUE)[:, w // 2].sum()) // 2
    assert thick == max(1, round(w / drawing.LINE))
    assert (out[h // 2, w // 2] == 128).all()  # the inside is as it was


def test_the_photo_stays_and_no_box_changes_nothing() -> None:
    photo = np.random.default_rng(0).random((20, 30, 3)).astype(np.float32)
    before = photo.copy()
    out = drawn(photo, np.zeros((0, 4)), [], [])
    assert (out == np.rint(255 * photo)).all()
    drawn(photo, [[3, 3, 9, 9]], ["x"], [RED])
    assert (photo == before).all()
    levels = np.rint(255 * photo).astype(np.uint8)
    assert (drawn(levels, [[3, 3, 9, 9]], ["x"], [RED]) == drawn(photo, [[3, 3, 9, 9]], ["x"], [RED])).all()


def test_labels_lie_inside_and_not_on_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[tuple[int, int, int, int]] = []
    free = drawing.free

    def seen(bound, size, hw, placed, thick):  # type: ignore[no-untyped-def]
        where = free(bound, size, hw, placed, thick)
        if where is not None:
            found.append((*where, where[0] + size[1], where[1] + size[0]))
        return where

    monkeypatch.setattr(drawing, "free", seen)
    corners = [
        [0, 0, 60, 40],
        [340, 0, 60, 40],
        [0, 260, 60, 40],
        [340, 260, 60, 40],
        [150, 120, 90, 60],
        [152, 121, 90, 60],
        [0, 0, 400, 300],
    ]
    drawn(np.zeros((300, 400, 3)), corners, [f"raccoon 9{i}%" for i in range(7)], [BLUE] * 7)
    assert len(found) == 7
    for i, (left, top, right, bottom) in enumerate(found):
        assert left >= 0
        assert top >= 0
        assert right <= 400
        assert bottom <= 300
        for other in found[:i]:
            shared = max(0, min(right, other[2]) - max(left, other[0])) * max(0, min(bottom, other[3]) - max(top, other[1]))
            assert shared <= drawing.HIDDEN * (right - left) * (bottom - top)


def test_in_a_crowd_each_colour_has_a_name_first() -> None:
    boxes = [[10.0, 10, 12, 12]] * 30 + [[40.0, 40, 12, 12]]
    out = drawn(np.zeros((80, 120, 3)), boxes, ["cell"] * 30 + ["virus"], [BLUE] * 30 + [RED])
    assert is_colour(out, RED).sum() > 200  # its plate, not its line alone
    assert is_colour(out, BLUE).sum() + is_colour(out, RED).sum() < 0.5 * 80 * 120


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (10, 10), (15, 800)])
def test_the_smallest_pictures_have_room_for_a_line(size: tuple[int, int]) -> None:
    h, w = size
    out = drawn(np.full((h, w, 3), 0.5), [[0, 0, w, h]], ["a thing with a long name 100%"], [RED])
    assert out.shape == (h, w, 3)
    assert is_colour(out, RED).any()


def test_what_lies_outside_or_is_no_number_is_not_drawn() -> None:
    flat = np.full((40, 40, 3), 0.5)
    strange = [[50, 50, 9, 9], [-30, 0, 10, 10], [float("nan"), 0, 5, 5], [0, 0, float("inf"), 5], [9, 9, -4, 5]]
    assert (drawn(flat, strange, ["x"] * 5, [RED] * 5) == 128).all()
    out = drawn(flat, [[-20, -20, 40, 40]], [""], [RED])  # cut off where the picture ends
    assert rectangle(out, RED) == (0, 0, 20, 20)


@pytest.mark.parametrize(("colour", "ink"), [("#f2c924", (0, 0, 0)), ("#0077bb", (255, 255, 255))])
def test_letters_are_black_on_bright_colours_and_white_on_dark_ones(colour: str, ink: tuple[int, int, int]) -> None:
    out = drawn(np.full((600, 600, 3), 0.5), [[100, 100, 400, 400]], ["HHHH"], [colour])
    assert (out == ink).all(-1).sum() > 20
