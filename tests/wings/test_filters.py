"""The filters and their compositions, against kernels that are convolved by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from tests.toys import state, toy
from tests.zoo import ZOO, Reused, SwinLike, ViT, channels
from zorki import jobs, lens, pixels
from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.jobs.methods import method
from zorki.wings.see import _filters, filters
from zorki.wings.see.filters import Settings

pytestmark = pytest.mark.tiny


def net(*parts: nn.Module, side: int = 32, seed: int = 0) -> lens.Net:
    """A net of those parts, its numbers drawn from that seed."""
    g = torch.Generator().manual_seed(seed)
    module = nn.Sequential(*parts).eval()
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(torch.rand(p.shape, generator=g) - 0.4)
        for name, b in module.named_buffers():
            if b.dtype.is_floating_point:
                b.copy_(torch.rand(b.shape, generator=g) + (0.5 if "var" in name else 0))
    return lens.Net(module, name="net", side=side)


def composed(first: np.ndarray, stride: tuple[int, int], then: np.ndarray, dilation: tuple[int, int] = (1, 1)) -> np.ndarray:
    """Kernels (o, m, kh, kw) laid over kernels (m, c, h, w) whose units stand `stride` pixels apart: (o, c, …), sum by sum."""
    o, m, kh, kw = then.shape
    _, c, h, w = first.shape
    step = (stride[0] * dilation[0], stride[1] * dilation[1])
    out = np.zeros((o, c, h + (kh - 1) * step[0], w + (kw - 1) * step[1]))
    for a, b, i, j in np.ndindex(o, m, kh, kw):
        out[a, :, i * step[0] : i * step[0] + h, j * step[1] : j * step[1] + w] += then[a, b, i, j] * first[b]
    return out


def weight(module: nn.Module) -> np.ndarray:
    return module.weight.detach().numpy().astype(float)  # type: ignore[union-attr, no-any-return]


CHAINS: dict[str, Callable[[], list[nn.Module]]] = {
    "two": lambda: [nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 5, 3, padding=1)],
    "two, with a stride": lambda: [nn.Conv2d(3, 4, 5, stride=2, padding=2), nn.ReLU(inplace=True), nn.Conv2d(4, 5, 3)],
    "two, not square": lambda: [nn.Conv2d(3, 4, (2, 5), stride=(3, 1)), nn.GELU(), nn.Conv2d(4, 5, (4, 1), dilation=(2, 1))],
    "three": lambda: [nn.Conv2d(3, 4, 3, stride=2), nn.SiLU(), nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.ReLU6(), nn.Conv2d(6, 5, 2)],
    "three, normed": lambda: [
        *(nn.Conv2d(1, 4, 3, stride=3, padding=1), nn.BatchNorm2d(4), nn.LeakyReLU()),
        *(nn.Conv2d(4, 6, 3, dilation=2, padding=2), nn.GroupNorm(2, 6), nn.Hardswish(inplace=True)),
        *(nn.Conv2d(6, 5, 3, stride=2), nn.BatchNorm2d(5)),
    ],
}


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_is_read_as_its_kernels_composed(name: str) -> None:
    n = net(*CHAINS[name]())
    kernels, stride = None, (1, 1)
    for part in n.module:  # type: ignore[attr-defined]
        if isinstance(part, nn.Conv2d):
            kernels = weight(part) if kernels is None else composed(kernels, stride, weight(part), part.dilation)  # type: ignore[arg-type]
            stride, last = (stride[0] * part.stride[0], stride[1] * part.stride[1]), part
    layer = next(path for path, m in n.module.named_modules() if m is last)
    found = filters.run(n, Settings(layer=layer, as_="composition"))
    assert kernels is not None
    order = np.linalg.norm(kernels.reshape(len(kernels), -1), axis=1).argsort()[::-1]
    assert list(found.channels) == order.tolist()
    assert found.weights.shape == kernels.shape
    np.testing.assert_allclose(found.weights.numpy(), kernels[order], atol=1e-4)
    one = filters.run(n, Settings(layer=layer, as_="composition", channel="2"))
    np.testing.assert_allclose(one.weights.numpy()[0], kernels[2], atol=1e-4)


@pytest.mark.parametrize(("size", "more"), [(2, {}), (3, {"stride": 2, "padding": 1}), (2, {"stride": 1, "dilation": 2})], ids=str)
def test_a_max_pool_is_read_as_the_average_of_its_windows(size: int, more: dict[str, int]) -> None:
    n = net(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(size, **more), nn.Conv2d(4, 5, 3, padding=1))
    mean = np.einsum("om,ij->omij", np.eye(4), np.full((size, size), 1 / size**2))
    pooled = composed(weight(n.module[0]), (1, 1), mean, (more.get("dilation", 1),) * 2)  # type: ignore[index]
    step = more.get("stride", size)
    truth = composed(pooled, (step, step), weight(n.module[3]))  # type: ignore[index]
    found = _filters.readings(n, "3")[0].numpy()
    np.testing.assert_allclose(found, truth, atol=1e-5)


def test_a_skip_is_read_both_ways() -> None:
    module = Reused().eval()
    first, second = weight(module.a), weight(module.b)
    truth = composed(first, (1, 1), second) + np.pad(first, ((0, 0), (0, 0), (1, 1), (1, 1)))
    found = _filters.readings(lens.Net(module, side=24), "relu:1")[0].numpy()
    np.testing.assert_allclose(found, truth, atol=1e-6)


class Twice(nn.Module):
    """Writes into what the ReLU gave, and needs what went into it as well: x + 2 x."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.last = nn.Conv2d(3, 4, 3), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(x)
        y = nn.functional.relu(x)
        y *= 2
        return self.last(x + y)  # type: ignore[no-any-return]


