"""Patches: the index against brute force, boxes and ways back against closed forms, and what is kept when it is broken off."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn
from torch.nn import functional as F

from tests.toys import toy
from zorki import io, lens
from zorki.cli.main import run as command
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.pixels import cutting, index, keeping, units
from zorki.wings.see import maximize, patches

pytestmark = pytest.mark.tiny
SHAPES = ((24, 32), (32, 24), (16, 16))


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def pictures(count: int, shapes: tuple[tuple[int, int], ...] = SHAPES, seed: int = 0) -> list[np.ndarray]:
    g = np.random.default_rng(seed)
    return [g.integers(0, 256, (*shapes[i % len(shapes)], 3), dtype=np.uint8) for i in range(count)]


def net(module: nn.Module | None = None, side: int = 32) -> lens.Net:
    return lens.Net(module or toy(), name="toy", side=side)


def searched(n: lens.Net, photos: list[np.ndarray], layers: tuple[str, ...], rough: bool | None = None, **more: int) -> index.Index:
    search = index.Search(n, io.PhotoSet(photos), layers, **more)  # type: ignore[arg-type]
    return search.finish(search.start(rough))


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


def planted(pattern: np.ndarray) -> nn.Module:
    """One convolution that answers to the pattern (h, w, 3) alone: its filter is the pattern less its mean."""
    conv = nn.Conv2d(3, 1, pattern.shape[:2], bias=False)
    with torch.no_grad():
        conv.weight.copy_(torch.from_numpy(pattern - pattern.mean()).permute(2, 0, 1)[None])
    return nn.Sequential(conv, nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()).eval()


def test_a_planted_patch_is_the_first_with_its_exact_box() -> None:
    g = np.random.default_rng(3)
    pattern = g.integers(0, 2, (5, 7, 3)).astype(np.float32)
    photos = [(128 + g.integers(-20, 20, (24, 40, 3))).astype(np.uint8) for _ in range(30)]
    photos[17][11:16, 23:30] = pattern * 255
    found = patches.run(net(planted(pattern)), io.PhotoSet(photos), patches.Settings(layer="0", beside="none"))
    assert found.photos[0, 0] == 17
    assert found.boxes[0, 0].tolist() == [23, 11, 7, 5]
    assert found.positions[0, 0].tolist() == [11, 23]
    assert found.values[0, 0] > 2 * found.values[0, 1]
    shown = found.layers[0].shown[0][0]
    assert shown.shape == (9, 3, 5, 7)
    assert torch.equal(shown[0], torch.from_numpy(pattern).permute(2, 0, 1))
    tile = found.tiles()[1]
    assert np.array_equal(tile.pixels[:: tile.pixels.shape[0] // 5, :: tile.pixels.shape[1] // 7], (pattern * 255).astype(np.uint8))


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


def pooled() -> nn.Sequential:
    torch.manual_seed(2)
    return nn.Sequential(nn.Conv2d(3, 5, 3, padding=1, bias=False), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(1)).eval()


def test_deconvnet_is_unpooling_by_switches_rectifying_and_the_transposed_filter() -> None:
    module = pooled()
    x = torch.rand(4, 3, 12, 14)
    places = torch.tensor([[0, 0], [2, 3], [5, 6], [3, 1]])
    found = units.traced_back(net(module), x, "2", 3, places, "deconvnet")
    with torch.no_grad():
        a, switches = F.max_pool2d(module[1](module[0](x)), 2, return_indices=True)
        alone = torch.zeros_like(a)
        alone[range(4), 3, places[:, 0], places[:, 1]] = 1
        true = F.conv_transpose2d(F.relu(F.max_unpool2d(alone, switches, 2)), module[0].weight, padding=1)  # type: ignore[arg-type]
    assert float(true.abs().max()) > 0
    assert torch.allclose(found, true, atol=1e-6)


def test_guided_keeps_what_was_on_and_is_positive_and_gradient_is_the_slope() -> None:
    """Two convolutions, so that negative signals come back."""
    torch.manual_seed(4)
    module = nn.Sequential(nn.Conv2d(3, 6, 3, bias=False), nn.ReLU(), nn.Conv2d(6, 2, 3, bias=False)).eval()
    x, places = torch.rand(1, 3, 9, 9), torch.tensor([[2, 1]])
    first, second = module[0].weight.detach(), module[2].weight.detach()
    with torch.no_grad():
        z = module[0](x)
        alone = torch.zeros(1, 2, 5, 5)
        alone[0, 1, 2, 1] = 1
        back = F.conv_transpose2d(alone, second)  # type: ignore[arg-type]
    truths = {"guided": back.clamp(0) * (z > 0), "deconvnet": back.clamp(0), "gradient": back * (z > 0)}
    for rule, given in truths.items():
        found = units.traced_back(net(module), x, "2", 1, places, rule)  # type: ignore[arg-type]
        assert torch.allclose(found, F.conv_transpose2d(given, first), atol=1e-6), rule  # type: ignore[arg-type]
    with torch.no_grad():
        nudge = torch.zeros_like(x)
        nudge[0, 1, 4, 3] = 1e-2
        slope = (module(x + nudge) - module(x - nudge))[0, 1, 2, 1] / 2e-2
    assert float(slope) == pytest.approx(float(found[0, 1, 4, 3]), abs=1e-3)


def test_what_comes_back_lies_inside_the_box() -> None:
    n, photos = net(), pictures(12, ((32, 32),))
    found = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="3", channel="0-2", count=3, beside="all"))
    assert found.layers[0].kinds == ("patch", "deconvnet", "guided", "gradient")
    assert found.layers[0].shown[0].shape == (4, 3, 3, 8, 8), "conv, pool, conv: 8 px"
    for c in range(3):
        for k in range(3):
            left, top, width, height = found.boxes[c, k].tolist()
            x = torch.from_numpy(photos[found.photos[c, k]]).permute(2, 0, 1)[None].float() / 255
            slope = units.traced_back(n, x, "3", c, torch.from_numpy(found.positions[c, k][None]), "gradient")[0]
            inside = slope[:, top : top + height, left : left + width].abs().sum()
            assert float(inside) > 0
            assert float(slope.abs().sum() - inside) == pytest.approx(0, abs=1e-6)


def test_patches_at_the_border_keep_their_place_on_paper() -> None:
    """A field of 5 around the pixel in the corner: paper above and to the left, the photograph below and to the right."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(3, 1, 5, padding=2), nn.Flatten()).eval()
    with torch.no_grad():
        module[0].weight.zero_()  # type: ignore[operator]
        module[0].weight[0, :, 2, 2] = 1  # type: ignore[index]
    photos = [np.zeros((16, 16, 3), np.uint8) for _ in range(2)]
    photos[0][0, 0] = 255
    photos[1][15, 8] = 200
    found = patches.run(net(module, 16), io.PhotoSet(photos), patches.Settings(layer="0", channel="0", count=2, beside="none"))
    assert found.boxes[0].tolist() == [[0, 0, 3, 3], [6, 13, 5, 3]]
    corner, bottom = found.layers[0].shown[0][0]
    assert corner.shape == bottom.shape == (3, 5, 5)
    assert float(corner[0, 2, 2]) == 1
    assert float(corner[0, 3, 3]) == 0
    assert bool((corner[:, :2] == cutting.PAPER).all())
    assert bool((corner[:, :, :2] == cutting.PAPER).all())
    assert float(bottom[0, 2, 2]) == pytest.approx(200 / 255)
    assert bool((bottom[:, 3:] == cutting.PAPER).all())


