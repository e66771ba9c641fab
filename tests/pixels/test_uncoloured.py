"""What sees no colours draws none; drawings that are shown smaller, moved."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import zorki
from tests.toys import net as toy
from zorki import lens, pixels
from zorki.pixels import objectives

pytestmark = pytest.mark.tiny


class Grey(nn.Module):
    """Makes pictures grey by shares that are nobody else's, then looks at them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.last = nn.Conv2d(1, 6, 3, padding=1), nn.Linear(6, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        grey = (x * x.new_tensor([0.5, 0.2, 0.3]).view(1, 3, 1, 1)).sum(1, keepdim=True)
        return self.last(torch.relu(self.conv(grey - grey.mean((2, 3), keepdim=True))).mean((2, 3)))


def grey() -> lens.Net:
    return lens.Net(Grey().eval(), name="grey inside", side=32)


def test_whether_a_net_sees_colours_is_found_by_trying() -> None:
    assert toy().colours
    assert not grey().colours
    assert not lens.Net(nn.Sequential(nn.Conv2d(1, 4, 3)).eval(), side=32).colours
    assert lens.Net(nn.Sequential(nn.Conv2d(5, 4, 3)).eval(), side=32, channels=5).colours


@pytest.mark.parametrize("canvas", ["fourier", "pixels"])
def test_what_sees_no_colours_draws_none(canvas: str) -> None:
    drawn = zorki.see.maximize(grey(), layer="conv", channel="0-1", size=32, steps=4, canvas=canvas).numpy()
    assert (drawn == drawn[..., :1]).all()
    assert drawn.std() > 1
    photo = torch.rand(3, 32, 32, generator=torch.Generator().manual_seed(0))
    onto = zorki.see.maximize(grey(), on=photo, layer="conv", channel="1", size=32, steps=6, canvas=canvas).tensor()
    change = onto - photo
    inner = ((onto > 0.02) & (onto < 0.98)).all(0)
    assert float(change.abs().max()) > 0.02, "something is drawn"
    assert float((change.amax(0) - change.amin(0))[inner].max()) < 0.01, "the photo keeps its colours"


def test_a_drawing_is_shown_whole_at_the_size_of_the_net() -> None:
    still = pixels.Framed((12, 12), 0, 0, 0)
    x = torch.rand(2, 1, 36, 36, generator=torch.Generator().manual_seed(0)).cumsum(2).cumsum(3)
    shown = still(x, torch.zeros(2, 4))
    area = nn.functional.avg_pool2d(x, 3)
    assert shown.shape == (2, 1, 12, 12)
    assert torch.allclose(shown, area, rtol=0.1)
    dot = torch.zeros(1, 1, 40, 40)
    dot[..., 20:24, 10:14] = 1
    moved = pixels.Framed((20, 20), shift=0.1, scale=0.0, turn=0.0)(dot, torch.tensor([[1.0, 0.0, 0.0, 0.0]]))
    columns = (moved.sum((0, 1, 2)) * torch.arange(20)).sum() / moved.sum()
    assert float(columns) == pytest.approx((11.5 - 4) / 2 - 0.25, abs=0.3), "the look goes right, the dot goes left"


def test_a_large_drawing_climbs_through_a_small_look() -> None:
    n = toy()
    canvas = pixels.empty(n, (64, 64), [1])
    before = after = None
    for step in pixels.climb(
        n, canvas, objectives.channels(objectives.LOGITS, [2]), steps=12, rate=0.1, seeds=[1], wobble=pixels.Framed(n.hw)
    ):
        before, after = before if before is not None else step.loss, step.loss
    assert after < before - 0.001
