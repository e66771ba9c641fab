"""Tiles beside loops written here: positions, weights, the blend; and what must hold for any net and any size."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.nets.segmenter import Segmenter
from zorki.pixels import pieces
from zorki.segmenting import tiles
from zorki.segmenting.predicting import enlarged, predicted

pytestmark = pytest.mark.tiny


class Constant(nn.Module):
    """The same logits everywhere."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.tensor([0.25, -3.0, 7.5]).view(1, 3, 1, 1).expand(len(x), 3, *x.shape[-2:])


class Pointwise(nn.Module):
    """Sees each pixel alone."""

    def __init__(self, classes: int = 3) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)  # type: ignore[no-any-return]


class Blurred(nn.Module):
    """Sees 7 × 7 pixels, so that tiles differ at their borders."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(2)
        self.conv = nn.Conv2d(3, 3, 7, padding=3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)  # type: ignore[no-any-return]


class Coarse(nn.Module):
    """A map a quarter as large."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 4, 4, stride=4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)  # type: ignore[no-any-return]


class OneSize(nn.Module):
    """Takes 32 × 32 alone."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.shape[-2:] == (32, 32)
        return torch.stack([x[:, 0], x[:, 1] * 2], 1)


def net(module: nn.Module, side: int = 32, step: int | None = 1) -> lens.Net:
    return lens.Net(module.eval(), name="toy", side=side, step=step)


def picture(h: int, w: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(3, h, w, generator=torch.Generator().manual_seed(seed))


def test_positions_are_those_of_nnunet() -> None:
    assert pieces.positions(110, 64) == [0, 23, 46]
    assert pieces.positions(64, 64) == [0]
    assert pieces.positions(5, 64) == [0]
    assert pieces.positions(128, 64) == [0, 32, 64]


@given(st.integers(1, 700), st.integers(1, 200))
def test_tiles_cover_every_pixel_in_even_steps(size: int, tile: int) -> None:
    begins = pieces.positions(size, tile)
    covered = np.zeros(size, bool)
    for begin in begins:
        assert begin >= 0
        assert begin + tile <= size or begins == [0]
        covered[begin : begin + tile] = True
    assert covered.all()
    steps = np.diff(begins)
    assert ((steps >= 1) & (steps <= max(1, math.ceil(tile / 2)))).all()


@pytest.mark.parametrize("size", [1, 2, 7, 64, 96, 513])
def test_the_weights_are_a_gaussian_of_an_eighth_of_the_tile(size: int) -> None:
    found = tiles.bell(size).double()
    assert found.max() == 1
    assert found.min() > 0
    torch.testing.assert_close(found, found.flip(0))
    middle = (size - 1) / 2
    truth = torch.tensor([math.exp(-0.5 * ((i - middle) / (size / 8)) ** 2) for i in range(size)], dtype=torch.float64)
    torch.testing.assert_close(found, truth / truth.max(), rtol=1e-6, atol=0)


@pytest.mark.parametrize(("h", "w", "tile"), [(50, 70, 32), (96, 1, 16), (1, 1, 16), (33, 200, 48), (31, 64, 64)])
def test_the_blend_is_the_weighted_mean_of_a_plain_loop(h: int, w: int, tile: int) -> None:
    seen = net(Blurred())
    x = picture(h, w)
    high, wide = min(h, tile), min(w, tile)
    weight = torch.outer(tiles.bell(high), tiles.bell(wide)).double()
    sums, total = torch.zeros(3, h, w, dtype=torch.float64), torch.zeros(h, w, dtype=torch.float64)
    with torch.no_grad():
        for top in pieces.positions(h, high):
            for left in pieces.positions(w, wide):
                place = (slice(top, top + high), slice(left, left + wide))
                sums[(slice(None), *place)] += weight * seen.module(x[(slice(None), *place)][None])[0].double()
                total[place] += weight
    torch.testing.assert_close(tiles.logits(seen, x, tile=tile).double(), sums / total, rtol=1e-4, atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(16, 40))
def test_a_constant_net_gives_a_constant_of_the_pictures_size(h: int, w: int, tile: int) -> None:
    found = tiles.logits(net(Constant()), picture(h, w), tile=tile)
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.tensor([0.25, -3.0, 7.5]).view(3, 1, 1).expand(3, h, w), rtol=1e-5, atol=1e-5)


def test_what_each_pixel_says_alone_is_the_same_in_tiles_and_at_once() -> None:
    seen, x = net(Pointwise()), picture(75, 130)
    torch.testing.assert_close(tiles.logits(seen, x, tile=32), tiles.logits(seen, x), rtol=1e-5, atol=1e-6)


def test_one_tile_is_the_whole() -> None:
    seen, x = net(Blurred()), picture(40, 50)
    with torch.no_grad():
        truth = seen.module(x[None])[0]
    assert torch.equal(tiles.logits(seen, x, tile=64), truth)
    assert torch.equal(tiles.logits(seen, x), truth)


@pytest.mark.parametrize("hw", [(1, 1), (7, 5), (64, 31)])
def test_any_size_from_one_pixel(hw: tuple[int, int]) -> None:
    torch.manual_seed(0)
    seen = net(Segmenter(classes=5, width=8))
    found = tiles.logits(seen, picture(*hw))
    assert found.shape == (5, *hw)
    assert found.isfinite().all()


def test_smaller_maps_are_enlarged() -> None:
    seen, x = net(Coarse()), picture(40, 60)
    with torch.no_grad():
        truth = F.interpolate(seen.module(x[None]), (40, 60), mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(tiles.logits(seen, x), truth)


@pytest.mark.parametrize("hw", [(20, 20), (32, 32), (50, 75), (10, 64)])
def test_a_net_of_one_size_is_asked_in_tiles_of_that_size(hw: tuple[int, int]) -> None:
    x = picture(*hw)
    found = tiles.logits(net(OneSize(), step=0), x)
    torch.testing.assert_close(found, torch.stack([x[0], x[1] * 2]), rtol=1e-4, atol=1e-5)


def test_mirrored_pictures_are_turned_back() -> None:
    seen, x = net(Blurred()), picture(24, 40)
    with torch.no_grad():
        each = [seen.module(x[None].flip(d)).flip(d) if d else seen.module(x[None]) for d in ((), (3,), (2,), (2, 3))]
    torch.testing.assert_close(tiles.logits(seen, x, mirror="any"), torch.stack(each).mean(0)[0])
    torch.testing.assert_close(tiles.logits(seen, x, mirror="sideways"), torch.stack(each[:2]).mean(0)[0])
    for mirror in ("sideways", "any"):
        torch.testing.assert_close(tiles.logits(net(Pointwise()), x, mirror=mirror), tiles.logits(net(Pointwise()), x))


def test_one_map_is_two_classes() -> None:
    found = predicted(net(Pointwise(1)), x := picture(20, 30))
    assert found.classes == 2
    with torch.no_grad():
        assert torch.equal(found.labels.bool(), net(Pointwise(1)).module(x[None])[0, 0] > 0)


def test_a_classifier_is_refused() -> None:
    class Named(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3))

    with pytest.raises(InputError, match="gives 3 numbers"):
        tiles.logits(net(Named()), picture(20, 20))


def test_rows_are_handed_on_as_they_are_finished() -> None:
    heard: list[tuple[int, int]] = []
    with events.listen(lambda e: heard.append((e.step, e.of))):
        found = list(tiles.bands(net(Pointwise()), pieces.Held(picture(100, 40)), 32))
    assert [band.top for band in found] == pieces.positions(100, 32)
    assert sum(band.logits.shape[1] for band in found) == 100
    assert heard == [(i + 1, len(heard)) for i in range(len(heard))]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 70), st.integers(1, 70))
def test_logits_enlarged_in_bands_are_those_enlarged_at_once(h: int, w: int, high: int, wide: int) -> None:
    small = torch.randn(3, h, w, generator=torch.Generator().manual_seed(0))
    bands = enlarged(iter([tiles.Band(0, small)]), (h, w), (high, wide))
    truth = F.interpolate(small[None], (high, wide), mode="bilinear", align_corners=False)[0]
    torch.testing.assert_close(torch.cat([band.logits for band in bands], 1), truth, rtol=1e-4, atol=1e-5)


def test_labels_probabilities_and_what_is_inside_are_of_the_same_logits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zorki.segmenting.predicting.AT_ONCE", 400)
    seen, x = net(Pointwise()), picture(21, 34)
    found = predicted(seen, x, (50, 80), probabilities=True, inside=(0, 2))
    truth = F.interpolate(tiles.logits(seen, x)[None], (50, 80), mode="bilinear", align_corners=False)[0]
    assert found.labels.dtype == torch.uint8
    assert found.probabilities is not None
    assert found.inside is not None
    assert (found.labels == truth.argmax(0)).float().mean() > 0.999
    torch.testing.assert_close(found.probabilities.float(), truth.softmax(0), rtol=2e-3, atol=1e-3)
    torch.testing.assert_close(found.inside, truth.softmax(0)[[0, 2]].sum(0), rtol=1e-4, atol=1e-5)
