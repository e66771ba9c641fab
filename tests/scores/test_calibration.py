"""Calibration beside torchmetrics, loops and closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import special
from torchmetrics.classification import MulticlassCalibrationError

from zorki.scores import VOID, Calibration, calibration, temperature

pytestmark = pytest.mark.unit


def drawn(seed: int, shape: tuple[int, ...] = (3, 4, 9, 11)) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (b, k, h, w) and a truth."""
    g = np.random.default_rng(seed)
    p = special.softmax(2 * g.standard_normal(shape), 1)
    truth = g.integers(0, shape[1], (shape[0], *shape[2:]))
    return p.astype(np.float32), np.where(g.random(truth.shape) < 0.2, VOID, truth)


@pytest.mark.parametrize("seed", range(5))
def test_the_error_is_torchmetrics(seed: int) -> None:
    p, truth = drawn(seed)
    theirs = MulticlassCalibrationError(num_classes=4, n_bins=calibration.BINS, norm="l1", ignore_index=VOID)
    right = float(theirs(torch.from_numpy(p), torch.from_numpy(truth)))
    assert Calibration().add(p, truth).ece == pytest.approx(right, abs=1e-6)


def test_brier_is_the_squared_distance_pixel_by_pixel() -> None:
    p, truth = drawn(0)
    each = [
        sum((float(q) - (c == k)) ** 2 for k, q in enumerate(pixel))
        for pixel, c in zip(np.moveaxis(p, 1, -1).reshape(-1, 4), truth.ravel(), strict=True)
        if c != VOID
    ]
    assert Calibration().add(p, truth).brier == pytest.approx(np.mean(each), rel=1e-6)


@pytest.mark.parametrize(
    ("sure", "right", "ece", "brier"), [(1.0, 1.0, 0.0, 0.0), (1.0, 0.0, 1.0, 2.0), (0.75, 0.5, 0.25, 0.625), (0.5, 0.5, 0.0, 0.5)]
)
def test_closed_forms(sure: float, right: float, ece: float, brier: float) -> None:
    """All pixels are as sure of class 0, and a part of them is right."""
    p = np.stack([np.full((10, 10), sure), np.full((10, 10), 1 - sure)])
    truth = (np.arange(100).reshape(10, 10) >= 100 * right).astype(int)
    c = Calibration().add(p, truth)
    assert (c.ece, c.brier) == (pytest.approx(ece), pytest.approx(brier))
    assert c.curve() == [(pytest.approx(sure), pytest.approx(right), 100)]


def test_pictures_one_by_one_batches_and_sums_are_the_same() -> None:
    p, truth = drawn(1)
    whole = Calibration().add(p, truth)
    single, added = Calibration(), Calibration()
    for one, labels in zip(p, truth, strict=True):
        single.add(one, labels)
        added = added + Calibration().add(torch.from_numpy(one), torch.from_numpy(labels).to(torch.uint8))
    for other in (single, added):
        assert other.count.tolist() == whole.count.tolist()
        assert (other.ece, other.brier) == (pytest.approx(whole.ece), pytest.approx(whole.brier))
    halves = Calibration().add(torch.from_numpy(p).half(), torch.from_numpy(truth))
    assert halves.ece == pytest.approx(whole.ece, abs=2e-3)
    assert halves.brier == pytest.approx(whole.brier, abs=2e-3)


def test_blocks_lose_and_double_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    p, truth = drawn(2)
    whole = Calibration().add(p, truth)
    monkeypatch.setattr(calibration, "BLOCK", 7)
    small = Calibration().add(p, truth)
    assert small.count.tolist() == whole.count.tolist()
    assert small.count.sum() == (truth != VOID).sum()
    assert (small.ece, small.brier) == (pytest.approx(whole.ece), pytest.approx(whole.brier))


def test_of_nothing_there_is_no_figure() -> None:
    p, truth = drawn(0)
    for c in (Calibration(), Calibration().add(p, np.full_like(truth, VOID))):
        assert math.isnan(c.ece)
        assert math.isnan(c.brier)
        assert c.curve() == []


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_the_temperature_is_by_how_much_the_net_is_too_sure(heat: float) -> None:
    """Truths are drawn of softmax(z); the net says heat · z."""
    g = np.random.default_rng(0)
    z = 1.5 * g.standard_normal((20_000, 5))
    truth = (special.softmax(z, 1).cumsum(1) < g.random((len(z), 1))).sum(1)
    found = temperature(torch.from_numpy(heat * z).float(), torch.from_numpy(truth))
    assert found == pytest.approx(heat, rel=0.05)
    said, cooled = (np.moveaxis(special.softmax(heat * z / t, 1), 1, 0)[..., None] for t in (1, found))
    after = Calibration().add(cooled, truth[:, None]).ece
    assert after < 0.01
    if heat != 1:
        assert Calibration().add(said, truth[:, None]).ece > 5 * after


def test_the_temperature_is_where_the_likelihood_is_highest_and_void_has_no_say() -> None:
    g = np.random.default_rng(1)
    z, truth = 4 * g.standard_normal((400, 3)), g.integers(0, 3, 400)
    z[np.arange(400), truth] += 3
    heats = np.geomspace(1 / 20, 20, 4001)
    cost = [-special.log_softmax(z / t, 1)[np.arange(400), truth].mean() for t in heats]
    best = heats[int(np.argmin(cost))]
    assert temperature(z, truth) == pytest.approx(best, rel=5e-3)
    with_void = np.concatenate([z, 100 * z]), np.concatenate([truth, np.full(400, VOID)])
    assert temperature(*with_void) == pytest.approx(best, rel=5e-3)
    assert temperature(z, np.full(400, VOID)) == 1
