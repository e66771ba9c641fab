"""The brush against what others compute, and against what it promises of sizes, strengths and mixtures."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from zorki.lens import Net
from zorki.nets import brush
from zorki.nets.brush import Brush, Norm, Twice


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def unlike(net: Brush, seed: int = 1) -> Brush:
    """Every style, and the photo's row, of its own: as after a training."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in net.named_parameters():
            if name.endswith(("gamma", "beta")) or name in ("paint", "ground", "keep"):
                p.add_(torch.randn(p.shape, generator=g) * 0.3)
    return net.eval()


@pytest.fixture(scope="module")
def net() -> Brush:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return unlike(Brush(5, narrow=8, wide=12, fine=4, blocks=1))


def hot(k: int, n: int = 5) -> torch.Tensor:
    return F.one_hot(torch.tensor(k), n).float()


@pytest.mark.tiny
@torch.inference_mode()
def test_strength_0_is_the_photo_to_the_bit(net: Brush) -> None:
    x = drawn(2, 3, 37, 51)
    assert torch.equal(net(x, hot(1), 0.0), x)
    assert torch.equal(net(x, hot(1), torch.tensor([0.0, 1.0]))[0], x[0])
    assert not torch.equal(net(x, hot(1), 0.01), x)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(net(x, hot(1), 0.0), x)


@pytest.mark.tiny
@torch.inference_mode()
def test_a_mixture_of_one_is_that_style(net: Brush) -> None:
    x = drawn(2, 3, 24, 32)
    both = net(x, torch.stack([hot(2), hot(4)]))
    assert torch.allclose(both[:1], net(x[:1], hot(2)), atol=1e-5)
    assert torch.allclose(both[1:], net(x[1:], hot(4)), atol=1e-5)
    assert torch.equal(net(x, 3 * hot(2)), net(x, hot(2)))  # weights of any sum
    alone = unlike(Brush(1, narrow=8, wide=12, fine=4, blocks=1))
    state = net.state_dict()
    alone.load_state_dict({k: picked(k, v, 2) for k, v in state.items()})
    assert torch.allclose(alone(x, torch.ones(1)), net(x, hot(2)), atol=1e-6)


def picked(name: str, value: torch.Tensor, style: int) -> torch.Tensor:
    """Of a net's numbers those of one style."""
    if name in ("paint", "ground", "keep"):
        return value[style : style + 1]
    return value[[0, 1 + style]] if name.endswith(("gamma", "beta")) else value


@pytest.mark.tiny
@torch.inference_mode()
def test_without_weights_all_styles_count_alike_so_that_its_layers_can_be_listed(net: Brush) -> None:
    x = drawn(2, 3, 24, 32)
    assert torch.equal(net(x), net(x, torch.full((5,), 2.0)))
    listed = Net(net, side=32).names()
    assert listed[0] == "stem.conv"
    assert listed[-1] == "to_half.norm"


@pytest.mark.tiny
@torch.inference_mode()
def test_a_mixture_lies_between(net: Brush) -> None:
    x = drawn(1, 3, 24, 32)
    a, b, half = net(x, hot(0)), net(x, hot(3)), net(x, hot(0) + hot(3))
    near, far = net(x, 0.999 * hot(0) + 0.001 * hot(3)), net(x, 0.7 * hot(0) + 0.3 * hot(3))
    assert (near - a).abs().mean() < (far - a).abs().mean() < (half - a).abs().mean() < (b - a).abs().mean()


@pytest.mark.tiny
@pytest.mark.parametrize("training", [False, True])
def test_norm_is_instance_norm(training: bool) -> None:
    norm, x = Norm(3, 6).train(training), drawn(1, 6, 7, 9) * 5 - 1
    rows = F.one_hot(torch.tensor([2]), 4).float()
    assert torch.allclose(norm(x, rows), F.instance_norm(x), atol=1e-5)
    with torch.no_grad():
        norm.gamma[2], norm.beta[2] = drawn(6, seed=2), drawn(6, seed=3)
    want = F.instance_norm(x, weight=norm.gamma[2].detach(), bias=norm.beta[2].detach())
    assert torch.allclose(norm(x, rows), want, atol=1e-5)


@pytest.mark.tiny
def test_statistics_are_biased_and_may_come_from_outside() -> None:
    norm, x = Norm(1, 4).eval(), drawn(2, 4, 6, 10)
    mean, variance = brush.moments(x)
    assert torch.allclose(mean, x.mean((2, 3)))
    assert torch.allclose(variance, x.var((2, 3), correction=0))
    rows = torch.tensor([[0.0, 1.0]]).expand(2, -1)
    assert torch.allclose(norm(x[..., :3], rows, (mean, variance)), norm(x, rows)[..., :3], atol=1e-6)


