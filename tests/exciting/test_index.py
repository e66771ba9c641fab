"""The index against brute force: blocks and batches of any size, ties, NaN, and candidates in bfloat16."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.sets import SHAPES, net, pictures, searched
from tests.toys import toy
from zorki import io, lens
from zorki.core import events
from zorki.core.errors import Stopped
from zorki.exciting import index
from zorki.wings.see import patches

pytestmark = pytest.mark.tiny


def activations(n: lens.Net, picture: np.ndarray, layer: str) -> torch.Tensor:
    """(c, h, w) of one picture, by running the module's parts one after another."""
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        for name, part in n.module.named_children():
            x = part(x)
            if name == layer:
                return x[0].clone()
    raise AssertionError(layer)


def brute(n: lens.Net, photos: list[np.ndarray], layer: str, count: int) -> list[list[tuple[float, int, int, int]]]:
    """For each channel (value, photo, row, column), best first."""
    best: list[list[tuple[float, int, int, int]]] = []
    for number, picture in enumerate(photos):
        for c, m in enumerate(activations(n, picture, layer).numpy()):
            best += [[]] if len(best) <= c else []
            row, column = np.unravel_index(int(m.argmax()), m.shape)
            best[c].append((float(m.max()), number, int(row), int(column)))
    return [sorted(all_, key=lambda one: (-one[0], one[1]))[:count] for all_ in best]


def same(found: index.Best, true: list[list[tuple[float, int, int, int]]], atol: float = 1e-5) -> None:
    assert torch.allclose(found.values, torch.tensor([[one[0] for one in row] for row in true]), atol=atol)
    assert found.photos.tolist() == [[one[1] for one in row] for row in true]
    assert found.places.tolist() == [[[one[2], one[3]] for one in row] for row in true]


def test_streaming_is_brute_force() -> None:
    """Photographs of three shapes, in blocks and batches of any size, all channels of two layers at once."""
    n, photos = net(), pictures(70)
    found = searched(n, photos, ("0", "3"), count=9, batch=4)
    for layer in ("0", "3"):
        same(found.best[layer], brute(n, photos, layer, 9))
    assert found.done == 70


@pytest.mark.parametrize("batch", [1, 3, 64])
@pytest.mark.parametrize("block", [7, 32])
def test_batches_and_blocks_make_no_difference(batch: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    n, photos = net(), pictures(40)
    true = brute(n, photos, "4", 5)
    monkeypatch.setattr(index, "BLOCK", block)
    same(searched(n, photos, ("4",), count=5, batch=batch).best["4"], true)


def test_equal_values_go_by_the_order_of_photographs_and_of_units() -> None:
    """Every photograph thrice, so that every value comes thrice; shapes alternate, so that batches come out of order."""
    photos = [p for p in pictures(12) for _ in range(3)]
    order = np.random.default_rng(1).permutation(len(photos))
    photos = [photos[i] for i in order]
    n = net()
    found = searched(n, photos, ("1",), count=7, batch=2).best["1"]
    same(found, brute(n, photos, "1", 7))
    point, flat = nn.Sequential(nn.Conv2d(3, 4, 1)), [np.full((*SHAPES[i % 3], 3), 90, np.uint8) for i in range(12)]
    for batch in (1, 64):
        found = searched(net(point), flat, ("0",), count=3, batch=batch).best["0"]
        assert found.photos.tolist() == [[0, 1, 2]] * 4
        assert not found.places.any()


class Breaks(nn.Module):
    """Gives NaN or infinity where a pixel is white."""

    def __init__(self, what: float) -> None:
        super().__init__()
        self.conv, self.what = nn.Conv2d(3, 4, 1), what

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(torch.where(x[:, :1] == 1, torch.full_like(x, self.what), x))


@pytest.mark.parametrize("what", [float("nan"), float("inf")])
def test_what_is_no_number_is_never_best(what: float) -> None:
    """Of a photograph that has some NaN the rest still counts; one of NaN alone never does."""
    torch.manual_seed(0)
    n, photos = net(Breaks(what)), [p // 2 for p in pictures(12, ((8, 8),))]
    photos[3][2, 2], photos[5][:] = 255, 255
    found = searched(n, photos, ("conv",), count=12).best["conv"]
    with torch.no_grad():
        x = torch.stack([torch.from_numpy(p).permute(2, 0, 1).float() / 255 for p in photos])
        maps = n.module.conv(x)  # type: ignore[operator]
        maps[3, :, 2, 2] = maps[5] = -torch.inf
    values, order = maps.amax((2, 3)).T.sort(dim=1, descending=True)
    assert torch.allclose(found.values[:, :11], values[:, :11], atol=1e-6)
    assert found.photos[:, :11].tolist() == order[:, :11].tolist()
    assert bool((found.photos[:, 11] == index.NOBODY).all())
    cut = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="conv", count=12, beside="none"))
    assert np.isnan(cut.values[:, 11]).all()
    assert "none" in cut.tiles()[11].caption