def test_a_field_larger_than_the_photographs_is_said() -> None:
    module = nn.Sequential(nn.Conv2d(3, 2, 31, padding=15), nn.Flatten()).eval()
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(module, 16), io.PhotoSet(pictures(3, ((16, 20),))), patches.Settings(layer="0", count=2))
    assert any("sees 31 × 31 px" in note and "whole photographs" in note for note in heard)
    for boxes in found.boxes:
        for left, top, width, height in boxes.tolist():
            assert 0 <= left <= left + width <= 20
            assert 0 <= top <= top + height <= 16


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
    found = search.finish(begun)
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


def saved(folder: Path, count: int = 30, seed: int = 0) -> Path:
    folder.mkdir()
    for i, p in enumerate(pictures(count, seed=seed)):
        Image.fromarray(p).save(folder / f"{i}.png")
    return folder


SLOW = """
import sys, time
from zorki.pixels import index, keeping
from tests.wings.test_patches import kept
seen = index.Best.take
def slowly(*given, **more):
    time.sleep(0.15)
    return seen(*given, **more)
index.Best.take = slowly
index.BLOCK, keeping.EVERY = 4, 0.0
kept(*sys.argv[1:])
"""


def kept(photos: str, file: str, dtype: str) -> None:
    """Makes an index on the disk, or goes on with one."""
    n = net()
    n.drawing = getattr(torch, dtype)
    search = index.Search(n, io.PhotoSet(photos), ("0", "3"), batch=3)
    search.rough = lambda: dtype == "bfloat16"  # type: ignore[method-assign]
    keeping.found(search, file)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_killed_and_gone_on_with_it_is_the_same_index(dtype: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """kill -9 in the middle; the second process begins where the first had written, and ends with the same numbers."""
    photos, broken, whole = saved(tmp_path / "photos"), tmp_path / "broken.npz", tmp_path / "whole.npz"
    monkeypatch.setattr(index, "BLOCK", 4)
    started = subprocess.Popen([sys.executable, "-c", SLOW, str(photos), str(broken), dtype])
    for _ in range(1200):
        found = io.read_arrays(broken) if broken.exists() else None
        if found is not None and int(found["done"]) >= 8:
            break
        time.sleep(0.05)
    started.send_signal(signal.SIGKILL)
    started.wait()
    found = io.read_arrays(broken)
    assert found is not None
    assert 8 <= int(found["done"]) < 30
    assert not found["finished"]
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".zorki")] == [] or os.name == "nt"
    kept(str(photos), str(broken), dtype)
    kept(str(photos), str(whole), dtype)
    one, two = io.read_arrays(broken), io.read_arrays(whole)
    assert one is not None
    assert two is not None
    assert bool(one["finished"])
    assert one.keys() == two.keys()
    for name in one:
        assert np.array_equal(one[name], two[name]), name


