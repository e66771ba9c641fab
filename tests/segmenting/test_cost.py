"""What segmenters cost, how far they see, and which of their encoder's maps they read."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.toys import toy
from zorki.nets.segmenter import Segmenter
from zorki.segmenting.beginning import begun
from zorki.segmenting.cost import cost, memory, seconds
from zorki.segmenting.reading import reading

pytestmark = pytest.mark.tiny


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def test_a_nets_cost_is_counted_as_by_hand() -> None:
    net = Segmenter("naive", classes=3, width=16)
    found = cost(net, (32, 48))
    per_pixel = 9 * (3 * 8 + 4 * 8 * 8) + 8 * 3
    assert found.multiply_adds == 32 * 48 * per_pixel
    assert found.parameters == sum(p.numel() for p in net.parameters())
    assert found.sees == (11, 11)
    assert cost(Segmenter("pyramid", "plain", width=16), (32, 32)).sees is None, "the mean of the picture is in every answer"
    assert cost(begun("nearest", toy()), (32, 32)).multiply_adds > 0


@pytest.mark.parametrize("name", ["nearest", "maxunpool", "unet"])
def test_what_an_answer_sees_is_known_at_sizes_that_are_mirrored_too(name: str) -> None:
    """Nothing outside the field changes the answer in its middle."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Segmenter(name, "plain", 2, width=8).eval()
    odd, even = cost(net, (33, 47)), cost(net, (48, 48))
    assert odd.sees == even.sees
    assert odd.multiply_adds == even.multiply_adds, "33 × 47 is made 48 × 48"
    assert even.sees is not None
    side = int(even.sees[0])
    assert 100 < side < 240
    net, x = net.double(), drawn(1, 3, 288, 288).double()  # so deep, random weights leave little of a picture
    other = torch.rand_like(x)
    middle = slice(144 - side // 2 - 1, 144 + side // 2 + 1)
    other[..., middle, middle] = x[..., middle, middle]
    with torch.no_grad():
        apart = (net(x) - net(other)).abs().amax(1)[0]
    assert apart[144, 144] < 1e-15
    assert apart[144 + side // 3, 144] > 1e-12


def test_memory_is_that_of_the_maps_that_are_held_at_once() -> None:
    def work() -> torch.Tensor:
        a = torch.zeros(1000)
        b = a + 1
        del a
        c = b[:500] * 2  # a view takes nothing
        return c.add_(1)

    assert memory(work) == 8000
    net = nn.Sequential(nn.Conv2d(1, 4, 1, bias=False), nn.ReLU(), nn.Conv2d(4, 4, 1, bias=False), nn.ReLU())
    x = torch.zeros(1, 1, 10, 10)
    with torch.no_grad():
        assert memory(lambda: net(x)) == 4 * (400 + 400)
    assert memory(lambda: net(x)) == 4 * (400 + 400 + 400), "for slopes what comes out of the first ReLU is kept"
    assert memory(lambda: None) == 0


def test_seconds_are_the_least_of_a_few_behind_a_first_one(monkeypatch: pytest.MonkeyPatch) -> None:
    calls, now = list[int](), [0.0]
    takes = iter([9.0, 3.0, 2.0, 4.0])

    def work() -> None:
        calls.append(1)
        now[0] += next(takes)

    monkeypatch.setattr("zorki.segmenting.cost.time.perf_counter", lambda: now[0])
    assert seconds(work, rounds=3, enough=100) == 2
    assert len(calls) == 4
    takes = iter([9.0, 3.0, 2.0])
    assert seconds(work, rounds=3, enough=1) == 3


@pytest.mark.parametrize(
    ("name", "reads"),
    [
        ("nearest", [None, None, None, None, "values"]),
        ("maxunpool", ["places", "places", "places", "places", "values"]),
        ("fcn", [None, None, None, "values", "values"]),
        ("unet", ["values"] * 5),
    ],
)
def test_which_maps_a_way_back_reads(name: str, reads: list[str | None]) -> None:
    net = Segmenter(name, "plain", 2, width=8)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    assert reading(net) == tuple(zip([1, 2, 4, 8, 16], reads, strict=True))
    assert net.training
    assert all(torch.equal(v, before[k]) for k, v in net.state_dict().items())
    assert all(p.grad is None for p in net.parameters())
