"""A convolution and its ReLU in one pass: the same numbers, the same gradient, and out of the way when anybody looks."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.toys import toy
from zorki import lens
from zorki.nets import fused
from zorki.nets.soften import soften
from zorki.nets.vgg import Vgg

pytestmark = pytest.mark.tiny
X = torch.rand(2, 3, 21, 18, generator=torch.Generator().manual_seed(0))


def pair(**more: object) -> tuple[nn.Conv2d, nn.ReLU]:
    torch.manual_seed(1)
    return nn.Conv2d(3, 8, 3, **more).requires_grad_(False), nn.ReLU()  # type: ignore[arg-type]


def both(conv: nn.Conv2d, relu: nn.Module, dtype: torch.dtype) -> list[tuple[torch.Tensor, torch.Tensor]]:
    found = []
    for run in (fused.conv_relu, lambda c, r, x: r(c(x))):
        x = X.clone().requires_grad_(True)
        with torch.autocast("cpu", dtype, enabled=dtype != torch.float32):
            y = run(conv, relu, x)
        g = torch.linspace(-1, 1, y.numel()).view(y.shape).to(y.dtype)
        found.append((y.detach(), torch.autograd.grad(y, x, g)[0]))
    return found


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("more", [{"padding": 1}, {"stride": 2}, {"padding": 2, "dilation": 2}, {"bias": False}, {"padding": 1, "padding_mode": "replicate"}], ids=str)  # fmt: skip
def test_the_same_numbers_and_the_same_gradient(more: dict[str, object], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch) -> None:
    used = []
    apply = fused.ConvRelu.apply
    monkeypatch.setattr(fused.ConvRelu, "apply", lambda *a: used.append(1) or apply(*a))
    (y, g), (truth, slope) = both(*pair(**more), dtype)
    assert bool(used) == (fused.POSSIBLE and fused.computed(dtype))
    assert y.dtype == truth.dtype
    exact = {"rtol": 1e-5, "atol": 1e-6} if dtype == torch.float32 else {"rtol": 2e-2, "atol": 2e-2}
    assert torch.allclose(y, truth, **exact)
    assert torch.allclose(g, slope, **exact)
    assert float((y == 0).float().mean()) > 0.1, "the ReLU did cut"


def test_hooks_rules_and_training_are_not_passed_by() -> None:
    """Whoever looks at a convolution sees it before the ReLU; other backward rules hold; weights that learn get their gradient."""
    net = Vgg((4, 6), (2, 1), 3)
    seen = lens.capture(net, X, ["conv1_1", "relu1_1", "conv1_2"])
    assert float(seen["conv1_1"].min()) < 0
    assert torch.equal(seen["relu1_1"], seen["conv1_1"].relu())
    x = X.clone().requires_grad_(True)
    with lens.backward_rule(net, "guided"):
        guided = torch.autograd.grad(net(x)[:, 0].sum(), x)[0]
    plain = torch.autograd.grad(net(x)[:, 0].sum(), x)[0]
    assert not torch.allclose(guided, plain)
    net(X).sum().backward()
    assert all(p.grad is not None for p in net.parameters())


@pytest.mark.parametrize("hw", [(21, 18), (2, 2), (2, 9)])
def test_repeated_borders_are_torchs_own_with_their_gradient(hw: tuple[int, int]) -> None:
    x = torch.randn(2, 5, *hw, dtype=torch.float64).contiguous(memory_format=torch.channels_last).requires_grad_(True)
    made, truth = fused.Repeated.apply(x), nn.functional.pad(x, (1, 1, 1, 1), "replicate")  # type: ignore[no-untyped-call]
    assert torch.equal(made, truth)
    g = torch.randn_like(truth)
    (a,), (b,) = torch.autograd.grad(made, x, g), torch.autograd.grad(truth, x, g)
    assert torch.allclose(a, b, atol=1e-12)


def test_who_reads_outputs_is_told_without_coming_apart_and_all_others_see_both(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[int] = []
    apply = fused.ConvRelu.apply
    monkeypatch.setattr(fused.ConvRelu, "apply", lambda *a: used.append(1) or apply(*a))
    conv, relu = pair(padding=1)
    truth, told = relu(conv(X)), []

    def reads(_module: object, _given: object, output: torch.Tensor) -> torch.Tensor:
        told.append(output)
        return output + 1

    reads.reads_output = True  # type: ignore[attr-defined]
    handle = relu.register_forward_hook(reads)
    found = fused.conv_relu(conv, relu, X)
    assert torch.allclose(told[0], truth, atol=1e-6)
    assert torch.equal(found, told[0] + 1), "what a hook gives back goes on"
    assert bool(used) == fused.POSSIBLE
    used.clear()
    del reads.reads_output  # type: ignore[attr-defined]
    assert torch.equal(fused.conv_relu(conv, relu, X), truth + 1)
    assert not used, "a plain hook may want to see what comes in"
    handle.remove()


def test_a_whole_net_is_what_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    net = Vgg((4, 6, 8), (2, 2, 1), 3).requires_grad_(False)
    for m in (net, soften(net)):
        quick = m(X)
        with monkeypatch.context() as patch:
            patch.setattr(fused, "POSSIBLE", False)
            assert torch.allclose(quick, m(X), atol=1e-6)
    assert torch.equal(fused.in_turn(list(toy()[:5]), X), toy()[:5](X))