def test_what_is_written_into_a_relu_s_outcome_leaves_its_input() -> None:
    module = Twice().eval()
    np.testing.assert_allclose(_filters.readings(lens.Net(module, side=9), "last")[0].numpy(), 3 * weight(module.conv), atol=1e-6)


def test_a_net_of_one_size_is_read_as_a_whole() -> None:
    """Its logits are the kernels' products with the picture, once the ReLUs are identities and the pools averages."""
    n = net(
        *(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2, 1), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()),
        *(nn.Flatten(), nn.Linear(4 * 36, 5)),
        side=12,
    )
    kernels, _ = _filters.readings(n, "6")
    parts = [nn.Identity() if isinstance(p, nn.ReLU) else nn.AvgPool2d(3, 2, 1) if isinstance(p, nn.MaxPool2d) else p for p in n.module]  # type: ignore[attr-defined]
    straight = nn.Sequential(*parts)
    x = torch.rand(3, 3, 12, 12)
    with torch.no_grad():
        truth = straight(x) - straight(torch.zeros_like(x))
    assert kernels.shape == (5, 3, 12, 12)
    assert torch.allclose(torch.einsum("kchw,bchw->bk", kernels, x), truth, atol=1e-3)


def test_tokens_laid_out_with_their_channels_last_are_read() -> None:
    """x + W₂ W₁ x on patches of four pixels."""
    module = SwinLike().eval()
    found, numbers = _filters.readings(lens.Net(module, side=32), "norm", "1,7")
    assert numbers == (1, 7)
    np.testing.assert_allclose(found.numpy(), weight(module.patch)[[1, 7]], atol=1e-6)
    both = weight(module.mix[2]) @ weight(module.mix[0])
    found, _ = _filters.readings(lens.Net(module, side=32), "mix")
    np.testing.assert_allclose(found.numpy(), np.einsum("om,mcij->ocij", both, weight(module.patch)), atol=1e-6)


