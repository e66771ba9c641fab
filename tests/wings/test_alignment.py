"""Where a map lies in its photo, and of which layer it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests import tokens
from tests.toys import state
from tests.zoo import Segmenter
from zorki import explaining, lens, pixels
from zorki.core import events
from zorki.core.errors import InputError
from zorki.wings.see import attribution, filters, maps
from zorki.wings.see.attribution import Settings

pytestmark = pytest.mark.tiny


def picture(h: int, w: int) -> torch.Tensor:
    return torch.rand(1, 3, h, w, generator=torch.Generator().manual_seed(0))


def notes(work: Callable[[], Any]) -> tuple[Any, list[str]]:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note or "")):
        return work(), heard


def lit(tile: Any) -> tuple[float, float]:
    """The middle of what is bright in a picture (h, w, 3), in pixels."""
    bright = torch.from_numpy(tile.pixels.astype(np.float32)).sum(2)
    weight = (bright - bright.min()).clamp_min(0)
    rows, columns = (torch.arange(n) + 0.5 for n in weight.shape)
    return float((weight.sum(1) * rows).sum() / weight.sum()), float((weight.sum(0) * columns).sum() / weight.sum())


def test_without_padding_the_map_lies_where_its_units_see() -> None:
    """48 of 160 pixels are lost to six convolutions: stretched over the photo, the blob lay 20 pixels beside."""
    photo = torch.zeros(1, 3, 160, 160)
    photo[..., 26:42, 118:134] = 1
    found = attribution.run(lens.Net(tokens.Unpadded(), side=160), photo, Settings(class_=0))
    assert found.raw.shape == (112, 112)
    assert lit(found.tiles()[1]) == pytest.approx((34, 126), abs=0.6)
    assert lit(
        maps.run(lens.Net(tokens.Unpadded(), side=160), photo, maps.Settings(layer="relu", over=True, size=160)).tiles()[0]
    ) == pytest.approx((34, 126), abs=0.6)


def test_patches_that_do_not_divide_leave_a_rim() -> None:
    """250 × 255 in patches of 32: 7 × 7 of them, which end at 224."""
    net = lens.Net(tokens.Rearranged(32), side=(250, 255), step=0)
    assert explaining.alignment.span(net, "block", (250, 255), (7, 7)) == pytest.approx((0, 224 / 250, 0, 224 / 255))
    photo = torch.full((1, 3, 250, 255), 0.2)
    photo[..., 96:128, 192:224] = 1
    tile = maps.run(net, photo, maps.Settings(layer="embed", over=True, size=255, count=1)).tiles()[0]
    plain = pixels.display.levels(pixels.display.overlay(photo, torch.zeros(250, 255)))
    assert np.array_equal(tile.pixels[224:], plain[224:])
    assert np.array_equal(tile.pixels[:, 224:], plain[:, 224:])
    assert (tile.pixels[:224, :224] != plain[:224, :224]).any(2).all()


def test_a_cell_lies_about_the_middle_of_its_gradient() -> None:
    """Strided convolutions with padding read a picture of even size from its first pixel on: half a cell before where stretching puts it."""
    torch.manual_seed(0)
    module = nn.Sequential(*(nn.Conv2d(3, 3, 3, 2, 1) for _ in range(3)))
    with torch.no_grad():
        for p in module.parameters():
            p.fill_(1)
    x = torch.rand(1, 3, 64, 64, requires_grad=True)
    module(x)[0, :, 4, 4].sum().backward()
    assert x.grad is not None
    rows = x.grad.sum((0, 1, 3))
    middle = float((rows * (torch.arange(64) + 0.5)).sum() / rows.sum())
    span = explaining.alignment.span(lens.Net(module, side=64), "2", (64, 64), (8, 8))
    assert span is not None
    top, bottom = span[:2]
    assert 64 * (top + (bottom - top) * 4.5 / 8) == pytest.approx(middle, abs=1e-4)
    padded = lens.Net(nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.MaxPool2d(2)), side=64)
    assert explaining.alignment.span(padded, "1", (64, 64), (32, 32)) is None, "it is all of the photo"
    adaptive = lens.Net(nn.Sequential(nn.Conv2d(3, 2, 3, padding=1), nn.AdaptiveAvgPool2d(8)), side=64)
    assert explaining.alignment.span(adaptive, "1", (96, 32), (8, 8)) is None, "of any size"


def test_a_layer_that_the_answer_does_not_hear_is_told_and_left() -> None:
    class Aside(nn.Module):
        """What ends last is for another answer."""

        def __init__(self) -> None:
            super().__init__()
            self.body, self.fc, self.aside = nn.Conv2d(3, 4, 3, padding=1), nn.Linear(4, 3), nn.Conv2d(4, 2, 1)

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            x = self.body(x)
            return self.fc(x.mean((2, 3))), self.aside(x)

    torch.manual_seed(0)
    found, heard = notes(lambda: attribution.run(lens.Net(Aside(), side=32), picture(32, 32), Settings(method="layercam")))
    assert found.maps[0].more["layer"] == "body"
    assert any(note.startswith("aside has no way to the class") for note in heard)
    assert found.maximum > 0


def test_a_class_tokens_net_is_weighed_where_its_patches_are_heard_and_told_once() -> None:
    torch.manual_seed(0)
    net = lens.Net(tokens.Written())
    found, heard = notes(lambda: attribution.run(net, picture(64, 64), Settings(method="all", layer="blocks.2", samples=1, steps=1)))
    assert [m.more["layer"] for m in found.maps[:3]] == ["blocks.2.norm1"] * 3
    assert sum("blocks.2.norm1 is weighed" in note for note in heard) == 1
    assert bool(found.maps[2].raw.any())


def test_a_told_grid_is_weighed() -> None:
    torch.manual_seed(0)
    net = lens.Net(tokens.Written(17), side=64, step=0)
    x = picture(64, 64)
    told = attribution.run(net, x, Settings(class_=0, layer="blocks.1", grid="8x8", skip=17))
    assert torch.equal(told.raw, attribution.run(net, x, Settings(class_=0, layer="blocks.1")).raw)
    with pytest.raises(InputError, match="grid is 'eight'"):
        attribution.run(net, x, Settings(class_=0, grid="eight"))


def test_a_segmenters_map_is_of_the_layer_before_its_answer() -> None:
    torch.manual_seed(0)
    found = attribution.run(lens.Net(Segmenter(), side=32), picture(32, 32), Settings(class_=1))
    assert found.maps[0].more["layer"] == "body.1"


@pytest.mark.parametrize("make", [tokens.Written, tokens.Shifted, tokens.Nested, tokens.Within, tokens.Masked, tokens.spectral])
def test_maps_need_no_layer_given(make: Callable[[], nn.Module]) -> None:
    net = lens.Net(make(), side=64)
    assert min(maps.run(net, picture(64, 64)).maps.shape[1:]) >= 8
    whole = maps.run(net, picture(64, 64), maps.Settings(all=True))
    assert all(min(one.maps.shape[1:]) in (4, 8, 16, 32, 60, 62, 64) for one in whole.layers)


def test_weights_that_are_computed_are_looked_at_and_left() -> None:
    """In train mode a look at them moves the vectors that they are computed with."""
    net = lens.Net(tokens.spectral().train(), side=32)
    before = state(net.module)
    filters.run(net, filters.Settings(count=2))
    filters.run(net, filters.Settings(count=2, as_="composition", fold=True))
    maps.run(net, picture(32, 32))
    attribution.run(net, picture(32, 32), Settings(sanity=True))
    assert state(net.module) == before
    assert net.pick_layer(None) == "2"


def test_channels_of_blocks_of_tokens_are_channels() -> None:
    """(b, 1, n, c): the one block was taken for the only channel."""
    net = lens.Net(tokens.Nested())
    found = maps.run(net, picture(64, 64), maps.Settings(layer="two", channel="3"))
    assert found.channels == (3,)
    assert found.maps.shape == (1, 4, 4)
