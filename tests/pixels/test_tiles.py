"""Tiles add up to the whole picture's gradient, whatever the net does to sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zorki import lens
from zorki.pixels.tiles import Axis, Tiles, axes, cuts, gradient

pytestmark = pytest.mark.tiny


class Branches(nn.Module):
    """Two ways of another reach that meet again, one of them shrunk and enlarged: units half a pixel apart from their cells."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(3, 4, 5, padding=2, stride=2), nn.Conv2d(4, 5, 3, padding=1)
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.c(self.a(x).relu() + self.up(self.b(x)))  # type: ignore[no-any-return]


def vgg() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2), nn.Conv2d(6, 8, 3, padding=1), nn.ReLU(inplace=True),
        nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(8, 8, 3, padding=1),
    )  # fmt: skip


def strided() -> nn.Module:
    """A first layer as AlexNet's, no padding behind it, then holes: fields that begin inside and outside of the picture."""
    return nn.Sequential(nn.Conv2d(3, 6, 7, stride=4, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2), nn.Conv2d(6, 6, 3, dilation=2), nn.Tanh())


NETS: dict[str, tuple[Callable[[], nn.Module], list[str]]] = {
    "vgg": (vgg, ["8"]),
    "vgg, two layers": (vgg, ["3", "8"]),
    "strided": (strided, ["4"]),
    "branches": (Branches, ["c"]),
}


def made(name: str) -> tuple[lens.Net, list[str]]:
    torch.manual_seed(0)
    make, layers = NETS[name]
    return lens.Net(make().eval().requires_grad_(False), name="net", side=64), layers


