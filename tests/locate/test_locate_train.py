"""`locate train`: what a run holds, what goes on, what is said, what is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import zorki
from tests.breaking import broken_off
from tests.locate.things import things
from zorki import weights
from zorki.cli.main import run
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.explaining import clearest
from zorki.locating import record
from zorki.nets import locator
from zorki.nets.locator import Locator
from zorki.train import choosing
from zorki.wings.locate import _choice
from zorki.wings.locate._one import One

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 3, "batch": 2, "side": 32, "encoder": "eye", "width": 8}
WORDS = ["--steps=5", "--batch=2", "--side=32", "--encoder=eye", "--width=8"]


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


def rows(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]


def heard(notes: list[str]) -> Any:
    return events.listen(lambda e: notes.append(e.note))


def same(a: Path, b: Path) -> bool:
    weights_alike = []
    for name in ("last", "best"):
        here, there = (load_file(f / f"{name}.safetensors") for f in (a, b))
        weights_alike += [torch.equal(here[k], there[k]) for k in there]
    return all(weights_alike) and rows(a) == rows(b)


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


def test_of_shuffled_boxes_it_says_that_nothing_was_learnt(tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = zorki.locate.train(data=things(tmp_path / "shuffled", 20, shuffled=True), out=tmp_path / "run", **FEW)
    assert not left.found.learnt
    assert any(n.startswith("Nothing was learnt: on 4 pictures") for n in notes)
    assert list(left.card["figures"]) == ["nothing learnt"]
    assert left.answer()["learnt"] is False


def test_many_boxes_are_found_from_the_data(several: Path, tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = zorki.locate.train(data=several, out=tmp_path / "run", **FEW)
    assert any(n.startswith("Many boxes a picture: ") for n in notes)
    assert tomllib.loads((tmp_path / "run" / "config.toml").read_text())["boxes"] == "many"
    assert left.card["build"] == "zorki.nets.detector:Detector"
    assert {"map50", "map"} <= left.answer().keys()
    assert "map50" in rows(left.folder)[-1]
    with pytest.raises(InputError, match="pictures with several boxes"):
        zorki.locate.train(data=several, out=tmp_path / "one", boxes="one", **FEW)


def test_one_box_of_pictures_some_of_which_are_empty(tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        zorki.locate.train(data=things(tmp_path / "some", 10, empty=3), out=tmp_path / "run", **FEW)
    assert any("3 pictures without a box are left out" in n for n in notes)


@pytest.fixture(scope="module")
def unbroken(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    assert run(["locate", "train", str(data), *WORDS, "--out", str(folder), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("break_with", [signal.SIGINT, signal.SIGKILL])
def test_broken_off_and_gone_on_with_is_the_same(break_with: int, data: Path, unbroken: Path, tmp_path: Path) -> None:
    """A real process is broken off; the whole run and what goes on need none of their own: they know of it what lies in its folder."""
    folder = tmp_path / "run"
    words = ["locate", "train", str(data), *WORDS, "--out", str(folder)]
    code, said = broken_off([sys.executable, "-m", "zorki", *words], tmp_path / "events", break_with)
    assert code == (130 if break_with == signal.SIGINT else -9), said
    if break_with == signal.SIGINT:
        assert "goes on" in said
        assert 1 <= torch.load(folder / "state.ckpt", weights_only=True)["global_step"] < 5
    assert run([*words, "--quiet"]) == 0
    assert same(folder, unbroken)


def test_steps_are_measured_once_and_kept(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {k: v for k, v in FEW.items() if k != "steps"}
    monkeypatch.setattr(choosing, "FEW", 3)
    left = zorki.locate.train(data=data, out=tmp_path / "run", within="0.01s", **few)
    config = tomllib.loads((left.folder / "config.toml").read_text())
    assert config["steps"] == 3
    assert "steps" in config["followed"]

    def never(*_: Any) -> Any:
        raise AssertionError("it was measured again")

    monkeypatch.setattr(_choice, "halving", never)
    notes: list[str] = []
    with heard(notes):
        zorki.locate.train(data=data, out=tmp_path / "run", within="0.01s", **few)
    assert any("finished already" in n for n in notes)


def test_other_options_are_listed_and_taken_only_if_asked(data: Path, tmp_path: Path) -> None:
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


def test_half_a_batch_where_memory_runs_out(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, notes = One.loss, list[str]()

    def little(self: One, shown: Any) -> Any:
        if len(shown["picture"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(self, shown)

    monkeypatch.setattr(One, "loss", little)
    with heard(notes):
        zorki.locate.train(data=data, out=tmp_path / "halved", **FEW | {"batch": 4})
    assert any("4 squares a step do not fit into memory: it learns from 2" in n for n in notes)
    zorki.locate.train(data=data, out=tmp_path / "two", **FEW)
    assert same(tmp_path / "halved", tmp_path / "two")
    monkeypatch.setattr(One, "loss", lambda self, shown: little(self, {"picture": range(3)}))
    with pytest.raises(Stopped, match="not enough memory"):
        zorki.locate.train(data=data, out=tmp_path / "none", **FEW)


def test_frozen_blocks_stay_as_they_were(data: Path, tmp_path: Path) -> None:
    from zorki import encoding

    zorki.locate.train(data=data, out=tmp_path / "run", freeze=2, each=True, **FEW)
    before, after = encoding.encoded("eye").state_dict(), load_file(tmp_path / "run" / "last.safetensors")
    for name, numbers in before.items():
        still = torch.equal(numbers, after[f"encoder.{name}"])
        assert still is (name.split(".")[0] in ("conv1_1", "conv1_2", "conv2_1", "conv2_2")), name
    assert len(after["box.bias"]) == 8


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"within": "soon"}, InputError, "is no time"),
        ({"encoder": "lite9"}, UnknownName, "lite0"),
        ({"box_loss": "jou"}, InputError, "box_loss got .jou.. It takes ciou or diou"),
        ({"groups": "["}, InputError, "no regular expression"),
        ({"device": "cuda"}, InputError, "no device cuda"),
        ({"freeze": 6}, InputError, "freeze=6"),
        ({"boxes": "many", "each": True}, InputError, "each"),
        ({"seed": -1}, InputError, "seed got -1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    given: dict[str, Any], error: Any, says: str, data: Path, tmp_path: Path
) -> None:
    if "device" in given and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(error, match=says):
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
    with pytest.raises(InputError, match="not empty"):
        zorki.locate.train(data=there, out=tmp_path / "other", mend=str(tmp_path / "clean"), **FEW)


def test_a_full_disk_leaves_what_was_written(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.train.folder import Folder

    write = Folder.write

    def full(self: Folder, target: Path, how: Any) -> None:
        def broken(part: Path) -> None:
            part.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        write(self, target, broken if target.name == "state.ckpt" else how)

    monkeypatch.setattr(Folder, "write", full)
    with pytest.raises(Stopped, match="disk is full"):
        zorki.locate.train(data=data, out=tmp_path / "run", **FEW)
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert not (tmp_path / "run" / "state.ckpt").exists()


WITHOUT_DROPOUT = """
import types
from torch import nn
from zorki.nets import locator
locator.nn = types.SimpleNamespace(**{**vars(nn), "Dropout": lambda share: nn.Identity()})
if __name__ == "__main__":  # the other process imports this file
    from zorki.cli.entry import main
    main()
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for dropout, of which each process draws its own. The one is this; the two are a command's own, which starts the other."""
    monkeypatch.setenv("ZORKI_BFLOAT16", "0")
    words = ["locate", "train", str(data), *(word for word in WORDS if not word.startswith("--batch")), "--batch=4", "--quiet"]
    with monkeypatch.context() as m:
        m.setattr(locator, "nn", types.SimpleNamespace(**{**vars(nn), "Dropout": lambda share: nn.Identity()}))
        assert run([*words, "--processes=1", "--out", str(tmp_path / "1")]) == 0
    script = tmp_path / "script.py"
    script.write_text(WITHOUT_DROPOUT, encoding="utf-8")
    started = [sys.executable, script, *words, "--processes=2", "--out", str(tmp_path / "2")]
    subprocess.run(started, check=True, capture_output=True, timeout=300)
    one, two = rows(tmp_path / "1"), rows(tmp_path / "2")
    assert [r["step"] for r in one] == [r["step"] for r in two]
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        assert a["mean_iou"] == pytest.approx(b["mean_iou"], abs=1e-3)
