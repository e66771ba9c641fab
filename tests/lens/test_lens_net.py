"""Net: names, layers, outputs; quiet; chunks; grids."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections import OrderedDict
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.nets.vgg import Vgg

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def net() -> lens.Net:
    return lens.Net(Vgg((8, 8, 16), (1, 2, 1), 10), name="toy", side=32)


def test_layers_show_themselves(net: lens.Net) -> None:
    layers = net.layers()
    text = str(layers).splitlines()
    assert len(text) == len(layers) + 2
    assert text[0].split() == ["layer", "kind", "shape", "sees", "parameters", "multiply-adds"]
    assert all(line[text[0].index("kind") :].startswith(layer.kind) for line, layer in zip(text[1:], layers, strict=False))
    assert layers._repr_html_().count("<tr>") == len(layers) + 2
    assert layers[:2] == (layers[0], layers[1])
    assert isinstance(layers[:2], lens.Layers)
    assert pickle.loads(pickle.dumps(layers)) == layers
    json.dumps([dataclasses.asdict(layer) for layer in layers])
    assert layers is net.layers()
    assert net.layers((48, 40))[0].shape == (3, 48, 40)
    assert layers.parameters == sum(p.numel() for p in net.module.parameters())
    assert net.layer("conv2_2").macs == 8 * 8 * 9 * 16 * 16


def test_names(net: lens.Net) -> None:
    assert net.layer("conv2_1") == net.layer("module.conv2_1") == net.layer("_orig_mod.conv2_1") == net.layer("module._orig_mod.conv2_1")
    with pytest.raises(UnknownName) as error:
        net.layer("conv21")
    assert "conv2_1" in str(error.value)
    assert net.pick_layer(None) in net.names()
    assert net.pick_layer("relu1_1") == "relu1_1"
    assert lens.Net(net.module, side=32, default_layer="pool1").pick_layer(None) == "pool1"
    with pytest.raises(UnknownName):
        lens.Net(net.module, side=32, default_layer="nope").pick_layer(None)
    maps = [layer.name for layer in net.layers() if len(layer.shape) == 3]
    assert maps.index(net.pick_layer(None)) == round(len(maps) * 2 / 3) - 1


def test_one_module_under_two_names_and_one_that_never_runs() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first = nn.Conv2d(3, 3, 3)
            self.second, self.spare = self.first, nn.Conv2d(3, 3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.second(x)

    found = lens.Net(Two(), side=8)
    assert found.layer("second") == found.layer("first")
    with pytest.raises(InputError, match="does not run"):
        found.layer("spare")
    assert lens.Net(nn.Conv2d(3, 2, 3), side=8).names() == ["conv2d"]


@pytest.mark.parametrize("channels", [1, 3, 4, 13])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_channels_and_types(channels: int, dtype: torch.dtype) -> None:
    found = lens.Net(nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 26 * 26, 2)).to(dtype))
    assert found.layers()[0].shape == (4, 26, 26)
    assert (found.side, found.channels) == (28, channels)  # of a fixed size: found by trying
    x = torch.rand(2, channels, 28, 28, requires_grad=True)
    found.logits(x).sum().backward()
    assert x.grad is not None
    assert x.grad.dtype == torch.float32
    assert lens.capture(found, x, "0")["0"].dtype == dtype


def test_the_nets_own_error_is_told() -> None:
    class Broken(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            raise LookupError("no such thing\nand more")

    with pytest.raises(InputError, match="LookupError: no such thing") as error:
        lens.Net(Broken(), side=8).layers()
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="fails on a picture of 3 × 8 × 8"):
        lens.Net(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(5, 5)), side=8).layers()
    with pytest.raises(InputError, match="size"):
        lens.capture(nn.Sequential(nn.Conv2d(3, 4, 9)), torch.rand(1, 3, 4, 4), "0")
    with pytest.raises(InputError):
        lens.Net("eye")  # type: ignore[arg-type]


def test_nan_weights_and_batch_norm() -> None:
    inside = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()).train()
    inside[0].weight.data.fill_(float("nan"))
    before = {k: v.clone() for k, v in inside.state_dict().items() if "running" in k or "tracked" in k}
    assert len(lens.Net(inside, side=16).layers()) == 3
    assert all(torch.equal(inside.state_dict()[k], v) for k, v in before.items())
    assert inside[1].training


class Gives(nn.Module):
    def __init__(self, how: Any) -> None:
        super().__init__()
        self.fc, self.how = nn.Linear(3, 5), how

    def forward(self, x: torch.Tensor) -> Any:
        y = self.fc(x.mean((2, 3)))
        return self.how(y, y * 2)


@dataclasses.dataclass
class Result:
    loss: Any
    logits: torch.Tensor


def test_outputs() -> None:
    x = torch.rand(2, 3, 8, 8)
    for how in (
        lambda a, b: a,
        lambda a, b: (a, b),
        lambda a, b: [a],
        lambda a, b: {"out": a, "aux": b},
        lambda a, b: OrderedDict(hidden=b, logits=a),
        lambda a, b: Result(None, a),
        lambda a, b: (None, (a, b)),
    ):
        found = Gives(how)
        assert torch.equal(lens.Net(found).logits(x), found.fc(x.mean((2, 3))))
    two = Gives(lambda a, b: [a, b])
    with pytest.raises(InputError, match=r"output is a list of 2\. One is meant: 0 or 1"):
        lens.Net(two).logits(x)
    assert torch.equal(lens.Net(two, output=1).logits(x), 2 * two.fc(x.mean((2, 3))))
    named = Gives(lambda a, b: {"a": a, "b": b})
    assert torch.equal(lens.Net(named, output="b").logits(x), 2 * named.fc(x.mean((2, 3))))
    with pytest.raises(InputError):
        lens.Net(two, output=5).logits(x)
    with pytest.raises(InputError):
        lens.Net(Gives(lambda a, b: None)).logits(x)


def test_one_tuple_as_the_only_argument() -> None:
    """S05."""

    class Hourglass(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, pair: tuple[torch.Tensor, torch.Tensor]) -> list[torch.Tensor]:
            x, f = pair
            return [self.conv(x), self.conv(x) * f]

    pair = (torch.rand(1, 3, 8, 8, requires_grad=True), torch.rand(1, 1, 1, 1))
    found = lens.Net(Hourglass())
    with pytest.raises(InputError, match=r"output is a list of 2\. One is meant: 0 or 1"):
        found.logits(pair)
    assert list(lens.capture(found, pair, "conv")) == ["conv:0", "conv:1"]


def test_normalisation_outside() -> None:
    inside = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten())
    x = torch.rand(2, 3, 8, 8)
    m, s = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    truth = inside((x - torch.tensor(m).view(3, 1, 1)) / torch.tensor(s).view(3, 1, 1))
    assert torch.allclose(lens.Net(inside, mean=m, std=s).logits(x), truth, atol=1e-6)
    assert not lens.Net(inside).logits(x).requires_grad


def test_quiet_gives_each_flag_back() -> None:
    inside = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout(), nn.Sequential(nn.Dropout()))
    inside[2].eval()
    inside[0].bias.requires_grad_(False)
    before = [m.training for m in inside.modules()], [p.requires_grad for p in inside.parameters()]
    found = lens.Net(inside)
    switch = torch.backends.cudnn.benchmark

    def look() -> None:
        with found.quiet():
            assert not any(m.training for m in inside.modules())
            with found.quiet():
                pass
            assert not any(p.requires_grad for p in inside.parameters())
            torch.backends.cudnn.benchmark = not switch
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        look()
    assert ([m.training for m in inside.modules()], [p.requires_grad for p in inside.parameters()]) == before
    assert torch.backends.cudnn.benchmark == switch


@given(st.integers(0, 300), st.integers(0, 50), st.integers(0, 2000))
def test_chunks_cover_all_and_fit(n: int, each: int, budget: int) -> None:
    slices = list(lens.chunk(n, each, budget))
    assert [i for s in slices for i in range(n)[s]] == list(range(n))
    assert all(s.stop > s.start for s in slices)
    assert all((s.stop - s.start) * each <= budget or s.stop - s.start == 1 for s in slices)
    assert all((s.stop - s.start + 1) * each > budget for s in slices[:-1])  # no smaller than it must be


def test_chunks_without_a_budget() -> None:
    assert list(lens.chunk(100, 1)) == [slice(0, 100)]
    assert len(list(lens.chunk(4, 10**15))) == 4
    with pytest.raises(InputError):
        lens.chunk(-1, 1)


@given(st.integers(2, 9), st.integers(2, 9), st.integers(4, 20), st.sampled_from([0, 1, 2, 5]), st.booleans())
def test_tokens_become_grids(h: int, w: int, patch: int, extra: int, more: bool) -> None:
    hw = (h * patch + (patch - 1) * more, w * patch)
    grid = torch.rand(2, 6, h, w)
    tokens = torch.cat([torch.full((2, extra, 6), -1.0), grid.flatten(2).transpose(1, 2)], 1)
    found = lens.maps(tokens, hw)
    if found.shape == grid.shape:
        assert torch.equal(found, grid)
    else:  # the same number of tokens, with fewer before the grid, is a grid of the picture's shape as well
        assert found.shape[2] * found.shape[3] > h * w


def test_grids() -> None:
    conv = torch.rand(1, 64, 14, 20)
    assert lens.maps(conv, (224, 320)) is conv
    assert torch.equal(lens.maps(conv.permute(0, 2, 3, 1), (224, 320)), conv)
    assert lens.maps(torch.rand(1, 197, 8), (224, 224)).shape == (1, 8, 14, 14)
    assert lens.maps(torch.rand(1, 14 * 20 + 1, 8), (224, 320)).shape == (1, 8, 14, 20)
    assert lens.maps(torch.rand(2, 9), (8, 8)).shape == (2, 9, 1, 1)
    with pytest.raises(InputError, match="23 tokens"):
        lens.maps(torch.rand(1, 23, 8), (224, 224))


def test_a_transformer() -> None:
    class Vit(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patch, self.token = nn.Conv2d(3, 8, 8, 8), nn.Parameter(torch.zeros(1, 1, 8))
            self.block, self.head = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.patch(x).flatten(2).transpose(1, 2)
            return self.head(self.block(torch.cat([self.token.expand(len(y), -1, -1), y], 1))[:, 0])

    found = lens.Net(Vit(), side=64)
    assert found.layer("block").shape == (65, 8)
    assert found.layer("patch").receptive_field == lens.ReceptiveField((8, 8), (8, 8), (0, 0))
    assert found.layer("block").receptive_field is None
    x = torch.rand(1, 3, 64, 32, requires_grad=True)
    assert lens.maps(lens.capture(found, x, "block")["block"], (64, 32)).shape == (1, 8, 8, 4)
