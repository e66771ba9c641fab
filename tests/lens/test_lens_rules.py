"""Backward rules by hand, against conv_transpose2d, and redirection in all its cases."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from zorki import lens
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit

X = torch.tensor([[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0, 6.0, 7.0]])
R = torch.tensor([[1.0, -1.0, 1.0, 1.0, -1.0, 0.0, 1.0, -1.0]])


class Calls(nn.Module):
    def __init__(self, how: Any) -> None:
        super().__init__()
        self.how = how

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x * 1  # not a leaf, so that it may be written into
        out = self.how(y)
        return y if out is None else out


RELUS = {
    "module": nn.ReLU(), "module in place": nn.ReLU(True), "F.relu": F.relu, "F.relu in place": lambda x: F.relu(x, inplace=True),
    "torch.relu": torch.relu, "x.relu": lambda x: x.relu(), "x.relu_": lambda x: x.relu_(), "torch.relu_": torch.relu_,
    "result not used": lambda x: (x.relu_(), None)[1], "through a view": lambda x: x.view(2, 4).relu_().view(1, 8),
    "keyword": lambda x: F.relu(input=x),
}  # fmt: skip


def back(net: nn.Module, rule: Any, x: torch.Tensor, r: torch.Tensor) -> torch.Tensor:
    x = x.clone().requires_grad_()
    with lens.backward_rule(net, rule):
        y = net(x)
    assert torch.equal(y, net(x.detach()))
    (g,) = torch.autograd.grad(y, x, r)
    return g


@pytest.mark.parametrize("how", RELUS)
def test_rules_in_all_sign_cases(how: str) -> None:
    net = Calls(RELUS[how])
    assert torch.equal(back(net, "gradient", X, R), R * (X > 0))
    assert torch.equal(back(net, "deconvnet", X, R), R * (R > 0))
    assert torch.equal(back(net, "guided", X, R), R * (R > 0) * (X > 0))
    assert torch.equal(back(net, "redirect", X, R), R * (X > 0))


@pytest.mark.parametrize("how", [nn.ReLU6(), nn.ReLU6(True), F.relu6, lambda x: F.hardtanh(x, 0.0, 6.0), lambda x: F.relu6(x, True)])
def test_relu6(how: Any) -> None:
    net, on = Calls(how), (X > 0) & (X < 6)
    assert torch.equal(back(net, "gradient", X, R), R * on)
    assert torch.equal(back(net, "guided", X, R), R * (R > 0) * on)
    dead = torch.tensor([[-1.0, -1.0, 7.0, 7.0, 0.0, 6.0]])
    r = torch.tensor([[1.0, -1.0, 1.0, -1.0, 1.0, -1.0]])
    assert back(net, "redirect", dead, r).tolist() == [[0.0, -1.0, 1.0, 0.0, 1.0, -1.0]]


@pytest.mark.parametrize("how", RELUS)
def test_redirection_is_for_each_picture_of_the_batch(how: str) -> None:
    if how == "through a view":
        return
    x = torch.stack([X[0], -X[0].abs() - 1])
    r = torch.stack([R[0], R[0]])
    g = back(Calls(RELUS[how]), "redirect", x, r)
    assert torch.equal(g[0], R[0] * (X[0] > 0))  # the live one has its gradient
    assert torch.equal(g[1], R[0].clamp(max=0))  # the dead one: all but what pushes lower


def test_a_dead_unit_comes_alive_only_with_redirection() -> None:
    net = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    net[0].weight.data.fill_(1)
    net[0].bias.data.fill_(-1)
    x = torch.full((1, 1, 2, 2), 0.5, requires_grad=True)
    for rule, alive in (("redirect", True), ("gradient", False)):
        with lens.backward_rule(net, rule):  # type: ignore[arg-type]
            loss = -lens.capture(net, x, "1")["1"].sum()
        (g,) = torch.autograd.grad(loss, x)
        assert bool((g < 0).all()) == alive


def test_deconvnet_of_conv_relu_pool() -> None:
    torch.manual_seed(0)
    conv, pool = nn.Conv2d(2, 3, 3, bias=True), nn.MaxPool2d(2)
    net, x = nn.Sequential(conv, nn.ReLU(inplace=True), pool), torch.randn(1, 2, 8, 8, requires_grad=True)
    keep = torch.randn(1, 3, 3, 3)
    with lens.backward_rule(net, "deconvnet"):
        (found,) = torch.autograd.grad(net(x), x, keep)
    _, switches = F.max_pool2d(conv(x).relu(), 2, return_indices=True)
    truth = F.conv_transpose2d(F.max_unpool2d(keep, switches, 2, output_size=(6, 6)).relu(), conv.weight)
    assert torch.allclose(found, truth, atol=1e-6)


@pytest.mark.parametrize("rule", ["deconvnet", "guided", "redirect"])
def test_without_a_relu_all_are_the_gradient(rule: Any) -> None:
    net, x = nn.Sequential(nn.Conv2d(2, 3, 3), nn.AvgPool2d(2)), torch.randn(1, 2, 8, 8)
    r = torch.randn(1, 3, 3, 3)
    assert torch.equal(back(net, rule, x, r), back(net, "gradient", x, r))


@pytest.mark.parametrize("part", [nn.SiLU(), nn.GELU(), nn.LeakyReLU(), nn.PReLU(), nn.Hardswish(), nn.Hardtanh(), nn.Tanh()])
def test_others_are_named(part: nn.Module) -> None:
    name = type(part).__name__
    net = nn.Sequential(nn.Conv2d(1, 1, 1), part)
    for rule in ("deconvnet", "guided"):
        with pytest.raises(InputError, match=name), lens.backward_rule(net, rule):  # type: ignore[arg-type]
            pass
    back(net, "redirect", torch.randn(1, 1, 3, 3), torch.ones(1, 1, 3, 3))
    assert "forward" not in net.__dict__


def test_functional_others_are_named_and_all_is_restored() -> None:
    net = Calls(F.silu)
    with lens.backward_rule(net, "guided"), pytest.raises(InputError, match="SiLU"):
        net(torch.rand(1, 3))
    assert "forward" not in net.__dict__
    with pytest.raises(KeyboardInterrupt), lens.backward_rule(net, "redirect"):
        raise KeyboardInterrupt
    assert "forward" not in net.__dict__
    with pytest.raises(InputError, match="one of"), lens.backward_rule(net, "nonsense"):  # type: ignore[arg-type]
        pass


def test_only_the_nets_own_forward_has_the_rule() -> None:
    net, x = Calls(F.relu), X.clone().requires_grad_()
    own = net.forward
    net.forward = own  # type: ignore[method-assign]
    with lens.backward_rule(net, "deconvnet"):
        (g,) = torch.autograd.grad(F.relu(x), x, R)
    assert torch.equal(g, R * (X > 0))
    assert net.__dict__["forward"] is own  # a user's own patch stays
    wrapped = nn.DataParallel(Calls(F.relu))
    with lens.backward_rule(wrapped, "deconvnet"):
        y = wrapped(x)
        (g,) = torch.autograd.grad(y, x, R.to(y.device))
    assert torch.equal(g, R * (R > 0))


def test_rules_nest_and_keep_float_types() -> None:
    net, x = Calls(F.relu), X.half().requires_grad_()
    with lens.backward_rule(net, "guided"), lens.backward_rule(net, "deconvnet"):
        y = net(x)
    (g,) = torch.autograd.grad(y, x, R.half())
    assert g.dtype == torch.float16
    assert torch.equal(g, (R * (R > 0)).half())
    with lens.backward_rule(net, "guided"), torch.autocast("cpu", torch.bfloat16):
        net(x)
