"""`segment train`: what a run holds, what goes on, what is said, what is refused."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

import zorki
from tests.segment.masked import discs
from tests.trained import heard, rows
from zorki import weights
from zorki.core.errors import UnknownName
from zorki.nets.segmenter import Segmenter
from zorki.segmenting import record

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 4, "batch": 2, "side": 32, "encoder": "eye", "width": 8}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return discs(tmp_path_factory.mktemp("data") / "discs")


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


def test_a_loss_that_is_none_is_refused_before_anything_is_written(data: Path, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="dice"):
        zorki.segment.train(data=data, out=tmp_path / "run", **FEW | {"loss": "dise"})
    assert not (tmp_path / "run" / "config.toml").exists()


def test_class_weights_and_other_losses(data: Path, tmp_path: Path) -> None:
    left = zorki.segment.train(data=data, out=tmp_path / "run", **FEW | {"steps": 2, "loss": "focal+lovasz:0.5", "class_weights": "median"})
    assert {"focal", "lovasz"} <= rows(left.folder)[0].keys()


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
