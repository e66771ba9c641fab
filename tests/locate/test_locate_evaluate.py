"""How good a net locates: figures by hand and by loops, intervals beside pictures drawn one by one, classes, guesses, the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zorki
from tests import toys
from tests.locate.told import folder, net
from zorki import report
from zorki.core import events
from zorki.core.errors import InputError
from zorki.locating import coco, guessing, judging
from zorki.locating.matching import matched
from zorki.locating.pictured import OfPicture
from zorki.report import sheets
from zorki.scores import bootstrap

pytestmark = pytest.mark.tiny
CAT, DOG = ("cat", 4.0, 4.0, 20.0, 10.0), ("dog", 20.0, 20.0, 12.0, 12.0)


def heard(call: Any) -> tuple[Any, list[str]]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note) if e.note else None):
        return call(), notes


def of(true: Any, labels: Any, boxes: Any, scores: Any, found: Any, kind: Any = "many", least: float = 0.3, name: str = "p") -> OfPicture:
    a, b = (np.array(x, np.float64).reshape(-1, 4) for x in (true, boxes))
    return OfPicture(name, (40, 40), a, np.array(labels, np.int64), b, np.array(scores, float), np.array(found, np.int64), least, kind)


def test_many_by_hand(tmp_path: Path) -> None:
    """Of four true boxes: one found, one found as the other class, one met by half of it only, one not at all; and one thing where nothing is."""
    data = folder(tmp_path / "d", [[CAT, DOG], [("cat", 0, 0, 10, 10), ("cat", 20, 20, 10, 10)]])
    says = [
        ([(4, 4, 20, 10), (20, 20, 12, 12)], [0.9, 0.8], [0, 0]),
        ([(0, 0, 10, 5), (30, 0, 8, 8), (20, 20, 10, 4), (20, 20, 10, 10)], [0.7, 0.6, 0.5, 0.2], [0, 1, 0, 0]),
    ]
    found = zorki.locate.evaluate(net(says), data)
    said = found.answer()
    assert said["kind"] == "many"
    assert (said["count"], said["boxes"], said["found"]) == (2, 4, 5)
    assert said["class_and_iou50"] == 0.5
    assert said["accuracy"] == 0.5, "the dog's best box is called a cat; that of .4 lies nowhere"
    assert said["mean_iou"] == pytest.approx((1 + 1 + 0.5 + 0.4) / 4)
    assert said["precision"] == pytest.approx(2 / 5)
    assert said["by_class"]["dog"] == {
        "boxes": 1, "accuracy": 0, "mean_iou": 1, "class_and_iou50": 0, "ap50": 0, "ap": 0, "ap50_interval": said["by_class"]["dog"]["ap50_interval"],
    }  # fmt: skip
    # cats by their scores: right, wrong (a dog), right, wrong, and below what is shown right again: 1, 2/3, 3/5
    assert said["by_class"]["cat"]["ap50"] == pytest.approx((34 * 1 + 33 * 2 / 3 + 34 * 3 / 5) / 101, abs=1e-6)
    assert said["map50"] == pytest.approx(said["by_class"]["cat"]["ap50"] / 2, abs=1e-6)
    assert said["pictures"][0]["name"] == "1.png"
    assert said["pictures"][0]["quality"] == pytest.approx(0.5 / (1 + (2 + 1) / 2), abs=1e-6)
    assert json.loads(json.dumps(said, allow_nan=False)) == said


def test_one_by_hand(tmp_path: Path) -> None:
    """Class and box are right beyond an IoU of a half, not at it."""
    truths = [[("cat", 0, 0, 20, 20)], [("cat", 0, 0, 20, 20)], [("dog", 10, 10, 20, 20)]]
    says = [([(0, 0, 20, 10)], [1], [0]), ([(0, 0, 20, 11)], [1], [0]), ([(10, 10, 20, 20)], [1], [0])]
    said = zorki.locate.evaluate(net(says, kind="one"), folder(tmp_path / "d", truths)).answer()
    assert said["kind"] == "one"
    assert said["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert said["mean_iou"] == pytest.approx((0.5 + 0.55 + 1) / 3, abs=1e-6)
    assert said["class_and_iou50"] == pytest.approx(1 / 3, abs=1e-6)
    whole = said["guesses"][guessing.WHOLE]
    assert whole["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert whole["mean_iou"] == pytest.approx(400 / 1600)
    assert whole["class_and_iou50"] == 0
    middle = said["guesses"][guessing.MIDDLE]  # of boxes at 0, 0, 10 of a side of 20
    assert middle["mean_iou"] == pytest.approx((1 + 1 + 100 / 700) / 3, abs=1e-5)


def random_pictures(count: int = 7, seed: int = 0) -> list[OfPicture]:
    g, out = np.random.default_rng(seed), []
    for i in range(count):
        m = int(g.integers(0, 4))
        true = np.concatenate([g.uniform(0, 20, (m, 2)), g.uniform(4, 20, (m, 2))], 1)
        boxes = np.concatenate([true + g.normal(0, 1.5, (m, 4)), np.concatenate([g.uniform(0, 20, (3, 2)), g.uniform(4, 20, (3, 2))], 1)])
        boxes = boxes.clip(0.1)
        scores = np.sort(g.uniform(0, 1, len(boxes)))[::-1]
        out.append(of(true, g.integers(0, 2, m), boxes, scores, g.integers(0, 2, len(boxes)), name=str(i)))
    return out


def judged(pictures: list[OfPicture], classes: tuple[str, ...] = ("cat", "dog")) -> judging.Judged:
    return judging.Judged(matched(classes, classes, classes, True, "net"), None, tuple(pictures), "many")  # type: ignore[arg-type]


def test_figures_as_loops_have_them() -> None:
    pictures = random_pictures(30)
    it = judged(pictures).figures
    told, lies, both, boxes = 0, 0.0, 0, 0
    for one in pictures:
        for box, label in zip(one.true, one.of, strict=True):
            best, its, any_right = 0.0, -1, False
            for b, s, k in zip(one.boxes, one.scores, one.labels, strict=True):
                if s >= 0.3:
                    wide = min(box[0] + box[2], b[0] + b[2]) - max(box[0], b[0])
                    high = min(box[1] + box[3], b[1] + b[3]) - max(box[1], b[1])
                    shared = max(0, wide) * max(0, high)
                    iou = shared / (box[2] * box[3] + b[2] * b[3] - shared)
                    best, its = max((best, its), (iou, int(k)))
                    any_right |= iou >= 0.5 and k == label
            told, lies, both, boxes = told + (best >= 0.5 and its == label), lies + best, both + any_right, boxes + 1
    assert 0 < told < both < boxes or 0 < told <= both
    assert it["accuracy"] == pytest.approx(told / boxes)
    assert it["mean_iou"] == pytest.approx(lies / boxes)
    assert it["class_and_iou50"] == pytest.approx(both / boxes)
    assert it["map50"] == pytest.approx(np.nanmean(coco.by_library(pictures, 2)[:, 0]))


def test_intervals_are_those_of_pictures_drawn_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "WORK", 1)
    pictures = random_pictures()
    it = judged(pictures)
    assert it.rounds == 100, "never fewer"
    again = []
    for often in bootstrap.drawn(len(pictures), 100):
        drawn = [one for one, times in zip(pictures, often, strict=True) for _ in range(times)]
        again.append(judged(drawn).figures)
    for name in ("accuracy", "mean_iou", "class_and_iou50", "precision", "map50", "map"):
        low, high = bootstrap.middle(np.array([one[name] for one in again]))
        assert it.intervals[name] == pytest.approx((low, high), abs=1e-9), name
    assert it.intervals["map50"][0] < it.figures["map50"] < it.intervals["map50"][1]


def test_nothing_found_nothing_true_and_a_single_picture(tmp_path: Path) -> None:
    """Case L08: no detection is AP 0; there is no interval of one picture, and nothing in the answer is no number."""
    said = zorki.locate.evaluate(net([([], [], [])]), folder(tmp_path / "d", [[CAT]])).answer()
    assert (said["map50"], said["map"], said["mean_iou"], said["accuracy"], said["found"]) == (0, 0, 0, 0, 0)
    assert said["precision"] is None
    assert said["intervals"]["map50"] == [None, None]
    assert said["by_class"]["cat"]["ap50"] == 0
    json.dumps(said, allow_nan=False)


def test_pictures_without_boxes_count(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT], []])
    right = ([(4, 4, 20, 10)], [0.8], [0])
    good = zorki.locate.evaluate(net([right, ([], [], [])]), data).answer()
    bad = zorki.locate.evaluate(net([right, ([(0, 0, 9, 9)], [0.9], [0])]), data).answer()
    assert good["map50"] == 1
    assert good["count"] == 2
    assert bad["map50"] == pytest.approx(0.5)
    assert bad["precision"] == 0.5
    assert [p["quality"] for p in bad["pictures"]] == [0, 1]
    assert [p["quality"] for p in good["pictures"]] == [1, 1]


def test_a_class_that_the_net_does_not_know_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT, ("horse", 1, 1, 5, 5)]])
    with pytest.raises(InputError, match=r"told does not know horse.*cat, dog"):
        zorki.locate.evaluate(net([([], [], [])]), data)


def test_classes_are_matched_by_name_and_others_are_wrong(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT, DOG]])
    boxes, scores = [(4, 4, 20, 10), (20, 20, 12, 12), (0, 30, 5, 5)], [0.9, 0.8, 0.7]
    found, notes = heard(lambda: zorki.locate.evaluate(net([(boxes, scores, [2, 0, 1])], ("DOG", "tree", "_cat_")), data))
    said = found.answer()
    assert said["map50"] == 1, "what only the net knows has no average precision"
    assert said["precision"] == pytest.approx(2 / 3, abs=1e-6)
    assert said["other_classes"] == ["tree"]
    assert any("also knows tree" in one for one in notes)


def test_a_net_without_names_is_matched_by_order(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT, DOG]])
    says = [([(4, 4, 20, 10), (20, 20, 12, 12)], [0.9, 0.8], [0, 1])]
    found, notes = heard(lambda: zorki.locate.evaluate(net(says, named=False), data))
    assert found.figures["map50"] == 1
    assert any("cat" in one and "dog" in one and "order" in one for one in notes)
    with pytest.raises(InputError, match="3 classes without names"):
        zorki.locate.evaluate(net(says, ("a", "b", "c"), named=False), data)


def test_one_box_on_pictures_with_several_is_said(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT, DOG]])
    found, notes = heard(lambda: zorki.locate.evaluate(net([([(4, 4, 20, 10)], [1], [0])], kind="one"), data))
    assert any("one box a picture" in one for one in notes)
    assert found.answer()["class_and_iou50"] == 0.5


def test_how_sure_it_must_be_to_count(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT]])
    says = [([(4, 4, 20, 10), (30, 30, 5, 5)], [0.6, 0.4], [0, 0])]
    assert zorki.locate.evaluate(net(says), data).figures["precision"] == 0.5
    sure = zorki.locate.evaluate(net(says), data, least=0.5)
    assert sure.figures["precision"] == 1
    assert sure.figures["map50"] == 1
    assert zorki.locate.evaluate(net(says), data, least=0.7).figures["class_and_iou50"] == 0


def test_a_part_that_is_not_there_and_a_net_that_gives_no_boxes(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT]])
    with pytest.raises(InputError, match="no pictures for split=test"):
        zorki.locate.evaluate(net([([], [], [])]), data, split="test")
    with pytest.raises(InputError, match="gives no boxes"):
        zorki.locate.evaluate(toys.net(), data)


def test_a_picture_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[CAT], [DOG]])
    Path(data, "images", "1.png").write_bytes(b"no picture")
    found = zorki.locate.evaluate(net([([(4, 4, 20, 10)], [0.8], [0])] * 2), data)
    assert [name for name, _ in found.failed] == ["1.png"]
    assert found.tried == 2
    assert found.figures["map50"] == 1


def test_the_page_and_the_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    truths = [[CAT, DOG]] * 5 + [[DOG]] * 5
    says = [([(4 + i, 4, 20, 10), (20, 20, 12, 12)], [0.9, 0.8], [0, 1]) for i in range(10)]
    data = folder(tmp_path / "d", truths)
    found = zorki.locate.evaluate(net(says), data, worst=3)
    assert len(found.plates) == 3
    assert len(found.tiles()) == 6
    assert found.plates[0].mosaics[0].tiles[0].pixels.shape == (40, 40, 3)
    from zorki.wings.locate import evaluate

    page = evaluate.page(net(says), found, evaluate.Settings(), "zorki locate evaluate d")
    assert [s.key for s in page.sections] == ["figures", "curves", "worst", "best", "typical", "data"]
    heads: list[str] = []
    with monkeypatch.context() as m:
        m.setattr(sheets, "slide", lambda plates, said: heads.append(said) or np.zeros((9, 9, 3), np.uint8))
        report.sheet(page)
    assert [head.split(":")[0] for head in heads] == ["Where it fails", "Where it does well", "What is to be expected"], "each has its own"
    figures = page.sections[0].blocks[0]
    assert figures.rows[0][:2] == ("mAP at 0.5", f"{100 * found.figures['map50']:.1f}")
    low, high = (f"{100 * end:.1f}" for end in found.judged.intervals["map50"])
    assert f'<td class="z-unbroken">{low}–{high}</td>' in report.render(page), "on a phone, too, an interval is one line"
    lines = found.lines()
    assert any(line.startswith("a guess: the whole picture") for line in lines)
    assert sum("█" in line for line in lines) >= 2


def test_what_is_wrong_is_marked_and_what_is_true_is_drawn(tmp_path: Path) -> None:
    data = folder(tmp_path / "d", [[("cat", 40, 40, 120, 120)]], (200, 200))
    one = zorki.locate.evaluate(net([([(40, 40, 120, 120)], [0.9], [0])]), data).tiles()
    other = zorki.locate.evaluate(net([([], [], [])]), data).tiles()
    assert (one[0].pixels == other[0].pixels).all(), "the truth is the truth"
    assert (one[1].pixels[80:160, 159] != other[1].pixels[80:160, 159]).any()
    assert (one[1].pixels[80:160, 159] == one[0].pixels[80:160, 159]).all(), "a box in the place and colour of the true one"


@pytest.mark.parametrize("count", [3, 60])
def test_of_very_many_classes_the_best_and_the_least_are_shown(count: int) -> None:
    names = tuple(f"c{i:02}" for i in range(count))
    g = np.random.default_rng(0)
    pictures = [
        of([[0, 0, 20, 20]], [k], [[0, 0, 20, 20 - 15 * g.random()], [0, 0, 3, 3]], [0.5, 0.9 * g.random()], [k, k], name=str(k))
        for k in range(count)
    ]
    from zorki.locating import wording

    shown = wording.listed(judged(pictures, names))
    assert len(shown) == min(count, wording.CLASSES)
    if count > wording.CLASSES:
        it = judged(pictures, names).by_class
        assert it[shown[0]]["ap50"] == max(one["ap50"] for one in it.values())
        assert it[shown[-1]]["ap50"] == min(one["ap50"] for one in it.values())
