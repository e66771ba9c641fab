"""The recipe of `locator`: boxes beside their pictures, the network as it begins, and files that are what was measured."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from recipes.locator import __main__ as recipe
from recipes.locator.pictures import Boxes, held_set, read
from zorki import weights
from zorki.weights.cards import read_card
from zorki.weights.loading import of_card

CLASSES = [(f"n{k:08}", f"thing {k}") for k in range(200)]


def a_set(folder: Path, each: int = 21) -> Path:
    """Two of 200 classes: a bright square on grey, where its box says."""
    folder.mkdir()
    with (folder / "classes.csv").open("w", newline="") as f:
        csv.writer(f).writerows([("index", "wnid", "name"), *((k, *one) for k, one in enumerate(CLASSES))])
    dice, rows = np.random.default_rng(0), [("file", "class", "x", "y", "w", "h")]
    with zipfile.ZipFile(folder / "part_00.zip", "w") as archive:
        for k, n in [(k, n) for k in (7, 3) for n in range(each)]:
            x, y, w, h = (int(v) for v in dice.integers([0, 0, 16, 16], [32, 32, 32, 32]))
            pixels = np.full((64, 64, 3), 90 + k, np.uint8)
            pixels[y : y + h, x : x + w] = 250
            data = io.BytesIO()
            Image.fromarray(pixels).save(data, "WEBP", lossless=True)
            name = f"{CLASSES[k][0]}/{n}.webp"
            archive.writestr(name, data.getvalue())
            rows.append((name, str(k), str(x), str(y), str(w), str(h)))
    with gzip.open(folder / "boxes.csv.gz", "wt", newline="") as f:
        csv.writer(f).writerows(rows)
    return folder


@pytest.mark.unit
def test_each_picture_has_its_own_box(tmp_path: Path) -> None:
    seen = read(a_set(tmp_path / "data"), tmp_path)
    every = Boxes(seen, np.arange(len(seen.labels)))
    assert {int(k) for k in seen.labels} == {3, 7}
    for picture, boxes, labels in (every[i] for i in range(len(every))):
        x, y, w, h = boxes[0].astype(int)
        bright = picture[0] > 0.9
        assert bright[y : y + h, x : x + w].all()
        assert bright.sum() == w * h
        assert picture[0].min() == pytest.approx((90 + labels[0]) / 255, abs=0.01)
    held = held_set(Boxes(seen, seen.val))
    assert len(held) == 4
    assert held[0][2].tolist() == [3]
    assert held.boxes(held.examples[0])[0].tolist() == seen.boxes[seen.val[:1]].tolist()


@pytest.mark.wings
@torch.inference_mode()
def test_it_begins_with_what_eye_knows() -> None:
    x = torch.rand((2, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    assert torch.allclose(recipe.begun().eval().answers(x)[0], weights.load("eye").inner(x), atol=1e-3)


@pytest.mark.slow
def test_what_is_written_is_a_network_with_its_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recipe, "RECIPE", replace(recipe.RECIPE, batch=4))
    words = ["--data", a_set(tmp_path / "data"), "--work", tmp_path / "work", "--out", tmp_path / "out", "--steps", "2"]
    words += ["--page", tmp_path / "page.html"]
    monkeypatch.setattr(sys, "argv", ["locator", *map(str, words)])
    recipe.main()
    assert "mean IoU" in capsys.readouterr().out
    card = read_card(tmp_path / "out" / "locator.toml", "locator")
    assert card.task == "locate"
    assert card.file.stat().st_size < 10_000_000
    logits, boxes = of_card(card).inner(torch.zeros(1, 3, 64, 64))
    assert logits.shape == (1, 200)
    assert boxes.shape == (1, 4)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 8  # of four held-back pictures the truth and what was found
