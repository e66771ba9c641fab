"""Which pictures a run is judged on: those that it did not learn from, wherever they lie by now."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

import zorki
from tests.locate.told import folder
from zorki import formats
from zorki.core import events
from zorki.core.errors import InputError
from zorki.locating import record
from zorki.locating.boxed import boxed
from zorki.nets.detector import Detector

pytestmark = pytest.mark.tiny
CARD = """task = "locate"
title = "a run"
licence = "none"
parameters = 1
data = "toys"
not_fit_for = "anything"
build = "zorki.nets.detector:Detector"
classes = ["cat", "dog"]
side = 32
arguments = {{ encoder = "plain", classes = 2, width = 8, depth = 1, strides = {strides} }}
"""


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run that learnt from six pictures of `data` and held two back."""
    data = folder(tmp_path / "data", [[("cat", 4.0, 4.0, 20.0, 10.0), ("dog", 20.0, 20.0, 12.0, 12.0)]] * 8)
    made = tmp_path / "run"
    made.mkdir()
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Detector("plain", 2, width=8, depth=1)
    save_file(net.state_dict(), made / "best.safetensors")
    (made / "card.toml").write_text(CARD.format(strides=list(net.strides)), encoding="utf-8")
    (made / "config.toml").write_text("steps = 1\n", encoding="utf-8")
    (made / "metrics.jsonl").write_text('{"step": 1}\n', encoding="utf-8")
    read = boxed(formats.Place(data))
    record.write(made, *read.splits(share=0.25))
    return made


def held(run: Path) -> set[str]:
    found = record.read(run)
    assert found is not None
    return {name for name, _ in found.val}


def test_what_was_held_back_also_of_data_that_moved(run: Path, tmp_path: Path) -> None:
    assert len(held(run)) == 2
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note) if e.note else None):
        said = zorki.locate.evaluate(tmp_path / "data", model=run).answer()
    assert said["split"] == "val"
    assert {p["name"] for p in said["pictures"]} == held(run)
    assert any("2 of 8 pictures" in one for one in notes)
    shutil.move(tmp_path / "data", tmp_path / "elsewhere")
    assert {p["name"] for p in zorki.locate.evaluate(tmp_path / "elsewhere", model=run).answer()["pictures"]} == held(run)


def test_the_other_parts(run: Path, tmp_path: Path) -> None:
    assert zorki.locate.evaluate(tmp_path / "data", model=run, split="train").answer()["count"] == 6
    assert zorki.locate.evaluate(tmp_path / "data", model=run, split="all").answer()["count"] == 8
    with pytest.raises(InputError, match="train, val and all"):
        zorki.locate.evaluate(tmp_path / "data", model=run, split="test")


def test_of_other_data_all_count(run: Path, tmp_path: Path) -> None:
    other = folder(tmp_path / "other", [[("dog", 1.0, 1.0, 9.0, 9.0)]] * 3)
    said = zorki.locate.evaluate(other, model=run).answer()
    assert (said["split"], said["count"], said["other_classes"]) == ("all", 3, ["cat"])