def squares(seen: Mapping[str, torch.Tensor], _cut: object = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
    return [(a, a.detach()) for a in seen.values()]


def whole(net: lens.Net, x: torch.Tensor, layers: list[str]) -> torch.Tensor:
    """d ½ Σ a² / dx by plain autograd, with hooks of the test's own."""
    x = x.clone().requires_grad_(True)
    kept: list[torch.Tensor] = []
    handles = [net.module.get_submodule(n).register_forward_hook(lambda _m, _i, out: kept.append(out.clone())) for n in layers]
    net.module(x)
    for h in handles:
        h.remove()
    return torch.autograd.grad(sum((a.pow(2).sum() / 2 for a in kept), torch.zeros(())), x)[0]


@pytest.mark.parametrize("hw", [(96, 160), (97, 131), (61, 202)], ids=str)
@pytest.mark.parametrize("room", [60_000, 400_000])
@pytest.mark.parametrize("name", NETS)
def test_tiles_add_up_to_the_whole_pictures_gradient(name: str, room: float, hw: tuple[int, int]) -> None:
    net, layers = made(name)
    if name == "branches":
        hw = (hw[0] // 2 * 2, hw[1] // 2 * 2)  # it takes even sides alone
    x = torch.rand(1, 3, *hw, generator=torch.Generator().manual_seed(1))
    tiles = Tiles.of(net, layers, hw, room)
    assert tiles.count > 1
    assert tiles.exact
    truth = whole(net, x, layers)
    found = gradient(net, x, layers, squares, tiles)
    assert (found - truth).abs().max() < 1e-4 * truth.abs().mean()


@pytest.mark.parametrize("name", NETS)
def test_every_unit_is_in_one_tile(name: str) -> None:
    net, layers = made(name)
    hw = (96, 160)
    seen = dict.fromkeys(layers, 0)

    def count(maps: Mapping[str, torch.Tensor], _cut: object = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
        for n, a in maps.items():
            seen[n] += a.numel()
        return []

    assert not gradient(net, torch.rand(1, 3, *hw), layers, count, Tiles.of(net, layers, hw, 60_000)).any()
    whole_maps = lens.capture(net, torch.rand(1, 3, *hw), layers)
    assert seen == {n: a.numel() for n, a in whole_maps.items()}


def test_memory_decides_how_many_there_are() -> None:
    net, layers = made("vgg")
    counts = [Tiles.of(net, layers, (512, 768), room).count for room in (1e9, 8e6, 2e6)]
    assert counts[0] == 1
    assert counts == sorted(counts)
    assert counts[2] > 8
    from zorki.pixels.tiles import bytes_a_pixel

    for room in (8e6, 2e6):
        for r, c in Tiles.of(net, layers, (512, 768), room):
            assert (r.stop - r.start) * (c.stop - c.start) * bytes_a_pixel(net, layers) <= room
    assert Tiles.of(net, layers, (8, 4000), 2e6).count < 12, "a strip is cut across, not along"


def test_windows_reach_as_far_as_units_see_and_no_further_than_the_picture() -> None:
    net, layers = made("vgg")
    field = net.layer("8").receptive_field
    assert field is not None
    axis = axes(net, layers)[0]
    assert (axis.step, axis.before) == (4, -field.offset[0])
    for cut in cuts(200, axis, 100):
        first, last = cut.own // 4, cut.end // 4 - 1  # units
        assert cut.start <= max(0, field.offset[0] + first * 4)
        assert cut.stop >= min(200, field.offset[0] + last * 4 + field.size[0])
        assert cut.start % 4 == 0
    assert [(c.own, c.end) for c in cuts(200, axis, 100)][-1][1] == 200


@pytest.mark.parametrize("length", [400, 1000, 1003, 3024])
@pytest.mark.parametrize("most", [120, 333, 900])
def test_windows_are_all_alike_so_that_one_leaves_its_memory_to_the_next(length: int, most: int) -> None:
    found = cuts(length, Axis(16, 40, 44, {"x": 16}), most)
    sides = {c.stop - c.start for c in found}
    assert max(sides) - min(sides) < 16
    assert all(c.start % 16 == 0 and 0 <= c.start <= c.own and c.end <= c.stop <= length for c in found)


def test_what_holds_nothing_is_left_out() -> None:
    net, layers = made("vgg")
    x, hw = torch.rand(1, 3, 96, 160), (96, 160)
    where = torch.zeros(1, 1, *hw)
    where[..., :20, :30] = 0.5
    tiles, seen = Tiles.of(net, layers, hw, 60_000), [0]

    def counting(maps: Mapping[str, torch.Tensor], _cut: object = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
        seen[0] += 1
        return squares(maps)

    found = gradient(net, x, layers, counting, tiles, where)
    assert 0 < seen[0] < tiles.count / 2
    truth = whole(net, x, layers)
    assert (found - truth)[..., :20, :30].abs().max() < 1e-4 * truth.abs().mean()


class All(nn.Module):
    """Each unit sees the whole picture: its tiles cannot add up."""

    def __init__(self) -> None:
        super().__init__()
        self.part = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.part(x - x.mean((2, 3), keepdim=True) + 0.5)  # type: ignore[no-any-return]


class Fixed(All):
    """Takes 32 x 32 alone."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[2:] != (32, 32):
            raise ValueError("32")
        return super().forward(x)


@pytest.mark.parametrize("kind", [All, Fixed])
def test_where_a_unit_sees_all_tiles_are_pictures_that_fade_into_each_other(kind: type[nn.Module]) -> None:
    """Every window gives each pixel the gradient 2: so must the sum, without a seam."""
    net = lens.Net(kind(), name="all", side=32)
    sizes = set()

    def doubled(maps: Mapping[str, torch.Tensor], _cut: object = None) -> list[tuple[torch.Tensor, torch.Tensor]]:
        (a,) = maps.values()
        sizes.add(tuple(a.shape[2:]))
        ramp = torch.linspace(-1, 1, a.numel()).view_as(a)  # a mean of 0, as the layer takes the mean off
        return [(a, ramp * 0 + 2 + ramp - ramp.mean())]

    hw = (70, 101)
    tiles = Tiles.of(net, ["part"], hw, 40_000)
    assert not tiles.exact
    found = gradient(net, torch.rand(1, 3, *hw), ["part"], lambda m, _: [(a, _ramp(a)) for a in m.values()], tiles)
    gradient(net, torch.rand(1, 3, *hw), ["part"], doubled, tiles)
    assert len(sizes) == 1
    assert kind is All or sizes == {(32, 32)}
    steps = torch.cat([(found[..., 1:, :] - found[..., :-1, :]).flatten(), (found[..., 1:] - found[..., :-1]).flatten()])
    assert found.abs().max() > 0.5
    assert steps.abs().max() < 0.25, "no edge where a tile ends; a ramp from -1 to 1 that broke off would step by 2"


def _ramp(a: torch.Tensor) -> torch.Tensor:
    return torch.linspace(-1, 1, a.shape[-1]).expand_as(a)


def test_a_seam_would_be_seen() -> None:
    """The check above on tiles laid side by side."""
    found = torch.cat([_ramp(torch.zeros(1, 3, 32, 32))] * 3, 3)
    assert (found[..., 1:] - found[..., :-1]).abs().max() > 1.5


def test_one_cut_where_it_fits() -> None:
    assert len(cuts(100, Axis(8, 20, 20, {"x": 8}), 100)) == 1
    cut = cuts(1000, Axis(8, 20, 20, {"x": 8}), 200)
    assert [c.own for c in cut[1:]] == [c.end for c in cut[:-1]]
    assert F.relu(torch.tensor([c.stop - c.start - 200 for c in cut])).sum() == 0
