"""Nets that let no gradient back to the picture: the layer is named, and what needs no gradient works."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import zorki
from tests.toys import state, toy
from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.lens import wayback
from zorki.wings.see import attribution
from zorki.wings.see.attribution import Settings

pytestmark = pytest.mark.tiny
WITH_GRADIENTS = [m for m in attribution.TITLES if m != "occlusion"]


class Detached(nn.Module):
    """Its head gets what is detached; with `beside` it hears the picture another way too."""

    def __init__(self, beside: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv, self.relu, self.head, self.beside = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Linear(8, 5), beside

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu(self.conv(x)).mean((2, 3))
        return self.head(y.detach()) + (y[:, :5] if self.beside else 0)  # type: ignore[no-any-return]


def int8() -> nn.Module:
    """A linear layer in whole numbers, behind plain convolutions."""
    with warnings.catch_warnings(action="ignore"):  # torch announces another package for it
        return torch.ao.quantization.quantize_dynamic(toy(inplace=False), {nn.Linear})  # type: ignore[no-any-return, no-untyped-call]


def picture() -> torch.Tensor:
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("make", "layer"), [(Detached, "head"), (int8, "7")], ids=["detached", "int8"])
@pytest.mark.parametrize("method", WITH_GRADIENTS)
def test_the_layer_that_passes_no_gradient_is_named(make: Any, layer: str, method: Any) -> None:
    net = lens.Net(make(), name="net", side=32)
    with pytest.raises(InputError, match=rf"No gradient passes the layer {layer} of net\..*occlusion.*` needs no gradient"):
        attribution.run(net, picture(), Settings(method=method, samples=2, steps=2))


@pytest.mark.parametrize("make", [Detached, int8], ids=["detached", "int8"])
def test_occlusion_needs_none(make: Any) -> None:
    net, notes = lens.Net(make(), name="net", side=32), []
    with events.listen(lambda e: notes.append(e.note)):
        made = attribution.run(net, picture(), Settings(method="all"))
    assert [m.method for m in made.maps] == ["occlusion"]
    assert float(made.raw.std()) > 0
    assert sum("No gradient passes" in note for note in notes) == 1, "one sentence for all that are left out"


@pytest.mark.parametrize(("make", "layer"), [(Detached, "head"), (int8, "7")], ids=["detached", "int8"])
def test_drawing_a_class_says_the_same(make: Any, layer: str) -> None:
    with pytest.raises(InputError, match=f"No gradient passes the layer {layer}"):
        zorki.see.maximize(lens.Net(make(), name="net", side=32), goal="class:1", size=32, steps=1)


def test_what_is_detached_beside_the_way_is_not_blamed() -> None:
    net = lens.Net(Detached(beside=True), side=32)
    assert wayback.blocked(net, picture()) == ""
    assert attribution.run(net, picture(), Settings(method="gradient", class_=1)).maximum > 0


def test_a_gradient_that_is_zero_is_one() -> None:
    module = toy()
    with torch.no_grad():
        module[7].weight.zero_()
    before = state(module)
    assert wayback.blocked(lens.Net(module, side=32), picture()) == ""
    assert attribution.run(lens.Net(module, side=32), picture(), Settings(method="guided")).maximum == 0
    assert state(module) == before


# ---- half nets


@pytest.mark.parametrize("half", [torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("method", ["gradcam", "gradient", "occlusion", "integrated"])
def test_a_half_net_is_measured_in_float32(half: torch.dtype, method: str) -> None:
    """Small logits, whose differences half precision rounds away; against the same numbers in float32."""
    module = toy(inplace=False)
    with torch.no_grad():
        module[7].weight.abs_().mul_(0.01)
        module[7].bias.fill_(3)
    module = module.to(half)
    before = state(module)
    photo = np.random.default_rng(0).integers(0, 255, (32, 32, 3), dtype=np.uint8)
    made = zorki.see.attribution(module, photo, method=method, class_=1).raw.raw
    want = zorki.see.attribution(copy.deepcopy(module).float(), photo, method=method, class_=1).raw.raw
    assert float(want.abs().max()) > 0
    assert torch.equal(made, want)
    assert state(module) == before


def test_a_net_that_asks_for_half_precision_inside_is_taken_as_it_is() -> None:
    class Casts(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = toy().half()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.body(x.half())  # type: ignore[no-any-return]

    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        assert zorki.see.attribution(Casts(), np.zeros((32, 32, 3), np.uint8), class_=1).numpy().size
    assert any("its own half precision" in note for note in notes)
    assert lens.precise(net := lens.Net(toy())) is net
