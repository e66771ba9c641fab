"""Statistics of a style, against closed forms, brute force and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from zorki.core.errors import InputError
from zorki.painting import moments, palette
from zorki.painting.losses import Loss, gram, w2
from zorki.painting.moments import Moments


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).float()


def gaussian(mean: list[float], covariance: list[list[float]]) -> Moments:
    m, s = torch.tensor([mean], dtype=torch.float64), torch.tensor([covariance], dtype=torch.float64)
    return Moments(m, s + m[:, :, None] * m[:, None, :], torch.ones(1, dtype=torch.float64))


def test_a_constant_has_its_square_and_parts_add_up() -> None:
    assert moments.of(torch.full((1, 2, 3, 4), 3.0)).product[0].tolist() == [[9, 9], [9, 9]]
    maps, weights = noise(1, 5, 6, 7), noise(2, 6, 7, seed=1)
    whole, sums = moments.of(maps, weights), moments.Sums()
    for rows in (slice(0, 2), slice(2, 6)):
        sums.add(maps[:, :, rows], weights[:, rows])
    for a, b in zip(vars(whole).values(), vars(sums.moments()).values(), strict=True):
        assert torch.allclose(a, b, rtol=1e-5)
    w = weights[1].flatten().numpy()
    a = maps[0].flatten(1).numpy()
    assert np.allclose(whole.product[1], (a * w) @ a.T / w.sum(), rtol=1e-5)
    assert float(whole.share[1]) == pytest.approx(w.mean(), rel=1e-5)


def test_a_region_of_nothing_is_nothing() -> None:
    found = moments.of(noise(1, 3, 4, 4), torch.zeros(1, 4, 4))
    assert not any(float(x.abs().max()) for x in vars(found).values())


def test_diagonal_gaussians_are_as_far_apart_as_their_deviations() -> None:
    a, b = gaussian([0, 0], [[1, 0], [0, 4]]), gaussian([0, 0], [[9, 0], [0, 16]])
    assert float(w2.distance(a, b)) == pytest.approx(8, rel=1e-3)  # (1 - 3)² + (2 - 4)²
    assert float(w2.distance(gaussian([1, 2], [[1, 0], [0, 4]]), b)) == pytest.approx(13, rel=1e-3)


def test_w2_is_scipys_symmetric_and_its_slope_a_finite_difference() -> None:
    x, y = noise(1, 4, 5, 6).double(), noise(1, 4, 6, 7, seed=1).double() * 2
    a, b = (Moments(*(v.double() for v in vars(moments.of(p.float())).values())) for p in (x, y))
    s, t = a.covariance[0].numpy(), b.covariance[0].numpy()
    root = sqrtm(t)
    expected = float((a.mean - b.mean).pow(2).sum()) + np.trace(s + t - 2 * sqrtm(root @ s @ root).real)
    assert float(w2.distance(a, b)) == pytest.approx(expected, rel=2e-3)
    assert float(w2.distance(a, b)) == pytest.approx(float(w2.distance(b, a)), rel=2e-3)
    product = a.product.clone().requires_grad_(True)
    w2.distance(Moments(a.mean, product, a.share), b).sum().backward()
    way = torch.randn(4, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    way = way + way.T
    ends = [float(w2.distance(Moments(a.mean, a.product + e * way, a.share), b)) for e in (1e-5, -1e-5)]
    assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float((product.grad * way).sum()), rel=1e-4)


def test_w2_of_a_flat_style_is_finite() -> None:
    flat, rich = moments.of(torch.full((1, 3, 4, 4), 0.5)), moments.of(noise(1, 3, 4, 4))
    product = rich.product.clone().requires_grad_(True)
    value = w2.distance(Moments(rich.mean, product, rich.share), flat)
    value.sum().backward()
    assert bool(value.isfinite().all())
    assert product.grad is not None
    assert bool(product.grad.isfinite().all())


def test_a_mixture_has_the_variance_between_its_parts() -> None:
    """Half 0, half 1 is a fair coin, as if the two pictures stood side by side."""
    black, white = moments.of(torch.zeros(1, 1, 2, 2)), moments.of(torch.ones(1, 1, 2, 2))
    assert float(moments.mixed([black, white], [1, 1]).covariance) == 0.25
    both = moments.of(torch.cat([torch.zeros(1, 1, 3, 2), torch.ones(1, 1, 1, 2)], 2))
    assert torch.equal(moments.mixed([black, white], [3, 1]).product, both.product)


@pytest.mark.parametrize("loss", [gram, w2, palette], ids=["gram", "w2", "palette"])
@pytest.mark.parametrize("masked", [False, True])
def test_slopes_on_maps_are_autograds(loss: Loss, masked: bool) -> None:
    maps, target = noise(1, 3, 5, 4).requires_grad_(True), moments.of(noise(1, 3, 6, 6, seed=1))
    weights = noise(2, 5, 4, seed=2) if masked else None
    if masked:
        target = target.regions([0, 0])
    (expected,) = torch.autograd.grad(loss.distance(moments.of(maps, weights), target).sum(), maps)
    m = moments.of(maps.detach(), weights)
    own = Moments(m.mean.clone().requires_grad_(True), m.product.clone().requires_grad_(True), m.share)
    d = torch.autograd.grad(loss.distance(own, target).sum(), [own.mean, own.product], allow_unused=True)
    d_mean = torch.zeros_like(m.mean) if d[0] is None else d[0]
    assert d[1] is not None
    found = moments.slopes(Moments(d_mean, d[1], m.share), m, maps.detach(), weights, 20)
    assert torch.allclose(found, expected, rtol=1e-3, atol=1e-6 * float(expected.abs().max()) + 1e-7)


def test_what_has_no_places_has_no_style() -> None:
    with pytest.raises(InputError, match="no maps"):
        moments.of(torch.zeros(1, 5))
