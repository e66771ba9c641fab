"""`segment convert`: what an outline covers, which of two things lies on top, what is said of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.formats import made
from tests.segment.converted import KINDS, annotated, labelled, mask

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("shape", "words", "pixels"),
    [
        (made.shape(points=[[-5, -5], [10, -5], [10, 8], [-5, 8]]), "Cut off at the border of the picture, beyond which it reaches: 1 thing (0.json, shape 1)", 80),
        (made.shape(points=[[2, 2], [12, 10], [12, 2], [2, 10]]), "even-odd rule, as pycocotools, LabelMe and OpenCV do it, since the outline crosses itself: 1 thing", 40),
        (made.shape(points=[[2, 2], [3, 3]]), "Left out, since it has fewer than three corners: 1 thing", 0),
        (made.shape(points=[[2.1, 2.1], [2.2, 2.1], [2.2, 2.3]]), "Without any pixel whose middle lies inside", 0),
        (made.shape(points=[[-9, -9], [-5, -9], [-5, -5]]), "Without any pixel whose middle lies inside", 0),
        (made.shape(kind="cuboid"), "Left out, since it is a cuboid, which is not known: 1 thing (0.json, shape 1)", 0),
    ],
    ids=["beyond", "crossing", "two corners", "tiny", "outside", "cuboid"],
)  # fmt: skip
def test_outlines_that_cannot_be_taken_as_they_are_are_told(
    shape: dict[str, Any], words: str, pixels: int, tmp_path: Path, command: Any
) -> None:
    annotated(tmp_path / "in", [shape, made.shape("dog", points=[[28, 18], [30, 18], [30, 20], [28, 20]])])
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 0, err
    assert words in err
    assert (mask("made") == 1).sum() == pixels
    assert (mask("made") == 2).sum() == 4


@pytest.mark.parametrize("side", [(-5, 0), (25, 0), (0, -5), (0, 15)], ids=["left", "right", "top", "bottom"])
def test_what_lies_beyond_any_border_is_told(side: tuple[int, int], tmp_path: Path, command: Any) -> None:
    corners = [[x + side[0], y + side[1]] for x, y in ((0, 0), (8, 0), (8, 8), (0, 8))]
    annotated(tmp_path / "in", [made.shape(points=corners)])
    _, _, err = command("segment", "convert", "in", "--out", "made")
    assert "Cut off at the border" in err
    assert (mask("made") == 1).sum() == {(-5, 0): 3 * 8, (25, 0): 5 * 8, (0, -5): 8 * 3, (0, 15): 8 * 5}[side]


def test_what_lies_beyond_by_less_than_a_pixels_half_is_not_told(tmp_path: Path, command: Any) -> None:
    annotated(tmp_path / "in", [made.shape(points=[[-0.4, -0.4], [10, -0.4], [10, 8]])])
    assert "Cut off" not in command("segment", "convert", "in", "--out", "made")[2]


@pytest.mark.parametrize(
    ("options", "on_top"),
    [((), 1), (("--overlap", "later"), 2), (("--overlap", "smaller"), 1), (("--overlap", "void"), 255)],
)
def test_which_of_two_things_lies_on_top_of_coco(options: tuple[str, ...], on_top: int, tmp_path: Path, command: Any) -> None:
    """The small one stands first."""
    large = {"category_id": 2, "segmentation": [[0, 0, 20, 0, 20, 15, 0, 15]]}
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{}, large]))
    status, _, err = command("segment", "convert", "in", "--out", "made", *options)
    assert status == 0
    assert (mask("made")[3:9, 2:12] == on_top).all()
    assert (mask("made") == 2).sum() == (300 if on_top == 2 else 240)
    assert "20.0 % of the pixels of things are of two classes" in err


def test_in_labelme_the_later_lies_on_top_and_of_one_class_none_does(tmp_path: Path, command: Any) -> None:
    annotated(tmp_path / "in", [made.shape("dog"), made.shape("cat", points=[[0, 0], [20, 0], [20, 15], [0, 15]]), made.shape("cat")])
    _, _, err = command("segment", "convert", "in", "--out", "made")
    assert (mask("made") == 1).sum() == 300
    assert "20.0 % of the pixels of things are of two classes: the later one lies on top" in err
    annotated(tmp_path / "same", [made.shape("cat"), made.shape("cat")])
    assert "two classes" not in command("segment", "convert", "same", "--out", "other", "--overlap", "void")[2]
    assert (mask("other") == 1).sum() == 60


@pytest.mark.parametrize(("crowds", "expected"), [("class", 2), ("void", 255), ("none", 0)])
def test_crowds_lie_under_all_else(crowds: str, expected: int, tmp_path: Path, command: Any) -> None:
    counts = {"size": list(made.HW), "counts": [0, 400, 200]}  # twenty columns
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{}, {"category_id": 2, "iscrowd": 1, "segmentation": counts}]))
    status, _, err = command("segment", "convert", "in", "--out", "made", "--crowds", crowds, "--overlap", "later")
    assert status == 0
    assert (mask("made") == 1).sum() == 60
    assert (mask("made")[:, :20] == expected).sum() == 340
    assert "1 crowds" in err


def test_what_counts_nowhere_is_no_crowd_although_coco_calls_it_so(tmp_path: Path, command: Any) -> None:
    before = labelled(tmp_path / "before", *KINDS["with background and void"])
    assert command("segment", "convert", before, "--to", "coco", "--out", "there")[0] == 0
    _, _, err = command("segment", "convert", "there", "--crowds", "none", "--out", "after")
    assert "crowds" not in err
    assert ((mask("after/train") == 255) == (mask(before / "train") == 255)).all()
