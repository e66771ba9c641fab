"""What becomes of each box, and what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zorki import io
from zorki.formats import Annotated, Disc, Stroke, Thing
from zorki.formats.shapes import Several, rectangle
from zorki.io.exif import upright
from zorki.locating import faults
from zorki.locating.faults import Fault
from zorki.locating.kinds import KINDS

pytestmark = pytest.mark.tiny
HW = (60, 100)


def checked(*things: Thing, hw: tuple[int, int] = HW, turn: int = 1, **more: Any) -> tuple[list[tuple[float, ...]], list[Fault]]:
    boxes, found = faults.of_picture(Annotated("0.jpg", Path("0.xml"), None, things, name="0", **more), "all", hw, turn)
    return [box[1:] for box in boxes], found


def cat(*box: float, **more: Any) -> Thing:
    return Thing(more.pop("label", "cat"), None, box, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("box", "kinds", "left"),
    [
        ((10, 20, 30, 10), [], (10, 20, 30, 10)),
        ((0, 0, 100, 60), [], (0, 0, 100, 60)),
        ((10, 20, 1, 30), [], (10, 20, 1, 30)),
        ((10, 20, 0, 4), ["area"], None),
        ((10, 20, 4, 0.4), ["area"], None),
        ((40, 30, -30, -10), ["swapped"], (10, 20, 30, 10)),
        ((40, 20, -30, 10), ["swapped"], (10, 20, 30, 10)),
        ((40, 30, -50, -10), ["swapped", "beyond"], (0, 20, 40, 10)),
        ((-5, -5, 20, 30), ["beyond"], (0, 0, 15, 25)),
        ((90, 50, 20, 20), ["beyond"], (90, 50, 10, 10)),
        ((90, 50, 10.005, 10), [], (90, 50, 10, 10)),
        ((100, 10, 20, 20), ["outside"], None),
        ((-30, 10, 20, 20), ["outside"], None),
        ((99.8, 10, 20, 20), ["outside"], None),
    ],
)  # fmt: skip
def test_a_box_is_kept_mended_or_left_out(box: tuple[float, ...], kinds: list[str], left: tuple[float, ...] | None) -> None:
    """Case L04 of public reports: one pixel is a box, none is not."""
    boxes, found = checked(cat(*box, number="line 2"))
    assert [fault.kind for fault in found] == kinds
    assert boxes == ([] if left is None else [pytest.approx(left)])
    for fault in found:
        assert fault.where == ("0.jpg",)
        assert fault.box == io.Box("cat", *box)
        assert "line 2 (cat)" in fault.sentence()
        assert (fault.mended is None) is (left is None)


def test_what_comes_again_is_kept_once_and_what_has_two_classes_twice() -> None:
    things = [cat(1, 1, 9, 9), cat(1.3, 1, 9, 9.4), cat(1, 1, 9, 9.6), cat(1, 1, 9, 9, label="dog"), cat(1, 1, 9, 9, label="dog")]
    boxes, found = checked(*things)
    assert boxes == [(1, 1, 9, 9), (1, 1, 9, 9.6), (1, 1, 9, 9)]
    assert [fault.kind for fault in found] == ["doubled", "two", "doubled"]


def test_what_has_no_class_no_box_or_is_many_is_left_out() -> None:
    things = [
        cat(1, 1, 9, 9, label="void", flaw="has no name", number="object 1"), cat(1, 1, 9, 9, label="Void"), Thing("cat", flaw="has no box"),
        cat(1, 1, 9, 9, crowd=True), Thing("line", Stroke(np.array([[1.0, 1], [9, 9]]), 10)), Thing("point", Several((Disc(5, 5, 5),))), cat(2, 2, 5, 5),
    ]  # fmt: skip
    boxes, found = checked(*things)
    assert boxes == [(2, 2, 5, 5)]
    assert [fault.kind for fault in found] == ["nameless", "nameless", "flaw", "crowd", "flaw", "flaw"]
    assert "object 1 has no name" in found[0].text
    assert "a class that is not listed" in found[1].text
    assert "is a point" in found[5].text


def test_without_a_box_it_is_around_the_outline_and_parts_of_a_group_are_one() -> None:
    things = [
        Thing("cat", rectangle(1, 2, 11, 12), group=1), Thing("dog", Disc(50, 30, 5)), Thing("cat", rectangle(20, 5, 30, 40), group=1),
        Thing("cat", rectangle(60, 5, 70, 10), group=2), Thing("dog", rectangle(80, 5, 90, 10), group=1),
    ]  # fmt: skip
    assert checked(*things) == ([(1, 2, 29, 38), (45, 25, 10, 10), (60, 5, 10, 5), (80, 5, 10, 5)], [])


def test_shares_become_pixels_and_a_rounding_is_cut_off() -> None:
    """Case L12 of public reports: 1.003 by rounding."""
    boxes, found = checked(cat(0.5 - 1.003 / 2, 0.4, 1.003, 0.2), relative=True)
    assert boxes == [pytest.approx((0, 24, 100, 12))]
    assert [(fault.kind, fault.text) for fault in found] == [("beyond", "(cat) by 0.1 pixels")]


@pytest.mark.parametrize("turn", range(1, 9))
def test_boxes_turn_as_pictures_do(turn: int) -> None:
    stored = np.zeros((7, 11), bool)
    stored[1:3, 4:10] = True
    seen = upright(stored, turn)
    y, x = np.nonzero(seen)
    around = (x.min(), y.min(), x.max() + 1 - x.min(), y.max() + 1 - y.min())
    assert faults.turned((4, 1, 6, 2), (7, 11), turn) == around
    assert checked(cat(4, 1, 6, 2), hw=(seen.shape[0], seen.shape[1]), turn=turn) == ([around], [])


def test_each_kind_is_said_with_its_number_and_the_first_few() -> None:
    some = [Fault("area", f"line {k} is flat", (f"{k}.jpg",), "train") for k in range(5)] + [Fault("empty", "", ("a.jpg", "b.jpg"))]
    first, second = faults.said(some)
    assert (
        first
        == "5 boxes have no area (left out): train/0.jpg: line 0 is flat; train/1.jpg: line 1 is flat; train/2.jpg: line 2 is flat; and 2 more."
    )
    assert second == "2 pictures have no box (counted as empty): a.jpg, b.jpg."
    assert faults.said(some[:1])[0].startswith("1 box has no area (left out): ")
    assert list(faults.counted(some[::-1])) == ["area", "empty"]


def test_each_kind_says_what_it_is_and_what_becomes_of_it() -> None:
    for kind, about in KINDS.items():
        assert about.why.endswith((".", "?")), kind
        assert about.title != about.one
        assert about.done
