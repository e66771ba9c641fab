"""Climbing: seeds, traps, the first NaN, breaking off, and the network as it was."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.toys import net, state
from zorki import lens, pixels
from zorki.core.errors import Stopped
from zorki.pixels import objectives as o
from zorki.pixels.climbing import Even

pytestmark = pytest.mark.tiny


def drawn(n: lens.Net, numbers: tuple[int, ...], seed: int = 0, steps: int = 12) -> torch.Tensor:
    seeds = [1000 * seed + k for k in numbers]
    canvas = pixels.Fourier((24, 24), seeds)
    *_, last = pixels.climb(n, canvas, o.channels("3", numbers), steps=steps, wobble=pixels.Wobble(jitter=2), seeds=seeds)
    return last.image()


def test_picture_seven_alone_is_picture_seven_of_many() -> None:
    n = net()
    many, alone = drawn(n, tuple(range(12))), drawn(n, (7,))
    assert torch.allclose(many[7], alone[0], atol=2e-3)
    assert not torch.allclose(many[6], alone[0], atol=2e-2)


def test_the_same_seed_repeats_and_another_does_not() -> None:
    n = net()
    assert torch.equal(drawn(n, (1, 2)), drawn(n, (1, 2)))
    assert not torch.equal(drawn(n, (1, 2)), drawn(n, (1, 2), seed=1))


def test_the_network_comes_back_as_it_was_also_when_broken_off() -> None:
    n = net()
    n.module.train()
    n.module[0].weight.requires_grad_(False)
    before = state(n.module)
    for stop in (None, 3):
        climb = pixels.climb(n, pixels.Fourier((16, 16)), o.channel("3", 0), steps=6, wobble=pixels.Wobble(jitter=1))
        for step in climb:
            if step.i == stop:
                break
        climb.close()
        assert state(n.module) == before


def test_a_dead_relu_lets_a_gradient_through_at_first() -> None:
    n = net()
    with torch.no_grad():
        n.module[3].bias.fill_(-0.15)  # a little below zero everywhere: alive again soon, once something comes through
    canvas = pixels.Plain(torch.full((1, 3, 16, 16), 0.5))
    losses = [s.loss for s in pixels.climb(n, canvas, o.channel("4", 2), steps=40, rate=0.05)]
    assert losses[0] == 0
    assert losses[-1] < 0


def smooth(scale: float) -> lens.Net:
    """No kinks, since these make much of rounding; the gradient of a drawing begins at about a tenth of `scale`."""
    torch.manual_seed(0)
    last = nn.Conv2d(8, 12, 3, padding=1)
    with torch.no_grad():
        last.weight.mul_(14 * scale)
        last.bias.mul_(14 * scale)
    return lens.Net(nn.Sequential(nn.Conv2d(3, 8, 5, padding=2), nn.Softplus(beta=8), last).eval(), name="smooth", side=24)


def drawn_at(scale: float, canvas: pixels.Canvas) -> torch.Tensor:
    *_, last = pixels.climb(smooth(scale), canvas, o.channels("2", [1]), steps=24, rate=0.12)
    made = last.image()
    assert made.std() > 0.2, "something is drawn"
    return made


@pytest.mark.parametrize("scale", [1e-4, 1e-6, 1e-20, 1e4, 1e24])
def test_a_drawing_is_the_same_at_any_scale_of_the_last_layer(scale: float) -> None:
    """In exact numbers Adam's step does not depend on the size of what is climbed; its epsilon and float32's range are not to be seen."""
    usual, other = (drawn_at(k, pixels.Plain(pixels.grey((24, 24), (3,)))) for k in (1, scale))
    assert (other - usual).abs().max() < 1 / 255


@pytest.mark.parametrize("power", [-14, -60, 14, 60])
def test_a_spectrum_too_where_rounding_is_the_same(power: int) -> None:
    """A power of two changes no digit; others move the frequencies whose gradient is rounding alone."""
    usual, other = (drawn_at(k, pixels.Fourier((24, 24), (3,))) for k in (1, 2.0**power))
    assert torch.equal(other, usual)


def test_each_picture_has_a_scale_of_its_own_and_usual_ones_are_left_alone() -> None:
    usual = [torch.tensor([[0.5, -0.1], [2e-3, 0.0]])]
    assert Even()(usual, first=True) is usual
    even = Even()
    one, other, none = even([torch.tensor([[0.5, -0.1], [3e-9, 1e-12], [0.0, 0.0]])], first=True)[0]
    assert torch.equal(one, torch.tensor([0.5, -0.1]))
    assert 1 / 16 <= float(other[0]) <= 1 / 8
    assert float(other[0] / other[1]) == pytest.approx(3000)
    assert not none.any()
    again = even([torch.tensor([[1.0], [3e-9], [1.0]])], first=False)[0]
    assert float(again[1]) == float(other[0]), "as the first gradient said"


def test_the_first_nan_names_step_and_term_and_keeps_the_last_good_picture() -> None:
    class Poison(nn.Module):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            Poison.calls += 1
            return x * (float("nan") if Poison.calls > 4 else 1.0)

    n = lens.Net(nn.Sequential(nn.Conv2d(3, 4, 3), Poison()), side=16)
    n.layers()
    Poison.calls = 0
    canvas = pixels.Plain(torch.rand(1, 3, 16, 16))
    seen = []
    with pytest.raises(Stopped, match=r"Step 5 of 10: 1:0 is not a finite number"):
        for step in pixels.climb(n, canvas, o.channel("1", 0), steps=10):
            seen.append(step)
    assert len(seen) == 4
    assert torch.isfinite(seen[-1].image()).all()


@pytest.mark.parametrize("scale", [1e4, 1e-12])
def test_the_size_of_a_step_does_not_depend_on_the_scale_of_the_net(scale: float) -> None:
    n, m = net(), net()
    with torch.no_grad():
        m.module[3].weight.mul_(scale)
        m.module[3].bias.mul_(scale)
    start = torch.rand(1, 3, 16, 16)
    pictures = []
    for which in (n, m):
        canvas = pixels.Plain(start)
        for _ in pixels.climb(which, canvas, o.channel("3", 1), steps=5, rate=0.01, optimiser="ascent"):
            pass
        pictures.append(canvas())
    assert (pictures[0] - start).abs().max() > 0.01
    assert torch.allclose(pictures[0], pictures[1], atol=1e-3)


def test_breaking_off_leaves_a_picture_of_that_moment() -> None:
    climb = pixels.climb(net(), pixels.Fourier((16, 16)), o.channel("3", 0), steps=50)
    step = next(climb)
    first = step.image()
    next(climb)
    assert first.shape == (1, 3, 16, 16)
    assert not first.requires_grad
    assert not torch.equal(first, step.image())  # asked again, it is the picture as it is now
    climb.close()


def test_lbfgs_climbs_too() -> None:
    canvas = pixels.Plain(torch.rand(1, 3, 16, 16))
    losses = [s.loss for s in pixels.climb(net(), canvas, o.channel("3", 0), steps=8, optimiser="lbfgs")]
    assert losses[-1] < losses[0]


def test_a_canvas_that_went_bad_holds_the_last_good_picture() -> None:
    """The update itself may ruin the canvas: what is kept is the picture before it."""

    class Fragile:
        """Plain pixels of which the third update makes a NaN."""

        def __init__(self) -> None:
            self.pixels, self.updates = torch.full((1, 3, 8, 8), 0.5, requires_grad=True), 0

        def parameters(self) -> list[torch.Tensor]:
            return [self.pixels]

        def project(self) -> None:
            self.updates += 1
            if self.updates == 3:
                with torch.no_grad():
                    self.pixels[0, 0, 0, 0] = float("nan")

        def __call__(self) -> torch.Tensor:
            return self.pixels

    canvas, seen = Fragile(), []
    with pytest.raises(Stopped, match="Step 4 of 6"):
        for step in pixels.climb(net(), canvas, o.channel("3", 1), steps=6):
            seen.append(step.image() if step.i < 3 else None)
    assert torch.isfinite(canvas()).all()
    assert torch.equal(canvas().detach(), seen[1])


def test_pictures_with_other_seeds_start_from_other_noise() -> None:
    a, b = pixels.Fourier((16, 16), (3, 4))().detach()
    assert not torch.allclose(a, b)
    assert torch.equal(pixels.Fourier((16, 16), (4,))()[0], b)
