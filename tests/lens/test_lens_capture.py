"""capture: the right maps, the way back, and nothing left behind."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from lens_nets import ResNet
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from zorki import lens
from zorki.core.errors import InputError, UnknownName
from zorki.nets.vgg import Vgg

pytestmark = pytest.mark.unit


def toy() -> nn.Sequential:
    net = nn.Sequential()
    for name, layer in {
        "layer": nn.Conv2d(3, 4, 3, padding=1), "relu": nn.ReLU(inplace=True), "pool": nn.MaxPool2d(2), "deep": nn.Conv2d(4, 5, 3),
        "mean": nn.AdaptiveAvgPool2d(1), "flat": nn.Flatten(), "fc": nn.Linear(5, 6),
    }.items():  # fmt: skip
        net.add_module(name, layer)
    return net


def state(module: nn.Module) -> dict[str, Any]:
    """All that a look must leave as it was."""
    return {
        "hooks": [(len(m._forward_hooks), len(m._forward_pre_hooks), len(m._backward_hooks)) for m in module.modules()],
        "modes": [m.training for m in module.modules()],
        "inplace": [getattr(m, "inplace", None) for m in module.modules()],
        "ids": [id(m) for m in module.modules()],
        "own": [sorted(m.__dict__) for m in module.modules()],
        "flags": [p.requires_grad for p in module.parameters()],
        "grads": [None if p.grad is None else p.grad.clone() for p in module.parameters()],
        "weights": {k: v.clone() for k, v in module.state_dict().items()},
        "rng": torch.get_rng_state().clone(),
        "cudnn": (torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark),
        "grad mode": (torch.is_grad_enabled(), torch.is_autocast_enabled("cpu")),
    }


def same(a: Any, b: Any) -> bool:
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return len(a) == len(b) and all(map(same, a, b)) if isinstance(a, list) else bool(a == b)


def count_calls(module: nn.Module) -> list[int]:
    calls = [0]
    module.register_forward_pre_hook(lambda *_: calls.__setitem__(0, calls[0] + 1))
    return calls


def test_stops_at_the_deepest_layer() -> None:
    net = toy()
    lens.Net(net).layers()
    before, after = count_calls(net.deep), count_calls(net.mean)
    lens.capture(net, torch.rand(1, 3, 16, 16), ["deep", "layer"])
    assert (before, after) == ([1], [0])
    lens.capture(net, torch.rand(1, 3, 16, 16), "relu")
    assert (before, after) == ([1], [0])


def test_in_place_relu_does_not_overwrite_and_costs_one_copy() -> None:
    net, x = toy(), torch.rand(2, 3, 16, 16)
    truth = net.layer(x).detach()
    assert bool((truth < 0).any())
    for _ in range(2):
        found = lens.capture(net, x, ["layer", "relu", "deep"])
        assert torch.equal(found["layer"], truth)
        assert torch.equal(found["relu"], truth.relu())
        assert torch.equal(found["deep"], net.deep(net.pool(truth.relu())))

    class Copies(TorchDispatchMode):
        made = 0

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            self.made += func is torch.ops.aten.clone.default and args[0].shape[1] > 3
            return func(*args, **(kwargs or {}))

    def copies(layers: list[str]) -> int:
        with Copies() as mode:
            lens.capture(net, x, layers)
        return mode.made

    assert copies(["layer", "relu", "deep"]) == 1  # only what the ReLU would overwrite
    assert copies(["relu", "deep"]) == 0
    assert copies(["layer"]) == 0  # nothing runs after it


def test_what_was_captured_lies_on_the_way() -> None:
    """Gradients of the output to an activation (Grad-CAM's) pass the copy too."""
    net, x = toy().eval(), torch.rand(2, 3, 16, 16, requires_grad=True)
    found = lens.capture(net, x, ["layer", "deep", lens.OUTPUT])
    assert torch.equal(found[lens.OUTPUT], net(x))
    (a,) = torch.autograd.grad(found[lens.OUTPUT][:, 2].sum(), found["layer"], retain_graph=True)
    z = net.layer(x).detach().requires_grad_()
    net.fc(net.flat(net.mean(net.deep(net.pool(z.relu())))))[:, 2].sum().backward()
    assert z.grad is not None
    assert torch.allclose(a, z.grad)


def test_gradient_reaches_the_picture_under_no_grad_and_in_frozen_nets() -> None:
    net, x = toy(), torch.rand(1, 3, 16, 16, requires_grad=True)
    for p in net.parameters():
        p.requires_grad = False
    (truth,) = torch.autograd.grad(net.layer(x).relu().sum(), x)
    with torch.no_grad():
        a = lens.capture(net, x, "relu")["relu"]
        assert not torch.is_grad_enabled()
    (found,) = torch.autograd.grad(a.sum(), x)
    assert torch.equal(found, truth)
    assert not lens.capture(net, x, "relu", grad=False)["relu"].requires_grad
    assert not lens.capture(net, x.detach(), "relu")["relu"].requires_grad
    with torch.inference_mode():
        assert torch.equal(lens.capture(net, x.detach(), ["layer", "deep"])["layer"], net.layer(x.detach()))
        assert lens.capture(net, x, ["layer", "deep"])["deep"].requires_grad


def test_autocast() -> None:
    net, x = toy(), torch.rand(1, 3, 16, 16, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        a = lens.capture(net, x, ["layer", "deep"])
    assert a["deep"].dtype == torch.bfloat16
    (g,) = torch.autograd.grad(a["deep"].float().sum(), x)
    assert g.dtype == torch.float32
    assert bool(g.any())


@pytest.mark.parametrize("asked", ["layer", "module.layer"])
def test_wrapped_nets(asked: str) -> None:
    """S01, S19."""
    net, x = toy(), torch.randn(2, 3, 64, 64)
    truth = lens.capture(net, x, "layer")["layer"]
    compiled = torch.compile(copy.deepcopy(net), backend="eager")
    compiled(x)
    compilations = []

    def backend(graph: torch.fx.GraphModule, _: Any) -> Callable[..., Any]:
        compilations.append(graph)
        return graph.forward

    part = nn.Sequential(torch.compile(nn.Sequential(net.layer), backend=backend), net.relu)
    part(x)
    for wrapper in (nn.DataParallel(net), compiled, nn.DataParallel(nn.DataParallel(net))):
        found = lens.capture(wrapper, x, asked)[asked]
        assert found.shape[0] == 2
        assert torch.allclose(found.cpu(), truth, atol=1e-5)
    net.cpu()  # DataParallel has moved it, where there is a GPU
    assert torch.equal(lens.capture(part, x, ["0.0", "1"])["0.0"], truth)
    assert len(compilations) == 1  # by the plain call: a look compiles nothing
    in_place = copy.deepcopy(net)
    in_place.deep.compile(backend="eager")
    in_place(x)
    assert "deep" in lens.capture(in_place, x, ["deep"])


class Views(nn.Module):
    """S03: one argument, a list of pictures."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.relu, self.fc = nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(inplace=True), nn.Linear(12, 2)

    def forward(self, xs: list[torch.Tensor]) -> torch.Tensor:
        return self.fc(torch.cat([self.relu(self.conv(x)).mean((2, 3)) for x in xs], 1))


def test_layers_that_run_several_times() -> None:
    net, xs = lens.Net(Views()), [torch.rand(1, 3, 8, 8) for _ in range(3)]
    found = lens.capture(net, xs, "conv")
    assert list(found) == ["conv:0", "conv:1", "conv:2"]
    for k, x in enumerate(xs):
        assert torch.equal(found[f"conv:{k}"], net.inner.conv(x))
    calls = count_calls(net.inner.conv)
    assert torch.equal(lens.capture(net, xs, "conv:1")["conv:1"], found["conv:1"])
    assert calls == [2]

    block = lens.Net(ResNet((1, 1, 1, 1), 1), side=32)
    assert [name for name in block.names() if "layer1.0.relu" in name] == ["layer1.0.relu:0", "layer1.0.relu:1"]
    assert block.layer("layer1.0.relu").calls == 2
    assert block.pick_layer("layer1.0.relu") == block.layer("layer1.0.relu").name == "layer1.0.relu:1"
    assert list(lens.capture(block, torch.rand(1, 3, 32, 32), "layer1.0.relu")) == ["layer1.0.relu:0", "layer1.0.relu:1"]


@settings(max_examples=8, deadline=None)
@given(st.sets(st.sampled_from(lens.Net(ResNet((1, 1, 1, 1), 1), side=32).names()), min_size=1, max_size=6), st.integers(0, 9))
def test_any_layers_of_a_residual_net_are_as_a_plain_pass_makes_them(asked: set[str], seed: int) -> None:
    """In-place ReLUs, in-place additions, reused modules: each map as a net without any in-place operation gives it."""
    torch.manual_seed(seed)
    net = ResNet((1, 1, 1, 1), 1, classes=7).eval()
    x = torch.rand(2, 3, 32, 32)
    plain = copy.deepcopy(net)
    truth: dict[str, list[torch.Tensor]] = {}
    for name, part in plain.named_modules():
        if isinstance(part, nn.ReLU):
            part.inplace = False
        part.register_forward_hook(lambda m, i, o, name=name: truth.setdefault(name, []).append(o.clone()))
    plain(x)
    for name, found in lens.capture(net, x, sorted(asked)).items():
        base, _, k = name.partition(":")
        assert torch.allclose(found, truth[base][int(k or 0)], rtol=1e-5, atol=1e-6), name


def raising(error: BaseException) -> Callable[..., None]:
    def hook(*_: Any) -> None:
        raise error

    return hook


@pytest.mark.parametrize("error", [RuntimeError("its own words"), KeyboardInterrupt()])
@pytest.mark.parametrize("look", [lambda n, x: lens.capture(n, x, ["layer", "deep"]), lambda n, x: lens.Net(n).logits(x)])
def test_all_comes_back_after_an_error(error: BaseException, look: Callable[[nn.Module, torch.Tensor], Any]) -> None:
    net, x = toy().train(), torch.rand(1, 3, 16, 16, requires_grad=True)
    net.relu.eval()
    net.layer.weight.requires_grad_(False)
    net(x).sum().backward()
    lens.Net(net).layers()
    handle = net.deep.register_forward_pre_hook(raising(error))
    before = state(net)
    with pytest.raises(InputError if isinstance(error, Exception) else KeyboardInterrupt, match=str(error) or None):
        look(net, x)
    assert same(before, state(net))
    handle.remove()
    look(net, x)


def test_all_comes_back() -> None:
    net = ResNet((1, 1, 1, 1), 1, classes=5).train()
    net.layer1.eval()
    x = torch.rand(2, 3, 32, 32, requires_grad=True)
    before = state(net)
    looked = lens.Net(net, side=32)
    str(looked.layers())
    with looked.quiet(), looked.quiet():
        lens.capture(looked, x, ["layer2", "fc"])["fc"].sum().backward()
    looked.logits(x).sum().backward()
    for rule in ("gradient", "deconvnet", "guided", "redirect"):
        with lens.backward_rule(net, rule), net_quiet(net):
            lens.capture(net, x, "layer4")["layer4"].sum().backward()
    assert same(before, state(net))


def net_quiet(net: nn.Module) -> Any:
    return lens.quiet(net)


def test_random_numbers_are_not_spent() -> None:
    class Noisy(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return F.dropout(x.mean((2, 3)), 0.5, True)

    net = nn.Sequential(nn.Conv2d(3, 4, 3), Noisy())
    before = torch.get_rng_state()
    lens.Net(net).layers()
    lens.Net(net).logits(torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(before, torch.get_rng_state())


def test_one_layer_or_a_list() -> None:
    """S25."""
    net, x = toy(), torch.rand(1, 3, 16, 16)
    assert torch.equal(lens.capture(net, x, "deep")["deep"], lens.capture(net, x, ["deep"])["deep"])
    for wrong in (net.deep, 3, None, [net.deep], []):
        with pytest.raises(InputError):
            lens.capture(net, x, wrong)  # type: ignore[arg-type]
    with pytest.raises(UnknownName, match="deep"):
        lens.capture(net, x, "dep")


def test_no_float64_is_born() -> None:
    """S07."""

    class NoDoubles(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            out = func(*args, **(kwargs or {}))
            assert not any(isinstance(o, torch.Tensor) and o.dtype == torch.float64 for o in (out if isinstance(out, tuple) else (out,)))
            return out

    net, x = lens.Net(toy(), mean=(0.5, 0.5, 0.5), std=(0.2, 0.2, 0.2)), torch.rand(1, 3, 16, 16, requires_grad=True)
    with NoDoubles():
        net.layers()
        net.logits(x).sum().backward()
        for rule in ("deconvnet", "guided", "redirect"):
            with lens.backward_rule(net, rule):
                lens.maps(lens.capture(net, x, "deep")["deep"], (16, 16)).sum().backward()


def test_twice_is_the_same_and_nothing_is_kept_alive() -> None:
    net, x = toy(), torch.rand(1, 3, 16, 16)
    first, second = (lens.capture(net, x, ["layer", "deep"]) for _ in range(2))
    assert all(torch.equal(first[k], second[k]) for k in first)
    gc.collect()
    alive = weakref.ref(net)
    del net, first, second
    gc.collect()
    assert alive() is None


def test_a_net_that_writes_into_its_input() -> None:
    class Writes(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 2, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.conv(x.sub_(0.5)).mean((2, 3))

    net, x = Writes(), torch.rand(1, 3, 8, 8, requires_grad=True)
    before = x.detach().clone()
    assert torch.equal(lens.capture(net, x, "conv")["conv"], net.conv(before - 0.5))
    lens.Net(net).logits(x).sum().backward()
    assert torch.equal(x, before)
    assert x.grad is not None


def test_a_net_changed_after_the_first_look_is_looked_at_anew() -> None:
    net, x = toy(), torch.rand(1, 3, 16, 16)
    looked = lens.Net(net, side=16)
    looked.layers()
    net.deep = nn.Sequential(nn.Conv2d(4, 5, 1))
    assert looked.layer("deep.0").shape == (5, 8, 8)
    assert lens.capture(looked, x, "deep.0")["deep.0"].shape == (1, 5, 8, 8)


def test_recurrent_nets() -> None:
    """S17, on whatever device there is."""

    class Recurrent(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.lstm = nn.Conv2d(3, 4, 3, 2), nn.LSTM(4, 8, batch_first=True)
            self.drop, self.fc = nn.Dropout(0.5), nn.Linear(8, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.fc(self.drop(self.lstm(self.conv(x).flatten(2).transpose(1, 2))[0][:, -1]))

    torch.manual_seed(0)
    net, x = Recurrent().eval(), torch.rand(2, 3, 12, 12)

    def look(device: str) -> tuple[torch.Tensor, torch.Tensor]:
        there = x.detach().to(device).requires_grad_()
        y = lens.capture(net.to(device), there, ["lstm", lens.OUTPUT])
        assert y["lstm"].shape == (2, 25, 8)
        return y[lens.OUTPUT].detach().cpu(), torch.autograd.grad(y[lens.OUTPUT].sum(), there)[0].cpu()

    first = look("cpu")
    for device in ("cpu", "cuda") if torch.cuda.is_available() else ("cpu",):
        enabled = torch.backends.cudnn.enabled
        for found in (look(device), look(device)):
            assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(first, found, strict=True))
        assert torch.backends.cudnn.enabled == enabled


def test_the_shipped_net() -> None:
    net = lens.Net(Vgg((8, 8, 16), (1, 2, 1), 10), side=32)
    assert net.names()[:3] == ["normalise", "conv1_1", "relu1_1"]
    assert net.layer("conv2_2").shape == (8, 16, 16)
    x = torch.rand(1, 3, 40, 24)
    assert torch.allclose(lens.capture(net, x, "fc")["fc"], net.inner(x))
