"""What a segmenter's recipe writes: the run's own net in 16 bits, and a card with figures of that very file."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import zorki
from recipes import road
from recipes.road.__main__ import CARD
from recipes.segmenters import write
from tests.segment.masked import discs
from zorki import io
from zorki.segmenting import sets
from zorki.train import Folder
from zorki.weights.cards import read_card
from zorki.weights.loading import of_card

pytestmark = pytest.mark.wings


def test_the_file_is_the_runs_best_and_the_card_is_measured_on_it(tmp_path: Path) -> None:
    assert road.__doc__
    data = discs(tmp_path / "discs")
    made = zorki.segment.train(data=data, out=tmp_path / "run", steps=3, batch=2, side=32, encoder="eye", width=8)
    _, held = sets.splits(io.open_labelled(data), 0)
    out = tmp_path / "out"
    said = write("few", Folder(tmp_path / "run"), out, dict(made.card["arguments"]), CARD, held)
    assert said.startswith("few.safetensors: ")
    card = read_card(out / "few.toml", "few")
    assert card.classes == held.table.names
    assert card.accuracy is not None
    assert card.figures.keys() == {"mIoU", "Dice", "boundary F1", "IoU by class"}
    stored, learnt = load_file(out / "few.safetensors"), load_file(tmp_path / "run" / "best.safetensors")
    assert stored.keys() == learnt.keys()
    assert all(torch.equal(stored[k], v.half()) if v.is_floating_point() else torch.equal(stored[k], v) for k, v in learnt.items())
    assert (out / "few.safetensors").stat().st_mode == (out / "few.toml").stat().st_mode
    x = torch.rand(1, 3, 40, 50, generator=torch.Generator().manual_seed(0))
    assert of_card(card).module(x).shape == (1, len(card.classes), 40, 50)
    found = zorki.segment.evaluate(data, model=tmp_path / "run")
    assert card.accuracy == pytest.approx(found.figures["pixel_accuracy"], abs=0.01)
