"""`locate train`: what a run holds, what goes on, what is said, what is refused."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import zorki
from tests.locate.things import things
from tests.trained import heard, rows
from zorki import weights
from zorki.core.errors import InputError
from zorki.explaining import clearest
from zorki.locating import guessing, record
from zorki.nets.locator import Locator
from zorki.wings.locate import _kept
from zorki.wings.locate._learnt import Verdict

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 3, "batch": 2, "side": 32, "encoder": "eye", "width": 8}


@pytest.fixture(scope="module", autouse=True)
def _quick_drawings() -> Iterator[None]:
    """What a page draws at its end is tested with it."""
    with pytest.MonkeyPatch.context() as m:
        m.setattr(clearest, "STEPS", 2)
        yield


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return things(tmp_path_factory.mktemp("data") / "things")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return things(tmp_path_factory.mktemp("data") / "several", 8, most=3, empty=1)


@pytest.fixture(scope="module")
def learnt(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    notes: list[str] = []
    with heard(notes):
        left = zorki.locate.train(
            data=data, out=tmp_path_factory.mktemp("learnt") / "run", steps=40, batch=8, side=32, width=16, encoder="eye", rate=2e-3
        )
    return left, notes


def test_one_box_is_found_from_the_data_and_learnt_and_the_run_is_a_model(learnt: Any, data: Path) -> None:
    left, notes = learnt
    assert "One box a picture: no picture has more than one." in notes
    assert any("It learns from 10 pictures and is judged on 2: up to 40 steps of 8 squares of 32 px" in n for n in notes)
    first, last = (sum(r["loss"] for r in some) for some in (rows(left.folder)[:5], rows(left.folder)[-5:]))
    assert last < 0.85 * first
    assert left.found.figures["mean_iou"] > 0.2
    net = weights.load_run(left.folder)
    assert isinstance(net.inner, Locator)
    assert list(net.classes or ()) == ["disc", "square"] or list(net.classes or ()) == ["square", "disc"]
    card = weights.card_of(net)
    assert card is not None
    assert card.task == "locate"
    assert card.side == 32
    assert card.pictures["channels"] == 3
    held = record.read(left.folder)
    assert held is not None
    assert (len(held.train), len(held.val)) == (10, 2)
    assert held.decided["boxes"] == "no picture has more than one"
    assert {p.name for p in left.folder.iterdir()} >= {"report.html", "preview.jpg", "best.safetensors", "state.ckpt"}
    assert not any(str(data) in (left.folder / f).read_text() for f in ("card.toml", "config.toml", "metrics.jsonl"))


def test_lines_are_of_the_averaged_net_and_what_evaluate_says(learnt: Any, data: Path) -> None:
    left, _ = learnt
    judged = [r for r in rows(left.folder) if "mean_iou" in r]
    assert len(judged) >= 10
    assert all(r["worth"] == pytest.approx(1 - (r["accuracy"] + r["mean_iou"]) / 2, abs=2e-6) for r in judged)
    best = min(judged, key=lambda r: r["worth"])
    said = zorki.locate.evaluate(data=data, model=str(left.folder)).answer()
    guesses = said["guesses"].values()
    for name, value in max(guesses, key=lambda one: one["accuracy"] + one["mean_iou"]).items():
        if name in left.found.guess:
            assert value == pytest.approx(left.found.guess[name], abs=1e-5), "the report's guesses are the training's"
    for name in ("accuracy", "mean_iou", "class_and_iou50"):
        assert best[name] == pytest.approx(left.found.figures[name], abs=1e-6)
        assert said[name] == pytest.approx(best[name], abs=1e-5), name
    assert said["count"] == 2


def test_what_shows_a_net_shows_a_run(learnt: Any, data: Path) -> None:
    left, _ = learnt
    photo, run = data / "images" / "00.png", str(left.folder)
    assert zorki.see.maps(photo, model=run).numpy().size
    assert zorki.see.attribution(photo, model=run, class_="disc", method="gradient").numpy().size
    assert zorki.see.attribution(photo, model=run).numpy().size
    assert zorki.see.maximize(model=run, goal="class:disc", steps=2).numpy().size
    assert zorki.see.maximize(model=run, layer="encoder.relu3_2", channels="1", steps=2).numpy().size


def test_the_page_says_how_it_went_and_how_to_go_on(learnt: Any) -> None:
    left, _ = learnt
    html = (left.folder / "report.html").read_text()
    for title in ("How it learnt", "How good it is", "Where it fails", "Pictures with their boxes", "What was decided", "Go on from here"):
        assert title in html
    assert "a guess: the whole picture" in html


def test_many_boxes_are_found_from_the_data(several: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = zorki.locate.train(data=several, out=tmp_path / "run", **FEW)
    assert any(n.startswith("Many boxes a picture: ") for n in notes)
    assert tomllib.loads((tmp_path / "run" / "config.toml").read_text())["boxes"] == "many"
    assert left.card["build"] == "zorki.nets.detector:Detector"
    assert {"map50", "map"} <= left.answer().keys()
    assert "map50" in rows(left.folder)[-1]
    guesses = zorki.locate.evaluate(data=several, model=str(left.folder)).answer()["guesses"]
    assert guessing.TAKEN in guesses
    assert left.found.guess["map50"] == pytest.approx(max(one["map50"] for one in guesses.values()), abs=1e-5)
    with pytest.raises(InputError, match="pictures with several boxes"):
        zorki.locate.train(data=several, out=tmp_path / "one", boxes="one", **FEW)


def test_pictures_that_are_elsewhere_are_brought_together_by_a_command_that_there_is(tmp_path: Path) -> None:
    said = {
        "images": [{"id": 1, "file_name": "far.jpg", "width": 9, "height": 9}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [1, 1, 4, 4], "area": 16, "iscrowd": 0}],
        "categories": [{"id": 1, "name": "cat"}],
    }
    (tmp_path / "in" / "coco").mkdir(parents=True)
    (tmp_path / "in" / "coco" / "all.json").write_text(json.dumps(said))
    with pytest.raises(InputError, match=r"far\.jpg is not there.*zorki\.locate\.check\('coco'.*mend='clean'"):
        zorki.locate.train(data=tmp_path / "in" / "coco", out=tmp_path / "run", **FEW)


def test_that_nothing_was_learnt_is_said_once_in_a_line() -> None:
    found = Verdict(2, {"accuracy": 1.0}, {}, {}, {"accuracy": 1.0}, {}, False)
    assert _kept.figures(found)["nothing learnt"].startswith("on 2 pictures that it has not seen it has classes right 1.000")


def test_one_box_of_pictures_some_of_which_are_empty(tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        zorki.locate.train(data=things(tmp_path / "some", 10, empty=3), out=tmp_path / "run", **FEW)
    assert any("3 pictures without a box left out" in n for n in notes)


def test_a_run_keeps_its_net(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    zorki.locate.train(data=data, out=run, **FEW)
    more = FEW | {"steps": 5, "box_loss": "ciou"}
    with pytest.raises(InputError, match=r"other settings: box.loss, steps\. .*box loss giou → ciou, steps 3 → 5\. .*change=True"):
        zorki.locate.train(data=data, out=run, **more)
    zorki.locate.train(data=data, out=run, change=True, **more)
    assert torch.load(run / "state.ckpt", weights_only=True)["global_step"] == 5
    for name, value in (("width", 12), ("freeze", 2), ("boxes", "many")):
        with pytest.raises(InputError, match=f"another {name}: "):
            zorki.locate.train(data=data, out=run, change=True, **more | {name: value})


def test_frozen_blocks_stay_as_they_were(data: Path, tmp_path: Path) -> None:
    from zorki import encoding

    zorki.locate.train(data=data, out=tmp_path / "run", freeze=2, each=True, **FEW)
    before, after = encoding.encoded("eye").state_dict(), load_file(tmp_path / "run" / "last.safetensors")
    for name, numbers in before.items():
        still = torch.equal(numbers, after[f"encoder.{name}"])
        assert still is (name.split(".")[0] in ("conv1_1", "conv1_2", "conv2_1", "conv2_2")), name
    assert len(after["columns.where.bias"]) == len(after["rows.where.bias"]) == 4


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"box_loss": "jou"}, "box_loss got .jou.. It takes ciou or diou"),
        ({"freeze": 6}, "freeze=6"),
        ({"boxes": "many", "each": True}, "each"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(given: dict[str, Any], says: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=says):
        zorki.locate.train(data=data, out=tmp_path / "run", **FEW | given)
    assert not (tmp_path / "run" / "config.toml").exists()


def test_no_boxes_are_said_to_be_missing(tmp_path: Path) -> None:
    there = things(tmp_path / "bare", 3)
    (there / "boxes.csv").unlink()
    with pytest.raises(InputError, match="box"):
        zorki.locate.train(data=there, out=tmp_path / "run", **FEW)


def test_a_cleaned_copy_is_made_where_it_is_asked_for(tmp_path: Path) -> None:
    there = things(tmp_path / "data", 6)
    with (there / "boxes.csv").open("a") as f:
        f.write("00.png,disc,3,3,0,9\n")
    notes: list[str] = []
    with heard(notes):
        zorki.locate.train(data=there, out=tmp_path / "run", mend=str(tmp_path / "clean"), **FEW)
    assert any("no area" in n for n in notes)
    assert len((tmp_path / "clean" / "boxes.csv").read_text().splitlines()) == 7
    with (there / "boxes.csv").open("a") as f:
        f.write("01.png,disc,3,3,0,9\n")
    with pytest.raises(InputError, match="not empty"):  # a copy that other data made
        zorki.locate.train(data=there, out=tmp_path / "other", mend=str(tmp_path / "clean"), **FEW)
