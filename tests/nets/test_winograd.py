"""Fewer multiplications for drawing: the same convolution, the same way back, in pieces and by several threads."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from zorki import lens
from zorki.core import hands
from zorki.core.rough import rough, roughly
from zorki.nets import fused, pooling, winograd
from zorki.nets.soften import soften
from zorki.nets.vgg import Vgg

pytestmark = pytest.mark.tiny


@pytest.fixture
def wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor where it wins, wherever torch has it."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    winograd.possible.cache_clear()
    there = winograd.possible()
    yield
    winograd.possible.cache_clear()
    if not there:
        pytest.skip("this torch has no NNPACK")


def made(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


@pytest.mark.usefixtures("wins")
@pytest.mark.parametrize("pad", [0, 1])
@pytest.mark.parametrize("shape", [(1, 3, 150, 131), (1, 40, 45, 33), (3, 8, 12, 12), (5, 6, 35, 40), (1, 33, 3, 3)], ids=str)
def test_it_is_the_convolution_with_its_relu_and_the_way_back(shape: tuple[int, int, int, int], pad: int) -> None:
    x, weight, bias = made(*shape), made(50, shape[1], 3, 3), made(50)
    wide = x.double().requires_grad_(True)
    truth = F.conv2d(wide, weight.double(), bias.double(), padding=pad).relu()
    out = winograd.convolved(x, weight, bias, [pad, pad], relu=True)
    scale = float(truth.detach().abs().max())
    assert torch.allclose(out.double(), truth.detach(), atol=1e-4 * scale)
    slope = made(*out.shape)
    (wanted,) = torch.autograd.grad(truth, wide, slope.double())
    found = winograd.back(slope, out, weight, [pad, pad])
    near = (truth.detach().abs() < 1e-4 * scale) & (truth.detach() != 0)  # where rounding may decide whether the ReLU lets through
    assert not near.any() or float(near.double().mean()) < 1e-3
    assert float((found - wanted).abs().median()) < 1e-4 * float(wanted.abs().max())
    plain = winograd.back(slope, None, weight, [pad, pad])
    wanted = F.conv_transpose2d(slope.double(), weight.double(), padding=pad)
    assert torch.allclose(plain.double(), wanted, atol=1e-4 * float(wanted.abs().max()))


@pytest.mark.usefixtures("wins")
@pytest.mark.parametrize("shape", [(40, 12, 12), (20, 24, 24), (6, 150, 131)], ids=str)
def test_a_picture_comes_out_the_same_whatever_is_beside_it(shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight = made(5, *shape), made(70, shape[0], 3, 3)
    together = winograd.convolved(x, weight, None, [1, 1])
    for n in (1, 2, 4):
        monkeypatch.setattr(hands, "count", lambda n=n: n)
        assert torch.equal(together[3:4], winograd.convolved(x[3:4], weight, None, [1, 1]))


@given(st.integers(1, 20), st.integers(1, 300), st.integers(1, 700), st.integers(1, 900), st.integers(1, 16))
@settings(max_examples=200, deadline=None)
def test_pieces_cover_everything_once(b: int, c: int, h: int, w: int, at_once: int) -> None:
    seen = torch.zeros(b, h, c, dtype=torch.int8)
    found = winograd.pieces(b, c, h, w, at_once)
    for k, top, bottom, low, high in found:
        seen[k, top:bottom, low:high] += 1
    assert bool((seen == 1).all())
    if h * w * b > 1.5 * winograd.PIECE * at_once:
        assert len(found) >= at_once, "nobody is idle where there is much to do"


@pytest.mark.usefixtures("wins")
@pytest.mark.parametrize("pooling_", ["max", "average"])
@pytest.mark.parametrize("softened", [False, True])
def test_a_net_draws_the_same_with_it_and_only_while_it_draws(pooling_: str, softened: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    module = Vgg((6, 8, 10), (2, 1, 2), 5, pooling=pooling_).requires_grad_(False)  # type: ignore[arg-type]
    net = lens.Net(soften(module) if softened else module, name="toy", side=32)
    x = torch.rand(2, 3, 40, 32, generator=torch.Generator().manual_seed(1))
    used: list[int] = []
    plain = winograd.raw
    monkeypatch.setattr(winograd, "raw", lambda *a: used.append(1) or plain(*a))
    found = []
    for drawn in (False, True):
        y = x.clone().requires_grad_(True)
        with net.quiet():
            if drawn:
                with net.precision():
                    seen = lens.capture(net, y, ["conv2_1", "relu1_2", "conv3_2"])
            else:
                seen = lens.capture(net, y, ["conv2_1", "relu1_2", "conv3_2"])
        assert bool(used) == drawn, "what measures is plain float32"
        loss = sum(float(k) * v.square().sum() for k, v in enumerate(seen.values(), 1))
        found.append(({k: v.detach() for k, v in seen.items()}, torch.autograd.grad(loss, y)[0]))
    (a, g), (b, slope) = found
    for name in a:
        assert torch.allclose(a[name], b[name], atol=1e-4 * float(a[name].abs().max())), name
        assert not torch.equal(a[name], b[name]), "it is another way of adding up"
    assert torch.allclose(g, slope, atol=2e-4 * float(g.abs().max()))
    assert not rough()


@pytest.mark.usefixtures("wins")
def test_hooks_read_what_comes_out_and_watchers_take_it_apart() -> None:
    conv, relu, pool = nn.Conv2d(3, 8, 3, padding=1).requires_grad_(False), nn.ReLU(), nn.MaxPool2d(2)
    x = made(1, 3, 20, 20)
    told: list[torch.Tensor] = []

    def reads(_module: nn.Module, _given: object, output: torch.Tensor) -> None:
        told.append(output.clone())

    reads.reads_output = True  # type: ignore[attr-defined]
    truth = [conv(x), relu(conv(x)), pool(relu(conv(x)))]
    handles = [m.register_forward_hook(reads) for m in (conv, relu, pool)]
    with roughly():
        fused.in_turn([conv, relu, pool], x)
    assert len(told) == 3
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(told, truth, strict=True))
    for handle in handles:
        handle.remove()
    seen: list[int] = []
    handle = pool.register_forward_pre_hook(lambda *_: seen.append(1))
    with roughly():
        fused.in_turn([conv, relu, pool], x)
    assert seen, "a hook before a layer wants the layer itself"
    handle.remove()


@pytest.mark.parametrize("kind", [nn.MaxPool2d, nn.AvgPool2d])
def test_pooling_is_torchs_own_with_its_gradient(kind: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> None:
    pool = kind(2)
    x = made(2, 5, 8, 12).relu().requires_grad_(True)
    mine, truth = pooling.halved(pool, x), pool(x)
    assert torch.allclose(mine, truth, atol=1e-6)
    g = made(*truth.shape)
    (a,), (b,) = torch.autograd.grad(mine, x, g), torch.autograd.grad(truth, x, g)
    alive = x > 0  # the ReLU before lets nothing else through
    assert torch.allclose(a[alive], b[alive], atol=1e-6)


def test_equals_share_the_gradient_of_the_largest() -> None:
    x = torch.tensor([[3.0, 3.0, 1.0, 2.0], [3.0, 1.0, 2.0, 2.0]]).view(1, 1, 2, 4).requires_grad_(True)
    (g,) = torch.autograd.grad(pooling.halved(nn.MaxPool2d(2), x), x, torch.tensor([[[[6.0, -9.0]]]]))
    assert torch.allclose(g, torch.tensor([[[[2.0, 2.0, 0.0, -3.0], [2.0, 0.0, -3.0, -3.0]]]]))


@pytest.mark.parametrize(
    ("pool", "shape", "fits"),
    [
        (nn.MaxPool2d(2), (1, 2, 4, 6), True),
        (nn.AvgPool2d((2, 2)), (1, 2, 4, 6), True),
        (nn.MaxPool2d(2), (1, 2, 5, 6), False),
        (nn.MaxPool2d(3, 2), (1, 2, 4, 6), False),
        (nn.MaxPool2d(2, padding=1), (1, 2, 4, 6), False),
        (nn.MaxPool2d(2, return_indices=True), (1, 2, 4, 6), False),
        (nn.AvgPool2d(2, divisor_override=3), (1, 2, 4, 6), False),
        (nn.MaxPool2d(2), (2, 4, 6), False),
    ],
    ids=str,
)
def test_only_pooling_that_halves_is_done_by_hand(pool: nn.Module, shape: tuple[int, ...], fits: bool) -> None:
    assert pooling.fits(pool, torch.zeros(shape)) is fits


@pytest.mark.usefixtures("wins")
def test_nothing_is_counted_differently_where_it_does_not_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    winograd.possible.cache_clear()
    conv, relu, x = nn.Conv2d(3, 8, 3, padding=1).requires_grad_(False), nn.ReLU(), made(1, 3, 16, 16)
    with roughly():
        assert torch.equal(fused.conv_relu(conv, relu, x), fused.conv_relu(conv, relu, x))
        assert not fused.fewer(x)


def test_threads_of_torch_stay_as_they_were() -> None:
    before = torch.get_num_threads()
    winograd.possible.cache_clear()
    winograd.possible()
    hands.each([torch.get_num_threads, torch.get_num_threads])
    assert torch.get_num_threads() == before
