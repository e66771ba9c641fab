"""`segment predict` by a run: its names, its colours, its pictures, a card that was damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from safetensors.torch import save_file

import zorki
from tests.segment.quartered import lay, opened, quarters
from zorki import io, lens
from zorki.nets.segmenter import Segmenter

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay()
    return tmp_path


def saved_run(where: Path, **more: Any) -> Path:
    torch.manual_seed(0)
    module = Segmenter(classes=3, width=8)
    where.mkdir()
    (where / "config.toml").write_text("", encoding="utf-8")
    save_file(module.state_dict(), where / "best.safetensors")
    lines = {
        "title": "A toy", "licence": "none", "build": "zorki.nets.segmenter:Segmenter", "parameters": 1, "side": 64, "data": "none", "not_fit_for": "anything",
        "task": "segment", "classes": ["void of things", "cup", "pen"], "colours": ["#010203", "#ff8800", "#0088ff"], "void": [255],
    } | more  # fmt: skip
    text = "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items())
    sizes = "\n".join(f"{k} = {json.dumps(v)}" for k, v in module.sizes().items())
    (where / "card.toml").write_text(f"{text}\n[arguments]\n{sizes}\n", encoding="utf-8")
    return where


def test_a_run_keeps_names_and_colours(folder: Path) -> None:
    made = saved_run(folder / "run")
    found = zorki.segment.predict(quarters(), model=str(made))
    assert found.names == ("void of things", "cup", "pen")
    assert found.colours == ("#010203", "#ff8800", "#0088ff")
    found.save("m.png")
    assert opened("m.png").getpalette()[3:6] == [255, 136, 0]
    assert sum(found.shares.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("width = 8", "width = -1", "makes no network"),
        ("width = 8", "width = 8\ncups = 3", "'cups'"),
        ("nets.segmenter:Segmenter", "nets.nothing:Segmenter", "zorki.nets.nothing"),
        ('"#ff8800"', '"orange"', "'orange' is not written #rrggbb"),
    ],
)
def test_a_card_that_was_damaged_is_refused(folder: Path, command: Any, was: str, now: str, said: str) -> None:
    made = saved_run(folder / "run")
    card = (made / "card.toml").read_text(encoding="utf-8")
    assert was in card
    (made / "card.toml").write_text(card.replace(was, now), encoding="utf-8")
    io.save_photo(folder / "p.png", quarters())
    status, out, err = command("segment", "predict", "p.png", "--model", "run")
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) <= 4


def test_sixteen_bits_are_read_as_they_were_in_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = saved_run(folder / "run", pictures={})
    card = (made / "card.toml").read_text(encoding="utf-8")
    (made / "card.toml").write_text(card.replace("pictures = {}\n", "") + "[pictures]\nchannels = 3\nrange = [0, 4095]\n", encoding="utf-8")
    seen: list[torch.Tensor] = []
    logits = lens.Net.logits
    monkeypatch.setattr(lens.Net, "logits", lambda self, x: seen.append(x) or logits(self, x))
    tifffile.imwrite("p.tif", np.full((70, 80, 3), 2048, np.uint16), photometric="rgb")
    zorki.segment.predict("p.tif", model=str(made))
    assert float(seen[-1].mean()) == pytest.approx(2048 / 4095, abs=1e-4)
