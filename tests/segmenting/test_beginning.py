"""Encoders that know something already: a card's numbers, any net's layers; and what optimisers get of them."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.toys import state
from zorki import weights
from zorki.core.errors import InputError, UnknownName, WeightsError
from zorki.encoding import ByShape, pretrained, tapped
from zorki.encoding.numbers import filled
from zorki.encoding.tapping import Tapped
from zorki.nets.folding import folded
from zorki.nets.resnet import ResNet
from zorki.nets.segmenter import Segmenter
from zorki.nets.vgg import Vgg
from zorki.segmenting.beginning import begun

needs_lite0 = pytest.mark.skipif(not weights.card("lite0").installed, reason="the extra imagenet is not installed")


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.wings
@torch.inference_mode()
def test_eye_as_an_encoder_gives_the_classifiers_maps() -> None:
    from zorki import lens

    net, x = weights.load("eye"), drawn(1, 3, 64, 48)
    taps = [f"relu{b}_2" for b in range(1, 6)]
    maps = begun(encoder="eye").eval().encoder(x)
    truth = lens.capture(net, x, taps)
    for tap, found in zip(taps, maps, strict=True):
        assert torch.allclose(found, truth[tap], atol=1e-4), tap


@pytest.mark.wings
@needs_lite0
@torch.inference_mode()
def test_lite0_as_an_encoder_gives_the_classifiers_maps_and_sees_grey_as_it_saw_it_in_colours() -> None:
    whole, x = weights.load("lite0").inner, drawn(1, 3, 64, 96)
    y = whole.stem_relu(whole.stem((x * 255 - 127) / 128))  # type: ignore[operator]
    for i in range(16):
        y = getattr(whole, f"block{i}")(y)
    colours = begun().eval().encoder
    assert torch.allclose(colours(x)[-1], y, atol=1e-3)
    grey = begun(channels=1).eval().encoder
    for a, b in zip(grey(x[:, :1]), colours(x[:, :1].expand(-1, 3, -1, -1)), strict=True):
        assert torch.allclose(a, b, atol=1e-3)
    same = begun(channels=6).eval().encoder
    for a, b in zip(same(x[:, :1].expand(-1, 6, -1, -1)), grey(x[:, :1]), strict=True):
        assert torch.allclose(a, b, atol=1e-3)


@pytest.mark.tiny
def test_what_is_not_installed_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.weights import cards

    monkeypatch.setattr(cards, "find_spec", lambda name: None)
    with pytest.raises(WeightsError, match=r"zorki\[imagenet\]"):
        begun()
    with pytest.raises(UnknownName, match="lite0"):
        begun(encoder="lite1")


@pytest.mark.tiny
def test_a_resnets_numbers_fill_its_encoder() -> None:
    whole, made = ResNet(18), Segmenter(encoder="resnet18")
    filled(made.encoder, whole.state_dict(), 3)
    wanted = whole.state_dict()
    assert all(torch.equal(x, wanted[key]) for key, x in made.encoder.state_dict().items())


@pytest.mark.tiny
def test_what_begins_with_numbers_learnt_elsewhere_is_known_by_its_name() -> None:
    assert [pretrained(name) for name in ("mine.py:net", "lite0-slim", "eye", "plain")] == [True, True, True, False]


@pytest.mark.tiny
def test_any_net_is_an_encoder_by_the_last_layer_of_each_size() -> None:
    module = ResNet(18).eval()
    before = state(module)
    found = tapped(module)
    assert (found.taps, found.channels, found.strides) == (
        ("relu", "layer1", "layer2", "layer3", "layer4"),
        (64, 64, 128, 256, 512),
        (2, 4, 8, 16, 32),
    )
    assert not isinstance(found, Tapped), "its layers run one after another"
    after = state(module)
    assert {k: v for k, v in after.items() if k != "random"} == {k: v for k, v in before.items() if k != "random"}
    pooling = tapped(Vgg((8, 16, 32), (1, 1, 1), 3))
    assert (pooling.strides, pooling.pooled) == ((1, 2, 4), (True, True, False))


class Winding(nn.Module):
    """Its forward is more than its layers in turn, writes into what they gave, and ends in a head for one size only."""

    def __init__(self) -> None:
        super().__init__()
        self.second = nn.Conv2d(6, 8, 3, stride=2, padding=1)
        self.first = nn.Conv2d(3, 6, 3, stride=2, padding=1)
        self.head = nn.Linear(8 * 56 * 56, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x * 2)
        x.relu_()
        return self.head(self.second(x + 1).flatten(1))


@pytest.mark.tiny
def test_what_winds_is_listened_to_as_far_as_its_last_map() -> None:
    module = Winding()
    found = tapped(module, ["first", "second"], "mine.py:net")
    assert isinstance(found, Tapped)
    assert (found.name, found.channels, found.strides) == ("mine.py:net", (6, 8), (2, 4))
    x = drawn(2, 3, 20, 36)
    maps = found(x)
    assert torch.allclose(maps[0], module.first(x * 2)), "as the layer gave it, before anything wrote into it"
    assert torch.allclose(maps[1], module.second(module.first(x * 2).relu() + 1), atol=1e-6)
    assert not any(len(m._forward_hooks) for m in module.modules())
    net = begun("unet", module, 3, width=8, layers=["first", "second"])
    net(x).sum().backward()
    assert module.first.weight.grad is not None
    assert module.head.weight.grad is None


@pytest.mark.tiny
def test_layers_that_do_not_halve_or_are_not_there_are_refused() -> None:
    net = Vgg((4, 6, 8), (1, 1, 1), 3)
    for layers in (["relu1_1", "relu3_1"], ["relu2_1", "relu1_1"], ["fc"], ["relu1_1", "fc"]):
        with pytest.raises(InputError, match="do not halve"):
            tapped(net, layers)
    with pytest.raises(UnknownName, match="relu3_1"):
        tapped(net, ["relu33_1"])


@pytest.mark.tiny
def test_a_function_that_fails_is_named_by_the_option_that_named_it(tmp_path: object) -> None:
    with pytest.raises(InputError, match=r"--encoder|encoder"):
        begun(encoder=f"{tmp_path}/none.py:net")


@pytest.mark.tiny
@pytest.mark.parametrize(("net", "encoder"), [("unet", "plain"), ("transpose", "resnet18"), ("pyramid", "lite0")])
@torch.no_grad()
def test_folding_changes_no_answer(net: str, encoder: str) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        made = Segmenter(net, encoder, 3, width=16)
        for m in made.modules():
            if isinstance(m, nn.BatchNorm2d):
                m.running_mean.normal_(), m.running_var.uniform_(0.5, 2), m.weight.uniform_(0.5, 1.5), m.bias.normal_()  # type: ignore[union-attr]
    before = {k: v.clone() for k, v in made.state_dict().items()}
    quick, x = folded(made), drawn(1, 3, 40, 33)
    want = made.eval()(x)
    assert torch.allclose(quick(x), want, atol=1e-5 * float(want.abs().max()) + 1e-5)
    assert not [m for m in quick.modules() if isinstance(m, nn.BatchNorm2d)]
    assert all(torch.equal(v, before[k]) for k, v in made.state_dict().items()), "the net itself is as it was"


@pytest.mark.tiny
def test_layers_of_one_shape_begin_alike_whatever_stands_beside_them() -> None:
    def made(name: str, seed: int = 0) -> Segmenter:
        with torch.random.fork_rng(devices=[]), ByShape(seed):
            return begun(name, "plain", 5, width=16)

    torch.manual_seed(1)
    state = torch.random.get_rng_state()
    nearest, transposed, other = made("nearest"), made("transpose"), made("nearest", seed=1)
    assert torch.equal(torch.random.get_rng_state(), state)
    for key, x in nearest.encoder.state_dict().items():
        assert torch.equal(x, transposed.encoder.state_dict()[key])
    assert torch.equal(nearest.decoder.score.weight, transposed.decoder.score.weight)  # type: ignore[union-attr, arg-type]
    assert not torch.equal(nearest.decoder.score.weight, other.decoder.score.weight)  # type: ignore[union-attr, arg-type]
    convs = [m.weight for m in nearest.encoder.modules() if isinstance(m, nn.Conv2d)]
    assert all(float(w.detach().abs().max()) == pytest.approx(w[0].numel() ** -0.5, rel=0.1) for w in convs), "as torch begins them"
    assert len({tuple(w.detach().flatten()[:4].tolist()) for w in convs}) == len(convs), "no two of a net are alike"