@pytest.mark.unit
@torch.inference_mode()
def test_a_part_with_the_whole_picture_s_statistics_is_a_part_of_the_whole(net: Brush) -> None:
    x = drawn(1, 3, 64, 320)
    whole, known = net(x, hot(3), 0.8), net.measured(x, hot(3), 0.8)
    assert torch.allclose(net(x, hot(3), 0.8, known), whole, atol=1e-5)
    halo = 96  # more than the net sees to either side
    part = net(x[..., :160], hot(3), 0.8, known)
    assert torch.allclose(part[..., : 160 - halo], whole[..., : 160 - halo], atol=1e-5)
    assert not torch.allclose(net(x[..., :160], hot(3), 0.8)[..., : 160 - halo], whole[..., : 160 - halo], atol=1e-3)


@pytest.mark.unit
@torch.inference_mode()
def test_every_size_is_kept(net: Brush) -> None:
    for h in range(1, 41):
        for w in range(1, 41):
            assert net(drawn(1, 3, h, w), hot(0)).shape == (1, 3, h, w)


@pytest.mark.unit
@torch.inference_mode()
def test_what_is_painted_is_finite_and_within_range(net: Brush) -> None:
    for x in (torch.zeros(1, 3, 33, 20), torch.ones(1, 3, 33, 20), drawn(1, 3, 1, 1), drawn(1, 3, 512, 3)):
        out = net(x, hot(1))
        assert out.isfinite().all()
        assert 0 <= out.min() <= out.max() <= 1


@pytest.mark.tiny
def test_doubling_is_repetition_and_a_convolution() -> None:
    twice, x = Twice(1, 5, 3, normed=False), drawn(2, 5, 6, 7)
    with torch.no_grad():
        twice.weight.copy_(drawn(*twice.weight.shape, seed=4) - 0.5)
    want = F.conv2d(F.pad(F.interpolate(x, scale_factor=2), (2, 2, 2, 2), mode="replicate"), twice.weight)
    assert torch.allclose(twice.maps(x), want, atol=1e-5)


@pytest.mark.tiny
def test_doubling_begins_as_linear_interpolation() -> None:
    twice, x = Twice(1, 4, 2, normed=False), drawn(1, 4, 6, 7)
    smooth = F.interpolate(x, scale_factor=2, mode="bilinear")
    # the 3x3 convolution after it, found again by least squares, explains all of it
    columns = F.unfold(F.pad(smooth, (1, 1, 1, 1), mode="replicate"), 3)[0].T.double()
    target = twice.maps(x).flatten(2)[0].T.double()
    fit = torch.linalg.lstsq(columns, target, driver="gelsd").solution
    assert torch.allclose(columns @ fit, target, atol=1e-4)


@pytest.mark.tiny
def test_doubling_what_is_flat_is_flat() -> None:
    """No grid, whatever the weights are, and no rim."""
    twice = Twice(1, 4, 2, normed=False)
    with torch.no_grad():
        twice.weight.copy_(drawn(*twice.weight.shape, seed=5) - 0.5)
        out = twice.maps(drawn(1, 4, 1, 1).expand(1, 4, 6, 7))
    assert torch.allclose(out, out[..., :1, :1].expand_as(out), atol=1e-6)


@pytest.mark.tiny
def test_few_multiplications_and_a_small_file() -> None:
    shipped = Brush(32).eval()
    with torch.inference_mode(), FlopCounterMode(display=False) as count:
        shipped(drawn(1, 3, 512, 512), hot(0, 32))
    assert count.get_total_flops() / 2 <= 4e9
    assert 2 * sum(v.numel() for v in shipped.state_dict().values()) < 2_000_000


@pytest.mark.tiny
def test_each_style_learns_by_itself(net: Brush) -> None:
    copy = unlike(Brush(3, narrow=8, wide=12, fine=4, blocks=1))
    copy(drawn(2, 3, 16, 16), torch.stack([hot(0, 3), hot(2, 3)])).square().mean().backward()
    for name, p in copy.named_parameters():
        if name.endswith("gamma"):
            assert p.grad is not None
            assert p.grad[2].abs().max() == p.grad[0].abs().max() == 0
            assert p.grad[1].abs().max() > 0
            assert p.grad[3].abs().max() > 0


@pytest.mark.unit
def test_what_is_exported_takes_every_size(net: Brush) -> None:
    whole = torch.export.Dim.DYNAMIC
    made = torch.export.export(net, (drawn(1, 3, 61, 83), hot(1), torch.tensor(0.5)), dynamic_shapes=({2: whole, 3: whole}, None, None))
    for hw in ((64, 80), (333, 517), (48, 61)):
        x = drawn(1, 3, *hw)
        for k, strength in ((0, 1.0), (3, 0.3)):
            assert torch.allclose(made.module()(x, hot(k), torch.tensor(strength)), net(x, hot(k), strength), atol=1e-4)
