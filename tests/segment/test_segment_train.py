"""`segment train`: what a run holds, what goes on, what is said, what is refused."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

import zorki
from tests.breaking import broken_off
from tests.segment.masked import discs
from zorki import weights
from zorki.cli.main import run
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.nets.segmenter import Segmenter
from zorki.segmenting import record
from zorki.train import choosing
from zorki.wings.segment import _choice
from zorki.wings.segment._lesson import Pixels

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 4, "batch": 2, "side": 32, "encoder": "eye", "width": 8}
WORDS = ["--steps=6", "--batch=2", "--side=32", "--encoder=eye", "--width=8"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return discs(tmp_path_factory.mktemp("data") / "discs")


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
        left = zorki.segment.train(
            data=data, out=tmp_path_factory.mktemp("learnt") / "run", steps=50, batch=4, side=32, width=16, encoder="eye", rate=3e-3
        )
    return left, notes


def test_discs_are_learnt_and_the_run_is_a_model(learnt: Any, data: Path) -> None:
    left, notes = learnt
    assert left.found.learnt
    assert left.found.dice > 0.85
    assert left.found.miou > left.found.guess + 0.2
    assert left.found.low <= left.found.miou <= left.found.high
    net = weights.load_run(left.folder)
    assert isinstance(net.inner, Segmenter)
    assert list(net.classes or ()) == ["background", "foreground"]
    card = weights.card_of(net)
    assert card is not None
    assert card.task == "segment"
    assert card.colours[0] == "#000000"
    assert card.pictures["channels"] == 3
    assert "mIoU" in card.figures
    assert any("0 is background" in n for n in notes)
    assert any("It learns from 10 pictures and is judged on 2: up to 50 steps of 4 squares of 32 px" in n for n in notes)
    held = record.read(left.folder)
    assert held is not None
    assert len(held.train) == 10
    assert len(held.val) == 2
    assert "lite0" not in tomllib.loads((left.folder / "config.toml").read_text())["encoder"]
    assert not any(str(data) in (left.folder / f).read_text() for f in ("card.toml", "config.toml", "metrics.jsonl"))


def test_lines_are_of_the_averaged_net_at_the_pictures_own_size(learnt: Any) -> None:
    left, _ = learnt
    judged = [r for r in rows(left.folder) if "miou" in r]
    assert len(judged) >= 10
    assert all(len(r["iou"]) == 2 and r["worth"] == pytest.approx(1 - r["miou"], abs=2e-6) for r in judged)
    assert max(r["miou"] for r in judged) == pytest.approx(left.found.miou, abs=1e-6)
    assert left.answer()["learnt"] is True


def test_what_shows_a_net_shows_a_run(learnt: Any, data: Path) -> None:
    left, _ = learnt
    board = zorki.see.maps(data / "images" / "00.png", model=str(left.folder))
    assert board.numpy().size
    again = zorki.see.attribution(data / "images" / "00.png", model=str(left.folder), class_="foreground", method="gradient")
    assert again.numpy().size


def test_of_shuffled_masks_it_says_that_nothing_was_learnt(tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = zorki.segment.train(data=discs(tmp_path / "shuffled", 20, shuffled=True), out=tmp_path / "run", **FEW | {"steps": 12})
    assert not left.found.learnt
    assert any(n.startswith("Nothing was learnt: on 4 pictures") for n in notes)
    assert list(left.card["figures"]) == ["nothing learnt"]
    assert left.answer()["learnt"] is False


@pytest.fixture(scope="module")
def unbroken(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    assert run(["segment", "train", str(data), *WORDS, "--out", str(folder), "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("break_with", [signal.SIGINT, signal.SIGKILL])
def test_broken_off_and_gone_on_with_is_the_same(break_with: int, data: Path, unbroken: Path, tmp_path: Path) -> None:
    """A real process is broken off; the whole run and what goes on need none of their own: they know of it what lies in its folder."""
    folder = tmp_path / "run"
    words = ["segment", "train", str(data), *WORDS, "--out", str(folder)]
    code, said = broken_off([sys.executable, "-m", "zorki", *words], tmp_path / "events", break_with)
    assert code == (130 if break_with == signal.SIGINT else -9), said
    if break_with == signal.SIGINT:
        assert "goes on" in said
        assert 1 <= torch.load(folder / "state.ckpt", weights_only=True)["global_step"] < 6
    assert run([*words, "--quiet"]) == 0
    assert same(folder, unbroken)


def test_steps_are_measured_once_and_kept(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few = {k: v for k, v in FEW.items() if k != "steps"}
    monkeypatch.setattr(choosing, "FEW", 3)
    left = zorki.segment.train(data=data, out=tmp_path / "run", within="0.01s", **few)
    config = tomllib.loads((left.folder / "config.toml").read_text())
    assert config["steps"] == 3
    assert "steps" in config["followed"]

    def never(*_: Any) -> Any:
        raise AssertionError("it was measured again")

    monkeypatch.setattr(_choice, "halving", never)
    notes: list[str] = []
    with heard(notes):
        zorki.segment.train(data=data, out=tmp_path / "run", within="0.01s", **few)
    assert any("finished already" in n for n in notes)


def test_fewer_pictures_than_a_batch(tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = zorki.segment.train(data=discs(tmp_path / "three", 3), out=tmp_path / "run", **FEW | {"batch": 8, "steps": 2})
    assert any("It learns from 2 pictures, so a step has 2 and not 8." in n for n in notes)
    assert tomllib.loads((left.folder / "config.toml").read_text())["batch"] == 2
    zorki.segment.train(data=tmp_path / "three", out=tmp_path / "run", **FEW | {"batch": 8, "steps": 2})  # the same call again


def test_other_options_are_listed_and_taken_only_if_asked(data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    zorki.segment.train(data=data, out=run, **FEW)
    more = FEW | {"steps": 6, "rate": 1e-4}
    with pytest.raises(InputError, match=r"other settings: rate, steps\. .*rate 0\.001 → 0\.0001, steps 4 → 6\. .*change=True"):
        zorki.segment.train(data=data, out=run, **more)
    zorki.segment.train(data=data, out=run, change=True, **more)
    state = torch.load(run / "state.ckpt", weights_only=True)
    assert state["global_step"] == 6
    assert {g["initial_lr"] for g in state["optimizer_states"][0]["param_groups"]} == {1e-4, 1e-4 * 0.3}
    with pytest.raises(InputError, match="another width: 8"):
        zorki.segment.train(data=data, out=run, change=True, **more | {"width": 12})


def test_half_a_batch_where_memory_runs_out(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, notes = Pixels.loss, list[str]()

    def little(self: Pixels, shown: Any) -> Any:
        if len(shown["picture"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(self, shown)

    monkeypatch.setattr(Pixels, "loss", little)
    with heard(notes):
        zorki.segment.train(data=data, out=tmp_path / "halved", **FEW | {"batch": 8})
    assert any("8 squares a step do not fit into memory: it learns from 4" in n for n in notes)
    assert any("it learns from 2 a step" in n for n in notes)
    zorki.segment.train(data=data, out=tmp_path / "two", **FEW)
    assert same(tmp_path / "halved", tmp_path / "two")
    zorki.segment.train(data=data, out=tmp_path / "halved", **FEW | {"batch": 8})  # the same call again finds it finished
    monkeypatch.setattr(Pixels, "loss", lambda self, shown: little(self, {"picture": range(3)}))
    with pytest.raises(Stopped, match="not enough memory"):
        zorki.segment.train(data=data, out=tmp_path / "none", **FEW)


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"within": "soon"}, InputError, "is no time"),
        ({"encoder": "lite9"}, UnknownName, "lite0"),
        ({"loss": "dise"}, UnknownName, "dice"),
        ({"groups": "["}, InputError, "no regular expression"),
        ({"device": "cuda"}, InputError, "no device cuda"),
        ({"seed": -1}, InputError, "seed got -1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    given: dict[str, Any], error: Any, says: str, data: Path, tmp_path: Path
) -> None:
    if "device" in given and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(error, match=says):
        zorki.segment.train(data=data, out=tmp_path / "run", **FEW | given)
    assert not (tmp_path / "run" / "config.toml").exists()


@pytest.mark.parametrize(("module", "name"), [("lightning", "Lightning"), ("kornia", "kornia")])
def test_what_is_not_installed_is_named(module: str, name: str, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for loaded in (module, *(m for m in sys.modules if m.startswith(f"{module}."))):
        monkeypatch.setitem(sys.modules, loaded, None)  # type: ignore[arg-type]
    if module == "lightning":
        monkeypatch.delitem(sys.modules, "zorki.train.running", raising=False)
    with pytest.raises(InputError, match=f"Training needs {name}") as told:
        zorki.segment.train(data=data, out=tmp_path / "run")
    assert "zorki[train]" in str(told.value)
    assert not (tmp_path / "run" / "config.toml").exists()


def test_class_weights_and_other_losses(data: Path, tmp_path: Path) -> None:
    left = zorki.segment.train(data=data, out=tmp_path / "run", **FEW | {"steps": 2, "loss": "focal+lovasz:0.5", "class_weights": "median"})
    assert {"focal", "lovasz"} <= rows(left.folder)[0].keys()


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
        zorki.segment.train(data=data, out=tmp_path / "run", **FEW)
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert not (tmp_path / "run" / "state.ckpt").exists()


@pytest.mark.slow
def test_two_processes_learn_what_one_does(data: Path, tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one is this; the two are a command's own, which starts the other."""
    monkeypatch.setenv("ZORKI_BFLOAT16", "0")
    few = [word for word in WORDS if not word.startswith("--batch")]
    words = ["segment", "train", str(data), *few, "--batch=4", "--json"]
    status, out, _ = command(*words, "--processes=1", "--out", tmp_path / "1")
    assert status == 0
    started = [sys.executable, "-m", "zorki", *words, "--processes=2", "--out", str(tmp_path / "2")]
    done = subprocess.run(started, check=True, capture_output=True, text=True)
    answers = [json.loads(out), json.loads(done.stdout)]
    one, two = rows(tmp_path / "1"), rows(tmp_path / "2")
    assert [r["step"] for r in one] == [r["step"] for r in two]
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        assert a["miou"] == pytest.approx(b["miou"], abs=0.02)
    assert answers[0]["miou"] == pytest.approx(answers[1]["miou"], abs=0.02)
    assert np.isfinite(answers[1]["dice"])


def test_an_encoder_from_nothing_learns_as_fast_as_the_rest(data: Path, tmp_path: Path) -> None:
    from zorki import io
    from zorki.segmenting import sets
    from zorki.train import Folder
    from zorki.wings.segment import _setup
    from zorki.wings.segment.train import Settings

    parts = _setup.Parts(*sets.splits(io.open_labelled(data), 0), "")
    for encoder, slow in (("plain", 1.0), ("eye", 0.3)):
        asked = Settings(encoder=encoder, steps=6, batch=2, side=32, width=8)
        lesson = _setup.start(parts, Folder(tmp_path / encoder), asked, 0.0).lesson
        assert {g["times"] for g in lesson.groups()} == {slow, 1.0}
