"""Average precision: beside faster-coco-eval on anything random, closed forms, and pictures drawn anew beside pictures given anew."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from zorki.locating import coco
from zorki.scores.average_precision import IOUS, OfClass, Ranked, iou, matched

pytestmark = pytest.mark.tiny


def picture(true: Any = (), of: Any = (), boxes: Any = (), scores: Any = (), labels: Any = ()) -> Any:
    return SimpleNamespace(
        hw=(100, 120), true=np.array(true, np.float64).reshape(-1, 4), of=np.array(of, np.int64), boxes=np.array(boxes, np.float64).reshape(-1, 4),
        scores=np.array(scores, np.float64), labels=np.array(labels, np.int64),
    )  # fmt: skip


def randomly(count: int, seed: int, classes: int = 3, most: int = 9, steps: int = 0) -> list[Any]:
    """Pictures whose detections lie about true boxes or anywhere. steps: scores are so coarse that many are equal, and boxes lie on whole pixels."""
    g, out = np.random.default_rng(seed), []
    for _ in range(count):
        m, n = g.integers(0, most, 2)
        true, of = np.concatenate([g.uniform(0, 60, (m, 2)), g.uniform(4, 50, (m, 2))], 1), g.integers(0, classes, m)
        away, kinds = np.concatenate([g.uniform(0, 60, (n, 2)), g.uniform(4, 50, (n, 2))], 1), g.integers(0, classes, n)
        near = true[g.integers(0, m, 2 * m)] + g.normal(0, 3, (2 * m, 4)) if m else np.zeros((0, 4))
        boxes = np.concatenate([near.clip(1e-3), away])
        labels = np.concatenate([g.integers(0, classes, len(near)), kinds])
        scores = g.uniform(0, 1, len(boxes))
        if steps:
            boxes, true, scores = boxes.round().clip(1), true.round().clip(1), (scores * steps).round() / steps
        out.append(picture(true, of, boxes, scores, labels))
    return out


def ours(pictures: list[Any], classes: int = 3) -> np.ndarray:
    ranked = Ranked(classes)
    for one in pictures:
        ranked.add(one.boxes, one.scores, one.labels, one.true, one.of)
    return ranked.precision()[0]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("steps", [0, 4])
def test_as_faster_coco_eval_has_it(seed: int, steps: int) -> None:
    pictures = randomly(7, seed, steps=steps)
    theirs = coco.by_library(pictures, 3)
    assert ours(pictures) == pytest.approx(theirs, abs=1e-9, nan_ok=True)
    assert 0 < np.nanmean(theirs) < 1


def test_the_hundred_surest_of_a_class_in_a_picture() -> None:
    g = np.random.default_rng(0)
    boxes = np.concatenate([g.uniform(0, 60, (250, 2)), g.uniform(4, 50, (250, 2))], 1)
    one = picture(boxes[:40], [0] * 40, boxes, g.uniform(0, 1, 250), [0] * 250)
    theirs = coco.by_library([one], 1)
    assert ours([one], 1) == pytest.approx(theirs, abs=1e-9)
    assert theirs[0, 0] < 0.9, "those beyond the hundred found the rest"


def test_a_class_that_is_never_true_is_none_and_one_never_found_is_0() -> None:
    pictures = [picture([[0, 0, 9, 9]], [0], [[0, 0, 9, 9]], [0.5], [2]), picture([[0, 0, 9, 9]], [1], [[0, 0, 9, 9]], [0.5], [1])]
    for found in (ours(pictures), coco.by_library(pictures, 3)):
        assert found[0].tolist() == [0] * 10
        assert found[1] == pytest.approx(1)
        assert np.isnan(found[2]).all()


def test_nothing_found_is_0_and_nothing_true_is_none() -> None:
    """Case L08: a list of no detections."""
    some = [picture([[0, 0, 9, 9], [20, 20, 9, 9]], [0, 0]), picture()]
    none = [picture(boxes=[[0, 0, 9, 9]], scores=[0.4], labels=[0])]
    for judge in (ours, coco.by_library):
        assert judge(some, 1).tolist() == [[0] * 10]
        assert np.isnan(judge(none, 1)).all()


def test_the_library_is_what_is_asked_where_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = randomly(4, 3)
    with_it = coco.precisions(pictures, 3)
    assert (with_it == coco.by_library(pictures, 3)).all()
    monkeypatch.setattr(coco, "by_library", None)
    with monkeypatch.context() as without:
        without.setattr(coco, "find_spec", lambda name: None)
        assert coco.precisions(pictures, 3) == pytest.approx(with_it, abs=1e-9, nan_ok=True)
    monkeypatch.setattr(coco, "PAIRS", 11)
    assert coco.precisions(pictures, 3) == pytest.approx(with_it, abs=1e-9, nan_ok=True)
    with pytest.raises(TypeError):
        coco.precisions(pictures[:3], 3)


def test_by_hand() -> None:
    """Of 4 true boxes three are found: right, wrong, right, right. Precision 1 up to a recall of .25, then 3/4 up to .75, then 0."""
    right = np.array([[True, False, True, True]])
    it = OfClass(np.array([0.9, 0.8, 0.7, 0.6]), np.zeros(4, np.int64), right, np.array([4]))
    assert it.precision()[0, 0] == pytest.approx((26 * 1 + 50 * 0.75) / 101)
    assert it.curve()[[0, 25, 26, 75, 76, 100]].tolist() == [1, 1, 0.75, 0.75, 0, 0]


@pytest.mark.parametrize("seed", range(4))
def test_pictures_that_count_twice_are_pictures_given_twice(seed: int) -> None:
    """Also where a picture counts not at all. (Equal scores in one picture come in another order where it is given twice.)"""
    pictures, g = randomly(6, seed), np.random.default_rng(seed)
    ranked = Ranked(3)
    for one in pictures:
        ranked.add(one.boxes, one.scores, one.labels, one.true, one.of)
    often = g.multinomial(6, np.full(6, 1 / 6), 5)
    assert (often == 0).any()
    assert (often > 1).any()
    found = ranked.precision(often)
    for row, said in zip(often, found, strict=True):
        again = [one for one, times in zip(pictures, row, strict=True) for _ in range(times)]
        assert said == pytest.approx(coco.by_library(again, 3), abs=1e-9, nan_ok=True)


def test_blocks_of_rounds_are_no_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    ranked = Ranked(3)
    for one in randomly(5, 1):
        ranked.add(one.boxes, one.scores, one.labels, one.true, one.of)
    often = np.random.default_rng(0).integers(0, 3, (11, 5))
    whole = ranked.precision(often)
    monkeypatch.setattr("zorki.scores.average_precision.ROOM", 40)
    assert ranked.precision(often) == pytest.approx(whole, nan_ok=True)


def test_overlaps_of_boxes_without_area() -> None:
    assert iou([[0, 0, 4, 2]], [[2, 0, 4, 2], [0, 0, 0, 2], [9, 9, 1, 1]]).tolist() == [[1 / 3, 0, 0]]
    assert iou(np.zeros((1, 4)), np.zeros((1, 4))).tolist() == [[0]]
    assert matched(np.zeros((2, 0)), IOUS).tolist() == [[-1, -1]] * 10


def test_each_detection_takes_what_is_left() -> None:
    overlaps = np.array([[0.9, 0.8], [0.95, 0.6], [0.7, 0.7]])
    assert matched(overlaps, [0.5]).tolist() == [[0, 1, -1]]
    assert matched(overlaps, [0.65]).tolist() == [[0, -1, 1]]
    assert matched(np.array([[0.7, 0.7]]), [0.5]).tolist() == [[1]], "the last of equal ones, as pycocotools does"


def test_the_librarys_own_example() -> None:
    """Three pictures of signs: its tests hold the mean at 0.6947194719471946 (MiXaiLL76/faster_coco_eval, tests/dataset and test_basic.py, Apache-2.0)."""
    big = [22, 24, 109, 111]
    pictures = [
        picture([big, [145, 24, 108, 108], [4, 156, 107, 91]], [0, 1, 2], [big, [145, 24, 108, 108], [4, 156, 107, 91]], [19 / 30, 2 / 3, 0.7], [1, 0, 2]),
        picture([big, [10, 147, 107, 107], [132, 130, 107, 108]], [0, 3, 1], [big, [10, 147, 107, 107], [132, 130, 107, 108]], [22 / 30, 23 / 30, 0.8], [0, 3, 1]),
        picture(
            [[144, 2, 109, 111], [14, 21, 121, 124], [108, 120, 131, 127]], [0, 1, 3],
            [[144, 2, 109, 111], [108, 120, 131, 127], [4, 145, 109, 111]], [25 / 30, 26 / 30, 0.9], [0, 3, 0],
        ),
    ]  # fmt: skip
    for judge in (ours, coco.by_library):
        assert np.nanmean(judge(pictures, 4)) == pytest.approx(0.6947194719471946, abs=1e-12)
