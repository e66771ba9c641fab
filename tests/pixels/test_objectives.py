"""Objectives: sums and products lose nothing, values equal closed forms, each climbs."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.toys import net
from zorki import lens, pixels
from zorki.core.errors import InputError
from zorki.pixels import objectives as o

pytestmark = pytest.mark.tiny
A = o.single("a", ["x"], lambda seen: seen["x"].mean((1, 2, 3)))
B = o.single("b", ["y"], lambda seen: seen["y"].mean((1, 2, 3)))


def value(objective: o.Objective, seen: o.Seen) -> torch.Tensor:
    return sum(t.weight * v for t, v in objective.parts(seen))  # type: ignore[return-value]


@given(st.floats(-5, 5), st.floats(-5, 5), st.floats(-5, 5))
def test_sums_and_products_are_those_of_numbers(p: float, q: float, r: float) -> None:
    seen = {"x": torch.full((2, 1, 2, 2), 3.0), "y": torch.full((2, 1, 2, 2), 7.0)}
    made = r * (p * A - q * B) + A
    assert value(made, seen).tolist() == pytest.approx([r * (p * 3 - q * 7) + 3] * 2, abs=1e-4)
    assert value(A, seen).tolist() == [3, 3]  # the operands are unchanged
    assert made.reads == ("x", "y")


def test_the_text_keeps_every_weight() -> None:
    assert str(2 * o.channel("conv4_1", 3) - 0.5 * o.layer("conv1_1")) == "2 * conv4_1:3 - 0.5 * conv1_1"


def test_total_variation_of_a_ramp_is_its_slope_squared() -> None:
    ramp = (torch.arange(8.0) / 10).expand(1, 3, 5, 8)
    assert float(value(o.total_variation(), {o.PICTURE: ramp})) == pytest.approx(0.01, rel=1e-4)
    assert float(value(o.total_variation(), {o.PICTURE: torch.rand(1, 3, 1, 1)})) == 0


def test_gram_is_the_mean_outer_product() -> None:
    f = torch.randn(2, 4, 5, 3)
    by_hand = np.einsum("bchw,bdhw->bcd", f.numpy(), f.numpy()) / 15
    np.testing.assert_allclose(o.gram_of(f).numpy(), by_hand, rtol=1e-4, atol=1e-5)


def test_content_is_zero_for_equal_maps_and_one_for_empty_ones() -> None:
    target = torch.randn(1, 4, 6, 6)
    c = o.content("x", target)
    assert float(value(c, {"x": target})) == 0
    assert float(value(c, {"x": torch.zeros_like(target)})) == pytest.approx(1)


def test_a_unit_direction_is_its_channel() -> None:
    a = torch.randn(1, 6, 4, 4)
    for c in range(6):
        assert torch.allclose(value(o.direction("x", torch.eye(6)[c]), {"x": a}), value(o.channel("x", c), {"x": a}), atol=1e-6)


def test_a_neuron_is_the_middle_row_and_column_of_a_map_that_is_not_square() -> None:
    a = torch.zeros(1, 1, 7, 3)
    a[0, 0, 3, 1] = 5
    assert float(value(o.neuron("x", 0), {"x": a})) == 5


def test_a_channel_beyond_the_last_names_the_range() -> None:
    with pytest.raises(InputError, match="0 to 5"):
        value(o.channel("x", 6), {"x": torch.zeros(1, 6, 2, 2)})


@pytest.mark.parametrize(
    "objective",
    [
        o.channel("3", 2), o.neuron("3", 2), o.layer("1"), o.direction("3", torch.ones(12)), o.direction("3", torch.ones(12), power=2),
        o.logit(1), -o.total_variation(), o.channel("0", 1) - o.channel("0", 2), -o.content("3", torch.ones(1, 12, 12, 12)),
        -o.gram("1", torch.eye(8)[None]),
    ],
    ids=str,
)  # fmt: skip
def test_every_objective_climbs_on_the_re_rendered_picture_and_sinks_with_a_minus(objective: o.Objective) -> None:
    n = net()

    def seen_in_8_bit(canvas: pixels.Canvas) -> float:
        picture = torch.from_numpy(np.stack([pixels.display.levels(p) for p in canvas()])).permute(0, 3, 1, 2).float() / 255
        reads = [r for r in objective.reads if r != o.LOGITS]
        seen = {o.PICTURE: picture, **(lens.capture(n, picture, reads, grad=False) if reads else {}), o.LOGITS: n.logits(picture)}
        return float(value(objective, seen))

    for sign in (1, -1):
        canvas = pixels.Plain(torch.rand(1, 3, 24, 24, generator=torch.Generator().manual_seed(1)) * 0.6 + 0.2)
        before = seen_in_8_bit(canvas)
        for _ in pixels.climb(n, canvas, sign * objective, steps=20, rate=0.02):
            pass
        assert sign * (seen_in_8_bit(canvas) - before) > 0