def opened(photos: io.PhotoSet, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all that is opened from now on."""
    names: list[str] = []
    plain = io.PhotoSet.open
    monkeypatch.setattr(io.PhotoSet, "open", lambda self, entry: names.append(entry.name) or plain(self, entry))
    return names


def test_a_finished_index_is_used_again_and_only_for_what_it_is_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    names = opened(photos, monkeypatch)
    s = patches.Settings(layer="3", channel="0", count=2, beside="none")
    first = patches.run(net(), photos, s)
    assert set(names) == {f"{i}.png" for i in range(30)}
    assert len(list((tmp_path / "cache" / "zorki" / "patches").iterdir())) == 1
    names.clear()
    again = patches.run(net(), photos, patches.Settings(layer="3", channel="0-5", count=4, beside="gradient"))
    assert len(names) <= 6 * 4, "only what is cut"
    assert np.array_equal(again.values[:1, :2], first.values)
    for other, more in (
        (toy(seed=1), {}), (toy(), {"layer": "0"}), (toy(), {"size": 8}), (toy(), {"count": 12}),
    ):  # fmt: skip
        names.clear()
        patches.run(net(other), photos, patches.Settings(**{"layer": "3", "channel": "0", "count": 2, "beside": "none", **more}))  # type: ignore[arg-type]
        assert set(names) == {f"{i}.png" for i in range(30)}, more
    os.utime(tmp_path / "photos" / "4.png", ns=(1, 1))
    names.clear()
    patches.run(net(), io.PhotoSet(tmp_path / "photos"), s)
    assert len(set(names)) == 30


def test_an_index_of_more_layers_serves_for_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    all_ = patches.run(net(), photos, patches.Settings(layer="0,3", channel="0", count=2, beside="none", drawn=False))
    file = str(tmp_path / "mine.npz")
    patches.run(net(), photos, patches.Settings(layer="0,3", channel="0", count=2, beside="none", drawn=False, index=file))
    names = opened(photos, monkeypatch)
    for given in (None, file):
        one = patches.run(net(), photos, patches.Settings(layer="3", channel="0", count=2, beside="none", drawn=False, index=given))
        assert len(names) == 2, "only what is cut"
        names.clear()
        assert np.array_equal(one.values, all_.layers[1].values)
        assert np.array_equal(one.photos, all_.layers[1].photos)
    with pytest.raises(InputError, match="no index of these"):
        patches.run(net(), photos, patches.Settings(layer="4", index=file))


def test_the_cache_keeps_the_indexes_that_were_used_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "KEPT", 3)
    photos, cache = io.PhotoSet(saved(tmp_path / "photos", 4)), tmp_path / "cache" / "zorki" / "patches"
    s = [patches.Settings(layer="3", channel="0", size=size, beside="none", drawn=False) for size in (8, 12, 16, 20)]
    for age, one in enumerate(s[:3]):
        patches.run(net(), photos, one)
        for file in cache.iterdir():
            if file.stat().st_mtime_ns > 10**15:
                os.utime(file, ns=(age, age))
    first = min(cache.iterdir(), key=lambda f: f.stat().st_mtime_ns)
    patches.run(net(), photos, s[0])  # used: no longer the oldest
    patches.run(net(), photos, s[3])
    assert len(list(cache.iterdir())) == 3
    assert first.exists()
    assert not any(f.stat().st_mtime_ns == 1 for f in cache.iterdir()), "the second was"


def test_a_file_for_the_index_is_never_taken_from_something_else(tmp_path: Path) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos", 5))
    file = tmp_path / "mine.npz"
    s = {"layer": "3", "channel": "0", "count": 2, "index": str(file)}
    patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    before = file.read_bytes()
    patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    assert file.read_bytes() == before
    assert not (tmp_path / "cache").exists()
    with pytest.raises(InputError, match=r"mine\.npz is no index of these"):
        patches.run(net(toy(seed=1)), photos, patches.Settings(**s))  # type: ignore[arg-type]
    file.write_bytes(b"something of the user's")
    with pytest.raises(InputError, match="would be replaced"):
        patches.run(net(), photos, patches.Settings(**s))  # type: ignore[arg-type]
    assert file.read_bytes() == b"something of the user's"
    with pytest.raises(InputError, match="folder"):
        patches.run(net(), photos, patches.Settings(**(s | {"index": str(tmp_path / "none" / "x.npz")})))  # type: ignore[arg-type]
    assert patches.run(net(), io.PhotoSet(pictures(3)), patches.Settings(layer="3")).count == 3
    assert not (tmp_path / "cache").exists(), "what is at hand is not kept"


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos", 5))
    s = patches.Settings(layer="3", channel="0", count=2)
    first = patches.run(net(), photos, s)
    (kept,) = (tmp_path / "cache" / "zorki" / "patches").iterdir()
    kept.write_bytes(kept.read_bytes()[:100])
    assert np.array_equal(patches.run(net(), photos, s).values, first.values)


def test_ctrl_c_keeps_the_index_so_far_and_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    photos = io.PhotoSet(saved(tmp_path / "photos"))
    monkeypatch.setattr(index, "BLOCK", 4)
    monkeypatch.setattr(keeping, "EVERY", 0.0)

    def stop(e: events.Event) -> None:
        if e.stage == "photographs" and e.step >= 16:
            raise KeyboardInterrupt

    s = patches.Settings(layer="3", channel="0", count=2)
    with events.listen(stop), pytest.raises(KeyboardInterrupt, match=r"index of 12 of 30 photographs is kept.*same command"):
        patches.run(net(), photos, s)
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(), photos, s)
    assert any("12 of 30" in note for note in heard)
    (kept,) = (tmp_path / "cache" / "zorki" / "patches").iterdir()
    kept.unlink()
    assert np.array_equal(found.values, patches.run(net(), photos, s).values)


def test_progress_is_told_with_all_that_is_to_come() -> None:
    told: list[events.Event] = []
    with events.listen(told.append):
        patches.run(net(), io.PhotoSet(pictures(10)), patches.Settings(layer="3", channel="0-2", count=2, batch=2))
    read = [e for e in told if e.stage == "photographs"]
    assert {e.of for e in read} == {10}
    assert max(e.step for e in read) == 10
    assert [(e.step, e.of) for e in told if e.stage == "patches"] == [(1, 3), (2, 3), (3, 3)]


def test_tiles_stand_channel_by_channel_with_captions() -> None:
    n, photos = net(), pictures(20)
    found = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="0,3", channel="1,0", count=9, beside="gradient"))
    tiles = found.tiles()
    kinds = [(layer, c, kind) for layer in ("0", "3") for c in (1, 0) for kind in ("patch", "gradient")]
    for i, (layer, c, kind) in enumerate(kinds):
        drawing, *row = tiles[10 * i : 10 * i + 10]
        assert drawing.caption == f"{layer}:{c} drawn"
        for k, tile in enumerate(row):
            assert tile.caption.startswith(f"{layer}:{c} #{k + 1} ")
            assert tile.caption.endswith("gradient") == (kind == "gradient")
        assert len({t.pixels.shape for t in row}) == 1, "one size in a channel"
    assert (found.columns, len(tiles)) == (10, 80), "a line of the sheet for each kind"
    one = found.layers[1]
    assert f"{one.values[0, 0]:.3g} picture {one.photos[0, 0] + 1}" in tiles[41].caption
    plain = patches.run(n, io.PhotoSet(photos), patches.Settings(layer="0", channel="1,0", beside="gradient", drawn=False))
    assert (plain.columns, len(plain.tiles())) == (9, 36)


def test_the_drawings_beside_are_those_of_maximize() -> None:
    n = net()
    found = patches.run(n, io.PhotoSet(pictures(4)), patches.Settings(layer="3", channel="2,5", count=2))
    *_, last = maximize.run(n, s=maximize.Settings(layer="3", channel="2,5"))
    drawn = found.layers[0].drawn
    assert drawn is not None
    assert drawn.shape == (2, 2, 3, 96, 96), "one for each row: patches and deconvnet"
    assert torch.allclose(drawn[:, 0], last.image(), atol=1e-4)
    assert float((drawn[:, 0] - drawn[:, 1]).abs().mean()) > 1e-3, "from another start"


def test_a_net_that_cannot_be_drawn_shows_its_patches_all_the_same() -> None:
    class Steps(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x.detach())

    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = patches.run(net(Steps()), io.PhotoSet(pictures(4)), patches.Settings(layer="conv", count=2, beside="none"))
    assert any("conv is not drawn" in note for note in heard)
    assert found.columns == 2
    assert len(found.tiles()) == 4


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    (tmp_path / "here" / "net.py").write_text(
        textwrap.dedent("""
        from tests.toys import toy
        """)
    )
    return tmp_path / "here"


def test_the_command_leaves_broken_files_out_and_says_so_by_its_status(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = saved(here / "photos", 14)
    for i in range(12):
        (folder / f"bad{i}.jpg").write_bytes(b"\xff\xd8\xff nothing")
    words = ["see", "patches", "--photos", "photos", "--model", "net.py:toy", "--layer", "3", "--channel", "0-1", "--count", "2"]
    assert command([*words, "--json"]) == 3
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert (here / told["out"][0]).exists()
    assert told["out"] == ["photos.patches.png"]
    assert told["photos"] == 26
    assert sorted(f["photo"] for f in told["failed"]) == sorted(f"bad{i}.jpg" for i in range(12))
    assert all("damaged" in f["why"] for f in told["failed"])
    assert "12 of 26 could not be read" in err
    assert "bad3.jpg" in err
    assert "2 more" in err
    best = told["layers"][0]["channels"][0]["best"]
    assert [b["value"] for b in best] == sorted((b["value"] for b in best), reverse=True)
    assert set(best[0]) == {"value", "photo", "position", "box"}
    record = io.read_settings(told["out"][0])
    assert record is not None
    assert record["pictures"] == {"photos": "photos"}


def test_the_command_refuses_before_work(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "empty").mkdir()
    for words, said in (
        (["--photos", "empty"], "holds no pictures"),
        ([], "needs photos"),
        (["--photos", "nowhere"], "nowhere"),
    ):
        assert command(["see", "patches", "--model", "net.py:toy", *words]) == 2
        out, err = capsys.readouterr()
        assert said in err
        assert not out
    folder = saved(here / "photos", 3)
    for words, said in ((["--layer", "9"], "no layer"), (["--channel", "99"], "0 to"), (["--layer", ""], "no layer")):
        assert command(["see", "patches", "--photos", str(folder), "--model", "net.py:toy", *words]) == 2
        assert said in capsys.readouterr().err
    (folder / "0.png").write_bytes(b"x")
    (folder / "1.png").write_bytes(b"")
    (folder / "2.png").unlink()
    assert command(["see", "patches", "--photos", str(folder), "--model", "net.py:toy"]) == 2
    assert "None of the 2" in capsys.readouterr().err


def test_several_sources_are_remembered_without_their_folders(here: Path) -> None:
    a, b = saved(here / "a", 3), saved(here / "b", 3, seed=1)
    words = [
        "see",
        "patches",
        "--photos",
        str(a),
        "--photos",
        str(b),
        "--model",
        "net.py:toy",
        "--count",
        "2",
        "--index",
        str(here / "i.npz"),
    ]
    assert command([*words, "-o", "x.png", "--quiet"]) == 0
    record = io.read_settings("x.png")
    assert record is not None
    assert record["pictures"] == {"photos": ["a", "b"]}
    assert record["options"]["index"] == "i.npz"
    assert str(here) not in json.dumps(record)
