"""The maps of a photo, against the layers' own numbers and against pictures that are coloured by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import state, toy
from tests.wings.contract import photo
from tests.zoo import ZOO, SwinLike, ViT
from zorki import jobs, lens, pixels
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.jobs.methods import method
from zorki.wings.see import maps
from zorki.wings.see.maps import Depth, Maps, Settings

pytestmark = pytest.mark.tiny


class Fixed(nn.Module):
    """Gives these maps (c, h, w), whatever it is shown, beside a layer of numbers alone."""

    def __init__(self, values: torch.Tensor) -> None:
        super().__init__()
        self.values = values
        self.show, self.pool, self.fc = nn.Identity(), nn.AdaptiveAvgPool2d(1), nn.Linear(len(values), 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        m = self.show(self.values.expand(len(x), -1, -1, -1) + 0 * x.mean())
        return self.fc(self.pool(m).flatten(1))  # type: ignore[no-any-return]


def fixed(*rows: list[float]) -> lens.Net:
    """A net whose maps are those rows, two units wide."""
    return lens.Net(Fixed(torch.tensor(rows).view(len(rows), -1, 2)), name="fixed", side=16)


def one(net: lens.Net, picture: torch.Tensor, **more: Any) -> Maps:
    found = maps.run(net, picture, Settings(**more))
    assert isinstance(found, Maps)
    return found


def all_of(net: lens.Net, picture: torch.Tensor, **more: Any) -> Depth:
    found = maps.run(net, picture, Settings(all=True, **more))
    assert isinstance(found, Depth)
    return found


@pytest.mark.parametrize(("by", "order"), [("mean", [2, 0, 1, 3]), ("max", [0, 2, 1, 3]), ("contrast", [0, 1, 2, 3])])
def test_what_strong_means_can_be_chosen(by: str, order: list[int]) -> None:
    """Means 3, 1.5, 4.9, 0; largest 6, 3, 5, 0; largest less mean 3, 1.5, 0.1, 0."""
    net = fixed([0, 6, 6, 0], [3, 0, 0, 3], [5, 4.8, 4.8, 5], [0, 0, 0, 0])
    assert list(one(net, torch.rand(1, 3, 16, 16), layer="show", by=by).channels) == order


def test_channels_may_be_asked_for_by_number() -> None:
    net = lens.Net(toy(), name="toy", side=32)
    x = torch.rand(1, 3, 24, 24)
    found = one(net, x, layer="1", channel="6,2-3", size=24, count=1)
    with torch.no_grad():
        truth = net.module[:2](x)[0, [6, 2, 3]]  # type: ignore[index]
    assert found.channels == (6, 2, 3)
    assert torch.allclose(found.maps, truth, atol=1e-6)
    assert found.answer()["highest"] == pytest.approx([float(m.max()) for m in truth])
    with pytest.raises(InputError, match="no number 8"):
        one(net, x, layer="1", channel="8")
    assert len(one(net, x, layer="1").channels) == 8, "sixteen, or as many as there are"


def test_each_unit_is_a_square_of_one_colour() -> None:
    net = fixed([0, 1, 2, 4], [0, 2, 1, 0])
    for scale, second in (("own", 2.0), ("shared", 4.0)):
        tiles = one(net, torch.rand(1, 3, 16, 16), layer="show", scale=scale).tiles()
        for tile, values, top in zip(tiles, ([0, 1, 2, 4], [0, 2, 1, 0]), (4.0, second), strict=True):
            heat = pixels.display.heat(torch.tensor(values).view(2, 2) / top)
            cells = pixels.display.levels(heat)
            k = tile.pixels.shape[0] // 2
            assert tile.pixels.shape == (2 * k, 2 * k, 3)
            assert np.array_equal(tile.pixels, np.kron(cells, np.ones((k, k, 1))).astype(np.uint8))


def test_maps_below_zero_begin_at_their_lowest() -> None:
    net = fixed([-4, 0, 0, 4], [-2, 0, 0, 2])
    own, shared = (one(net, torch.rand(1, 3, 16, 16), layer="show", scale=scale).tiles()[1].pixels[0, 0] for scale in ("own", "shared"))
    dark, quarter = (pixels.display.levels(pixels.display.heat(torch.tensor([[v]])))[0, 0] for v in (0.0, 0.25))
    assert own.tolist() == dark.tolist()
    assert shared.tolist() == quarter.tolist()


def test_laid_over_the_photo_it_hides_only_what_answers() -> None:
    net = fixed([0, 8, 0, 0], [1, 1, 1, 1])
    picture = torch.from_numpy(photo(32, 32)).permute(2, 0, 1)[None] / 255
    found = one(net, picture, layer="show", over=True, channel="0,1", size=32)
    tile = found.tiles()[0].pixels
    assert tile.shape == (160, 160, 3), "as the photo, five times as large"
    bare = pixels.display.levels(pixels.display.overlay(pixels.sizes.resize(picture, (160, 160)), torch.zeros(160, 160)))
    right = np.zeros((160, 160), bool)
    right[:80, 80:] = True
    assert np.array_equal(tile[~right], bare[~right])
    assert np.abs(tile[right].astype(int) - bare[right]).mean() > 40


def test_cells_keep_hard_edges_and_what_shrinks_is_averaged() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert torch.equal(pixels.display.blocky(x, (4, 9)), x.repeat_interleave(2, 0).repeat_interleave(3, 1))
    odd = pixels.display.blocky(x, (5, 10))
    assert set(odd.flatten().tolist()) == set(x.flatten().tolist())
    y = torch.rand(8, 6)
    assert torch.allclose(pixels.display.blocky(y, (4, 3)), y.view(4, 2, 3, 2).mean((1, 3)))


class Vgg(nn.Module):
    """Five blocks of two convolutions each, and a linear layer."""

    def __init__(self, named: bool = False) -> None:
        super().__init__()
        if named:
            self.aliases = {f"relu{b + 1}_{c + 1}": f"features.{5 * b + 2 * c + 1}" for b in range(5) for c in range(2)}
            self.aliases |= {f"conv{b + 1}_{c + 1}": f"features.{5 * b + 2 * c}" for b in range(5) for c in range(2)}
            self.aliases |= {f"pool{b + 1}": f"features.{5 * b + 4}" for b in range(5)}
        parts: list[nn.Module] = []
        for b in range(5):
            for c in range(2):
                parts += [nn.Conv2d(3 if b + c == 0 else 8, 8, 3, padding=1), nn.ReLU(inplace=True)]
            parts.append(nn.MaxPool2d(2))
        self.features, self.fc = nn.Sequential(*parts), nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.features(x).mean((2, 3)))  # type: ignore[no-any-return]


class Block(nn.Module):
    """A residual block; the first convolution is at the size of what comes in."""

    def __init__(self, a: int, b: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.conv2, self.relu = nn.Conv2d(a, b, 1), nn.Conv2d(b, b, 3, stride, 1), nn.ReLU(inplace=True)
        self.down = nn.Conv2d(a, b, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu(self.conv2(self.relu(self.conv1(x))) + self.down(x))  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """A stem and four layers of two blocks."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.pool = nn.Conv2d(3, 8, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(2)
        for k in range(1, 5):
            setattr(self, f"layer{k}", nn.Sequential(Block(8, 8, 1 if k == 1 else 2), Block(8, 8, 1)))
        self.fc = nn.Linear(8, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(self.relu(self.conv(x)))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


class AlexNet(nn.Module):
    """Five convolutions, three of them at one size, and two linear layers with a ReLU of their own."""

    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = []
        for k, before in enumerate((3, 8, 8, 8, 8)):
            parts += [nn.Conv2d(before, 8, 3, padding=1), nn.ReLU()] + [nn.MaxPool2d(2)] * (k in (0, 1, 4))
        self.features, self.classifier = nn.Sequential(*parts), nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(self.features(x).mean((2, 3)))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (toy(), ["1", "4"]),
        (Vgg(), [f"features.{k}" for k in (3, 8, 13, 18, 23)]),
        (Vgg(named=True), [f"relu{b}_2" for b in range(1, 6)]),
        (ResNet(), ["relu", "layer1", "layer2", "layer3", "layer4"]),
        (AlexNet(), [f"features.{k}" for k in (1, 4, 7, 9, 11)]),
        (ViT((32, 32)), ["blocks.0", "blocks.1"]),
        (SwinLike(), ["patch", "mix.0", "mix.2", "merge"]),
        (ZOO["segmenter"](), ["body.0", "body.2"]),
        (nn.Sequential(nn.Conv2d(3, 5, 3)), ["0"]),
    ],
    ids=["toy", "vgg", "vgg with names", "resnet", "alexnet", "vit", "swin", "segmenter", "one"],
)
def test_the_blocks_are_those_that_a_person_would_count(module: nn.Module, names: list[str]) -> None:
    assert maps.blocks(lens.Net(module.eval(), name="net", side=64 if not isinstance(module, ViT) else 32)) == names