def test_folding_multiplies_by_the_batch_norms() -> None:
    parts = [nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 5, 3), nn.BatchNorm2d(5)]
    n = net(*parts)
    x = torch.rand(2, 3, 9, 9)
    with torch.no_grad():
        for index in (0, 3):
            conv, norm = n.module[index], n.module[index + 1]  # type: ignore[index]
            y = x if index == 0 else torch.rand(2, 4, 9, 9)
            truth = norm(conv(y)) - norm(conv(torch.zeros_like(y)))
            found = filters.run(n, Settings(layer=str(index), fold=True))
            assert torch.allclose(nn.functional.conv2d(y, found.weights), truth[:, list(found.channels)], atol=1e-5)
        straight = nn.Sequential(*(p for p in n.module if not isinstance(p, nn.ReLU)))  # type: ignore[attr-defined]
        truth = straight(x) - straight(torch.zeros_like(x))
        found = filters.run(n, Settings(layer="3", fold=True, as_="composition", channel="1,4"))
        assert torch.allclose(nn.functional.conv2d(x, found.weights), truth[:, list(found.channels)], atol=1e-4)


def test_a_net_without_batch_norm_says_that_nothing_was_folded() -> None:
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        plain = filters.run(net(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False)), Settings(fold=True))
    assert any("No batch norm" in note for note in heard)
    assert torch.equal(plain.weights, filters.run(net(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4, track_running_stats=False))).weights)


def test_grouped_filters_say_which_channels_they_read() -> None:
    """Only input channel 5 is heard by filter 7, so the slice that is shown is 5's."""
    n = net(nn.Conv2d(3, 8, 1), nn.Conv2d(8, 12, 3, groups=4))
    with torch.no_grad():
        n.module[1].weight[7] = 0  # type: ignore[index]
        n.module[1].weight[7, 1] = torch.arange(9.0).view(3, 3)  # group 2 of 4 reads channels 4 and 5  # type: ignore[index]
        x = torch.rand(1, 8, 5, 5)
        louder = x.clone()
        louder[:, 5] += 1
        assert (n.module[1](louder) - n.module[1](x))[0, 7].min() > 30  # type: ignore[index]
    found = filters.run(n, Settings(layer="1", slices=1))
    assert found.channels[0] == 7, "the strongest by far"
    assert found.tiles()[0].caption == "7: 5"


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_s_filters_are_what_it_lays_down(groups: int) -> None:
    n = net(nn.Conv2d(3, 6, 3, padding=1), nn.ConvTranspose2d(6, 4, 3, groups=groups))
    found = filters.run(n, Settings(layer="1", count=4))
    layer = n.module[1]  # type: ignore[index]
    for w, first, number in zip(found.weights, found.first, found.channels, strict=True):
        for k in range(6):
            impulse = torch.zeros(1, 6, 1, 1)
            impulse[0, k] = 1
            with torch.no_grad():
                laid = (layer(impulse) - layer(torch.zeros_like(impulse)))[0, number]
            truth = w[k - first] if first <= k < first + len(w) else torch.zeros(3, 3)
            assert torch.allclose(laid, truth, atol=1e-6)


def test_depthwise_and_one_by_one_filters_are_shown() -> None:
    n = net(nn.Conv2d(3, 6, 1), nn.Conv2d(6, 6, 3, groups=6), nn.Conv2d(6, 20, 1))
    deep = filters.run(n, Settings(layer="1"))
    assert {t.caption for t in deep.tiles()[:-1]} == {f"{k}: {k}" for k in range(6)}
    wide = filters.run(n, Settings(layer="2", slices=2))
    assert [len(t.caption.split()) for t in wide.tiles()[:-1]] == [5] * 20, "the number, and four slices of one weight each"
    assert filters.run(n, Settings(layer="0")).colours == "rgb"