def test_a_net_of_nan_is_told() -> None:
    module = toy()
    with torch.no_grad():
        next(module.parameters()).fill_(torch.nan)
    with pytest.raises(Stopped, match="not finite"):
        searched(net(module), pictures(4), ("0",))


def close(count: int, apart: float, seed: int = 0) -> list[np.ndarray]:
    """Pictures of one level each, a little apart, in any order: near ties for any channel that adds them up."""
    levels = 0.5 + apart * np.random.default_rng(seed).permutation(count)
    return [np.full((8, 8, 3), level, np.float32) for level in levels]


@pytest.mark.parametrize("shapes", [((16, 16),), SHAPES])
def test_candidates_of_bfloat16_measured_again_are_those_of_float32(shapes: tuple[tuple[int, int], ...]) -> None:
    n, photos = net(), pictures(150, shapes)
    n.drawing = torch.bfloat16
    found = searched(n, photos, ("0", "3"), rough=True, count=3, batch=16)
    plain = searched(n, photos, ("0", "3"), rough=False, count=3, batch=16)
    assert not found.rough
    for layer in ("0", "3"):
        assert torch.equal(found.best[layer].photos, plain.best[layer].photos)
        assert torch.equal(found.best[layer].places, plain.best[layer].places)
        assert torch.allclose(found.best[layer].values, plain.best[layer].values, atol=1e-6)


def test_near_ties_that_bfloat16_cannot_tell_are_compared_in_float32() -> None:
    n, photos = net(), close(300, 1e-5)
    n.drawing = torch.bfloat16
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = searched(n, photos, ("0",), rough=True, count=3)
    assert any("once more in float32" in note for note in heard)
    plain = searched(n, photos, ("0",), rough=False, count=3)
    assert torch.equal(found.best["0"].photos, plain.best["0"].photos)
    assert plain.best["0"].photos.unique().numel() > 3, "not only the first ones"


def test_a_channel_that_is_dead_needs_no_second_pass() -> None:
    module = toy()
    with torch.no_grad():
        module[0].weight[2], module[0].bias[2] = 0, -1  # type: ignore[index]
    n, photos = net(module), pictures(200, ((8, 8),))
    n.drawing = torch.bfloat16
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = searched(n, photos, ("1",), rough=True, count=3)
    assert not [note for note in heard if "once more" in note]
    assert found.best["1"].photos[2].tolist() == [0, 1, 2]


def test_the_cheapest_layers_are_float32_from_the_start() -> None:
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 2, 1), nn.Conv2d(2, 64, 3), nn.Conv2d(64, 64, 3)).eval()
    n, photos = net(module), pictures(40, ((16, 16),))
    n.drawing = torch.bfloat16
    search = index.Search(n, io.PhotoSet(photos), ("2", "0", "1"), count=3)
    begun = search.start(True)
    assert begun.rough == ("2", "1"), "the first is less than a hundredth of the work"
    assert begun.best["0"].values.shape == (2, 3)
    told: list[events.Event] = []
    with events.listen(told.append):
        found = search.finish(begun)
    measured = [e for e in told if e.stage == "candidates in float32"]
    assert measured[-1].step == measured[-1].of, "none is measured twice"
    plain = searched(n, photos, ("2", "0", "1"), rough=False, count=3)
    for layer in ("0", "1", "2"):
        assert torch.equal(found.best[layer].photos, plain.best[layer].photos)
        assert torch.equal(found.best[layer].places, plain.best[layer].places)
    assert list(found.best) == ["2", "0", "1"]


def test_half_the_numbers_only_where_it_saves_time() -> None:
    n = net()
    few, many = io.PhotoSet(pictures(10)), io.PhotoSet([np.zeros((2, 2, 3), np.uint8) for _ in range(1000)])
    assert not index.Search(n, many, ("0",)).rough(), "a net that draws in float32"
    n.drawing = torch.bfloat16
    assert index.Search(n, many, ("0",)).rough()
    assert not index.Search(n, few, ("0",)).rough()
