"""The atlas: each channel's drawing is the one that maximize gives, each names the classes that it really speaks for, the page is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

import zorki
from tests.toys import state, toy
from zorki import io, jobs, lens
from zorki.cli.main import run as command
from zorki.core import events
from zorki.exciting import channel_classes
from zorki.wings.see import atlas, maximize, patches

pytestmark = pytest.mark.tiny


class Known(nn.Module):
    """Channel k of its convolution speaks for class k alone, and against class k + 1."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Linear(4, 4, bias=False)
        with torch.no_grad():
            self.fc.weight.copy_(torch.eye(4) - torch.eye(4).roll(1, 0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.relu(self.conv(x)).mean((2, 3)))  # type: ignore[no-any-return]


def test_a_channel_speaks_for_the_classes_that_it_raises() -> None:
    net = lens.Net(Known().eval(), name="known", side=16, classes=["zero, nil", "one", "two", "three"])
    before = state(net.module)
    *_, last = atlas.run(net, s=atlas.Settings(layer="conv", size=16, steps=20))
    said = channel_classes.spoken(net, last.image(), "conv", range(4), 3)
    assert said == {0: "zero", 1: "one", 2: "two", 3: "three"}
    assert state(net.module) == before


def test_the_drawings_are_those_of_maximize() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    *_, last = atlas.run(net, s=atlas.Settings(layer="3", channel="2,5", size=24, steps=6))
    *_, other = maximize.run(net, s=maximize.Settings(layer="3", channel="2,5", size=24, steps=6))
    assert torch.allclose(last.image(), other.image(), atol=1e-5)
    assert last.labels == ("3:2", "3:5")


def test_the_best_patches_stand_beside_each_drawing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of `patches`, found by the index that it left; a broken photograph is left out and named by the status."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    photos, g = tmp_path / "photos", np.random.default_rng(0)
    photos.mkdir()
    for i in range(12):
        Image.fromarray(g.integers(0, 256, (24, 32, 3), dtype=np.uint8)).save(photos / f"{i}.png")
    net = lens.Net(toy(), name="toy", side=32)
    true = patches.run(net, io.PhotoSet(photos), patches.Settings(layer="all", channel="0-2", beside="none", drawn=False))
    looked: list[str] = []
    with events.listen(lambda e: looked.append(e.stage)):
        page = zorki.see.atlas(net, photos=photos, layer="3", channel="0-2", size=24, steps=2)
    assert "photographs" not in looked, "the index of all layers is at hand"
    (gallery,) = page.blocks.sections[0].blocks
    for i, entry in enumerate(gallery.entries):
        (mosaic,) = entry.beside
        assert (mosaic.caption, mosaic.columns, len(mosaic.tiles)) == ("patches", 3, 9)
        one = next(layer for layer in true.layers if layer.layer == "3")
        for k, tile in enumerate(mosaic.tiles):
            assert f"{one.values[i, k]:.3g}" in tile.alt
            patch = (one.shown[i][0, k].permute(1, 2, 0) * 255).round().byte().numpy()
            side = tile.pixels.shape[0] // len(patch)
            assert np.array_equal(tile.pixels, patch.repeat(side, 0).repeat(side, 1)), "row by row"
    assert "parts of photographs" in page.html()
    (photos / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    words = [
        "see",
        "atlas",
        "--model",
        "net.py:toy",
        "--layer",
        "3",
        "--channel",
        "0",
        "--size",
        "24",
        "--steps",
        "2",
        "--photos",
        "photos",
    ]
    (tmp_path / "net.py").write_text("from tests.toys import toy\n")
    assert command([*words, "-o", "a.html", "--quiet"]) == 3
    assert (tmp_path / "a.html").exists()


def test_a_page_broken_off_holds_what_was_drawn(tmp_path: Path) -> None:
    net = lens.Net(toy(), name="toy", side=32, classes=[f"thing {k}" for k in range(5)])
    m = jobs.method("see", "atlas")
    job = jobs.Job(m, net, {}, m.fill(None, {"layer": "3", "size": 24, "steps": 4, "batch": 4}))
    for step in job.steps():
        if step.stage == 2:
            break
    page = job.result()
    html = page.save(tmp_path / "a.html").read_text(encoding="utf-8")
    assert html.count('class="z-entry"') == 8, "of twelve channels the first two batches"
    assert 'id="3-7"' in html
    assert "thing" in html
    assert "8 of 12" in html
    assert page.save(tmp_path / "a.png").exists()
    assert job.default_name().endswith(".atlas.html")


def test_of_the_last_layer_each_channel_is_its_class() -> None:
    net = zorki.load("eye")
    page = zorki.see.atlas(net, layer="fc", channel="3,7", size=64, steps=2)
    (gallery,) = page.blocks.sections[0].blocks
    assert [e.words for e in gallery.entries] == [(net.classes[3],), (net.classes[7],)]
    assert page.blocks.lead.startswith("2 of 200 channels")
