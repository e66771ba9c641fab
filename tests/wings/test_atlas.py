"""The atlas: each channel's drawing is the one that maximize gives, each names the classes that it really speaks for, the page is whole."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from tests.toys import state, toy
from zorki import lens, studio
from zorki.wings.see import atlas, maximize

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
    *_, last = atlas.run(net, atlas.Settings(layer="conv", size=16, steps=20))
    said = atlas.spoken(net, last.image(), "conv", range(4), 3)
    assert said == {0: ["zero"], 1: ["one"], 2: ["two"], 3: ["three"]}
    assert state(net.module) == before


def test_the_drawings_are_those_of_maximize() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    *_, last = atlas.run(net, atlas.Settings(layer="3", channel="2,5", size=24, steps=6))
    *_, other = maximize.run(net, s=maximize.Settings(layer="3", channel="2,5", size=24, steps=6))
    assert torch.allclose(last.image(), other.image(), atol=1e-5)
    assert last.labels == ("3:2", "3:5")


def test_a_page_broken_off_holds_what_was_drawn(tmp_path: Path) -> None:
    net = lens.Net(toy(), name="toy", side=32, classes=[f"thing {k}" for k in range(5)])
    m = studio.method("see", "atlas")
    job = studio.Job(m, net, {}, m.fill(None, {"layer": "3", "size": 24, "steps": 4, "batch": 4}))
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
    assert job.default_path(tmp_path).name.endswith(".atlas.html")
