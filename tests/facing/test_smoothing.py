"""The moving average in time: closed forms, and the same whatever the frame rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from zorki.facing import smoothing

pytestmark = pytest.mark.unit


def along(values: list[float], times: list[float], half: float) -> list[float]:
    out = [np.array([values[0]])]
    for n in range(1, len(values)):
        new = smoothing.onward(out[-1], np.array([values[n - 1]]), np.array([values[n]]), times[n] - times[n - 1], half)
        out.append(new)
    return [float(v[0]) for v in out]


def test_what_stays_as_it_is_after_a_step_is_half_as_far_away_after_each_half_life() -> None:
    times = [n / 1000 for n in range(-1, 2001)]
    found = along([0.0 if t < 0 else 1.0 for t in times], times, 0.5)
    for t, s in zip(times, found, strict=True):
        if t > 0.01:
            assert s == pytest.approx(1 - 2 ** (-t / 0.5), abs=1e-3)  # the step itself takes a millisecond


@pytest.mark.parametrize("rate", [1.0, 25.0, 50.0, 59.94])
def test_a_ramp_is_followed_as_the_integral_says(rate: float) -> None:
    """x(t) = t from 0 on comes to t − τ (1 − e^{−t/τ}), at any rate."""
    tau = 0.7 / math.log(2)
    times = [n / rate for n in range(round(3 * rate) + 1)]
    for t, s in zip(times, along(times, times, 0.7), strict=True):
        assert s == pytest.approx(t - tau * (1 - math.exp(-t / tau)), abs=1e-12)


def test_with_twice_the_frames_and_with_some_left_out_it_is_the_same() -> None:
    """Of what goes straight on from one of the fewer frames to the next."""
    chance = np.random.default_rng(0)
    knots = chance.random(26)
    slow = [n / 25 for n in range(26)]
    fast = [n / 50 for n in range(51)]
    uneven = sorted({*slow, *chance.uniform(0, 1, 40).tolist()})
    whole = along(knots.tolist(), slow, 0.5)
    for times in (fast, uneven):
        found = along(np.interp(times, slow, knots).tolist(), times, 0.5)
        assert [found[times.index(t)] for t in slow] == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("half", [0.0, 1e-9, 0.5, 1e9])
@pytest.mark.parametrize("gone", [1e-9, 0.04, 1.0, 1e6])
def test_weights_are_shares(gone: float, half: float) -> None:
    found = smoothing.weights(gone, half)
    assert min(found) >= 0
    assert sum(found) == pytest.approx(1, abs=1e-12)


def test_without_a_half_life_only_the_new_one_counts() -> None:
    assert along([0.0, 1.0, 0.25], [0, 1, 2], 0.0) == [0.0, 1.0, 0.25]