@pytest.mark.parametrize(("count", "kind"), [(1, "grey"), (3, "rgb"), (4, "none"), (13, "none")])
def test_first_layers_of_any_number_of_channels(count: int, kind: str) -> None:
    found = filters.run(lens.Net(channels(count), side=32))
    assert found.colours == kind
    tiles = found.tiles()
    assert len(tiles) == 8 + 1
    grey = [bool((t.pixels == t.pixels[..., :1]).all()) for t in tiles[:-1]]
    assert all(grey) == (kind == "grey")
    if kind == "none":
        assert all(len(t.caption.split()) == 1 + min(4, count) for t in tiles[:-1])
    made = filters.run(lens.Net(channels(count), side=32), Settings(as_="composition"))
    assert made.weights.shape == (12, count, 8, 8), "3 px, a pool, 3 units of 2 px"
    assert made.tiles()


def test_slices_come_strongest_first_and_hold_the_weights_on_one_scale() -> None:
    """What is shown is turned back into weights by the colours of the scale's own tile."""
    n = net(nn.Conv2d(3, 9, 1), nn.Conv2d(9, 5, 3))
    found = filters.run(n, Settings(layer="1", slices=3))
    everything = n.module[1].weight.detach()  # type: ignore[index]
    assert found.scale == pytest.approx(float(everything.abs().max()))
    *tiles, scale = found.tiles()
    assert scale.caption == f"±{found.scale:.2g}"
    ramp = scale.pixels[0].astype(int)
    values = np.linspace(-found.scale, found.scale, len(ramp))
    assert {t.pixels.shape for t in tiles} == {scale.pixels.shape}, "tiles of one size"
    for tile, number in zip(tiles, found.channels, strict=True):
        mine = everything[number]
        reads = [int(word) for word in tile.caption.partition(":")[2].split()]
        assert reads == mine.flatten(1).norm(dim=1).argsort(descending=True)[:3].tolist()
        side = tile.pixels.shape[0]
        for at, k in enumerate(reads):
            left = at * (side + filters.GAP)
            cells = tile.pixels[side // 6 :: side // 3, left : left + side][:, side // 6 :: side // 3].astype(int)
            back = values[np.abs(cells[:, :, None] - ramp).sum(-1).argmin(-1)]
            np.testing.assert_allclose(back, mine[k].numpy(), atol=0.06 * found.scale)


def test_a_filter_alone_is_shown_as_it_is_among_all() -> None:
    n = net(nn.Conv2d(3, 9, 3))
    together = {t.caption: t.pixels for t in filters.run(n).tiles()}
    alone = filters.run(n, Settings(channel="4")).tiles()
    assert [t.caption for t in alone] == ["4", alone[-1].caption]
    assert np.array_equal(alone[0].pixels, together["4"])


def test_the_colours_of_signs_read_in_grey_and_to_the_colour_blind() -> None:
    """Machado, Oliveira and Fernandes 2009: what is seen without one kind of cones, in linear light."""
    blind = {
        "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
        "all": np.eye(3).tolist(),
    }
    ramp = pixels.display.signed(torch.linspace(-1, 1, 41)[None])[:, 0].numpy()
    assert np.allclose(ramp[:, 20], 0.5, atol=0.01), "zero is mid-grey"
    for seen in blind.values():
        light = np.clip(np.asarray(seen) @ np.where(ramp <= 0.04045, ramp / 12.92, ((ramp + 0.055) / 1.055) ** 2.4), 0, 1)
        luminance = np.array([0.2126, 0.7152, 0.0722]) @ light
        assert (np.diff(luminance) > 0).all(), "lightness rises all the way"
        assert np.abs(light[:, -1] - light[:, 20]).max() > 0.3
        assert np.abs(light[:, 0] - light[:, 20]).max() > 0.1


class Gate(nn.Module):
    """Maps multiplied by what they say themselves (squeeze and excitation)."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.a, self.gate, self.b = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 1), nn.Conv2d(4, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.a(x).relu()
        return self.b(x * self.gate(x.mean((2, 3), keepdim=True)).sigmoid())  # type: ignore[no-any-return]


class Patches(nn.Module):
    """A patch embedding that is linear on flattened patches."""

    def __init__(self) -> None:
        super().__init__()
        self.embed, self.head = nn.Linear(3 * 64, 10), nn.Linear(10, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = nn.functional.unfold(x, 8, stride=8).transpose(1, 2)
        return self.head(self.embed(x).mean(1))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("module", "s", "said"),
    [
        (Gate(), Settings(layer="b", as_="composition"), "b stays bent .*gate"),
        (ViT(), Settings(layer="blocks.1", as_="composition"), "blocks.1 stays bent .*attention"),
        (Patches(), Settings(layer="embed"), "embed is linear: .*as_=composition"),
        (Patches(), Settings(), "embed is linear: .*as_=composition"),
        (nn.Sequential(nn.Flatten(2), nn.Conv1d(3, 4, 3)), Settings(layer="1"), "1 has no filters .*1 dimensions"),
        (toy(), Settings(layer="1"), "1 has no filters .*convolutions are 0, 3"),
        (nn.Sequential(nn.Sequential(nn.Conv2d(3, 3, 1), nn.ReLU())), Settings(layer="0"), "convolutions are 0.0\\."),
        (nn.Sequential(nn.ReLU()), Settings(), "no convolution"),
        (toy(), Settings(channel="8"), "no number 8"),
    ],
    ids=["gate", "attention", "linear", "linear, not asked", "one dimension", "ReLU", "block", "none at all", "number"],
)
def test_what_cannot_be_shown_is_one_sentence(module: nn.Module, s: Settings, said: str) -> None:
    torch.manual_seed(0)
    with pytest.raises(InputError, match=said) as told:
        filters.run(lens.Net(module.eval(), name="net", side=32), s)
    assert len(told.value.lines()) <= 3


def test_an_unknown_layer_is_told_by_name() -> None:
    with pytest.raises(UnknownName, match="There is no layer"):
        filters.run(lens.Net(toy(), side=32), Settings(layer="conv9"))


def test_a_patch_embedding_is_its_own_composition() -> None:
    """As a convolution it stands as it is, as a linear layer the composition finds its pixels."""
    vit = ViT().eval()
    np.testing.assert_allclose(_filters.readings(lens.Net(vit, side=32), "patch")[0].numpy(), weight(vit.patch), atol=1e-6)
    module = Patches().eval()
    got, _ = _filters.readings(lens.Net(module, side=32), "embed")
    assert got.shape[:2] == (10, 3)
    nonzero = got.abs().sum((0, 1)).nonzero()
    (top, left), (bottom, right) = nonzero.amin(0).tolist(), (nonzero.amax(0) + 1).tolist()
    assert (bottom - top, right - left) == (8, 8)
    assert torch.allclose(got[..., top:bottom, left:right].flatten(1), module.embed.weight.detach(), atol=1e-6)


@pytest.mark.parametrize(
    "name", ["float16", "bfloat16", "double", "data parallel", "compiled", "train mode", "frozen", "normalises inside", "dict"]
)
@pytest.mark.parametrize("as_", ["weights", "composition"])
def test_awkward_nets_are_left_as_they_were(name: str, as_: str) -> None:
    torch.manual_seed(0)
    n = lens.Net(ZOO[name]().train(name == "train mode"), name="net", side=32)
    before = state(n.module)
    m = method("see", "filters")
    board = jobs.Job(m, n, {}, m.fill(None, {"as_": as_, "fold": True})).finish()
    assert board.numpy().std() > 0
    assert state(n.module) == before
    if name in ("float16", "bfloat16") and as_ == "composition":
        exact, _ = _filters.readings(lens.Net(toy().to(getattr(torch, name)).float(), side=32), "3")
        assert (_filters.readings(n, "3")[0] - exact).norm() < 0.05 * exact.norm()


def test_a_normalisation_before_the_net_is_part_of_what_is_read() -> None:
    plain, scaled = (lens.Net(toy(), side=32, std=std) for std in (None, (0.5, 0.25, 0.2)))
    times = torch.tensor([2.0, 4.0, 5.0]).view(3, 1, 1)
    assert torch.allclose(_filters.readings(scaled, "3")[0], _filters.readings(plain, "3")[0] * times, atol=1e-5)