def test_grids_are_found_whatever_the_layout() -> None:
    net = lens.Net(SwinLike().eval(), name="swin", side=(64, 160))
    grids = {layer.name: maps.grid_of(net, layer) for layer in net.layers()}
    assert grids == {"patch": (16, 40)} | dict.fromkeys(("norm", "mix.0", "mix.1", "mix.2", "mix"), (16, 40)) | {
        "merge": (8, 20),
        "last": (8, 20),
        "head": None,
    }


def test_all_blocks_stand_on_one_board() -> None:
    net = lens.Net(Vgg().eval(), name="vgg", side=64)
    x = torch.rand(1, 3, 64, 96)
    found = all_of(net, x, size=96)
    tiles = found.tiles()
    assert len({t.pixels.shape for t in tiles}) == 1, "tiles of one size"
    assert tiles[0].pixels.shape == (128, 192, 3)
    assert len(tiles) == 5 * found.columns
    assert found.columns == 6, "each layer is a line of the sheet"
    after = x
    for k, layer in enumerate(net.module.features):  # type: ignore[union-attr, arg-type]
        with torch.no_grad():
            after = layer(after)
        if k % 5 == 3:
            one_of = found.layers[k // 5]
            truth = after[0].mean((1, 2)).argsort(descending=True)[:6]
            assert list(one_of.channels) == truth.tolist()
            assert torch.allclose(one_of.maps, after[0, truth], atol=1e-6)
    sees, number = [5, 14, 32, 68, 140], found.layers[2].channels[0]  # 2 units of the block's stride more for each 3x3
    for row, (w, h, field) in enumerate(zip((96, 48, 24, 12, 6), (64, 32, 16, 8, 4), sees, strict=True)):
        caption = tiles[row * 6].caption
        assert caption.endswith(f", {w}x{h}, sees {field} px"), caption
    assert tiles[12].caption.startswith(f"features.13:{number},")


def test_all_goes_as_deep_as_is_asked_and_shows_as_many_as_are_asked() -> None:
    net = lens.Net(Vgg().eval(), name="vgg", side=64)
    x = torch.rand(1, 3, 64, 64)
    found = all_of(net, x, layer="features.12", count=2)
    assert [m.layer for m in found.layers] == [f"features.{k}" for k in (1, 3, 6, 8, 11)], "there are few activations up to there"
    assert {len(m.channels) for m in found.layers} == {2}
    tiles = found.tiles()
    assert (found.columns, len(tiles)) == (2, 10), "two of each"
    assert all(t.caption for t in tiles)


def test_deep_nets_are_shown_in_eight_rows() -> None:
    net = lens.Net(nn.Sequential(*(nn.Conv2d(3, 3, 2, stride=1) for _ in range(13))).eval(), name="deep", side=40)
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        found = all_of(net, torch.rand(1, 3, 40, 40))
    names = [m.layer for m in found.layers]
    assert (len(names), names[0], names[-1]) == (8, "0", "12")
    assert any("13 blocks" in note for note in heard)


def test_token_maps_are_grids_and_what_is_no_map_is_said() -> None:
    net = lens.Net(ViT((24, 40)).eval(), name="vit", side=(24, 40))
    found = all_of(net, torch.rand(1, 3, 50, 80))
    assert [m.maps.shape[1:] for m in found.layers] == [(3, 5), (3, 5)]
    assert found.tiles()[0].caption.endswith(", 5x3, sees all")
    with pytest.raises(InputError, match="head gives no maps, but 5 numbers"):
        maps.run(net, torch.rand(1, 3, 24, 40), Settings(layer="head"))


@pytest.mark.parametrize(
    ("s", "said"),
    [
        (Settings(layer="fc"), "fc gives no maps, but 4 numbers"),
        (Settings(layer="pool"), "pool gives no maps, but 2 numbers"),
        (Settings(all=True, channel="1"), "channel and all are both given"),
    ],
    ids=str,
)
def test_what_cannot_be_shown_is_one_sentence(s: Settings, said: str) -> None:
    with pytest.raises(InputError, match=said) as told:
        maps.run(fixed([0, 1, 2, 3], [1, 1, 1, 1]), torch.rand(1, 3, 16, 16), s)
    assert len(told.value.lines()) == 3


def test_a_net_without_maps_says_so() -> None:
    net = lens.Net(nn.Sequential(nn.Flatten(), nn.Linear(3 * 64, 8), nn.ReLU()), name="mlp", side=8)
    with pytest.raises(InputError, match="mlp has no layer with maps"):
        maps.run(net, torch.rand(1, 3, 8, 8), Settings(all=True))
    with pytest.raises(InputError, match="gives no maps, but 8 numbers"):
        maps.run(net, torch.rand(1, 3, 8, 8))
    with pytest.raises(UnknownName, match="no layer"):
        maps.run(net, torch.rand(1, 3, 8, 8), Settings(all=True, layer="conv9"))


def test_numbers_that_are_not_finite_stop_it() -> None:
    with pytest.raises(Stopped, match="show gives numbers that are not finite"):
        maps.run(fixed([0, 1, 2, float("nan")]), torch.rand(1, 3, 16, 16), Settings(layer="show"))


@pytest.mark.parametrize("name", [n for n in ZOO if n not in ("4 channels", "13 channels")])
def test_every_net_shows_all_its_blocks_and_is_left_as_it_was(name: str) -> None:
    from tests.zoo import SIZES

    torch.manual_seed(0)
    net = lens.Net(ZOO[name]().train(name == "train mode"), name="net", side=SIZES.get(name))
    before = state(net.module)
    m = method("see", "maps")
    for more in ({}, {"over": True, "by": "contrast", "scale": "shared"}):
        board = jobs.Job(m, net, {"photo": photo(37, 53)}, m.fill(None, {"all": True, "size": 64} | more)).finish()
        assert board.numpy().std() > 0
        assert len({t.pixels.shape for t in board.tiles}) == 1
    assert state(net.module) == before


@pytest.mark.parametrize("hw", [(1, 1), (5, 90), (90, 5), (37, 21)], ids=str)
def test_pictures_of_any_size_go(hw: tuple[int, int]) -> None:
    m = method("see", "maps")
    net = lens.Net(Vgg().eval(), name="vgg", side=32)
    for more in ({}, {"over": True}, {"all": True}, {"all": True, "over": True}):
        board = jobs.Job(m, net, {"photo": photo(*hw)}, m.fill(None, more)).finish()
        assert len({t.pixels.shape for t in board.tiles}) == 1
        assert max(board.tiles[0].pixels.shape) >= 160


def test_long_names_keep_their_end() -> None:
    assert maps.shortened("features.denseblock4.denselayer16.relu2").endswith("layer16.relu2")
    assert len(maps.shortened("features.denseblock4.denselayer16.relu2")) == 18
    assert maps.shortened("conv1_1") == "conv1_1"
