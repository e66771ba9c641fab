"""The matting Laplacian without a matrix, against pymatting's matrix; the guided filter, against its definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from zorki.painting import matting
from zorki.pixels.objectives import variation


def noise(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def matrix(guide: torch.Tensor, epsilon: float) -> np.ndarray:
    from pymatting.laplacian.cf_laplacian import cf_laplacian

    return np.asarray(cf_laplacian(guide[0].permute(1, 2, 0).numpy(), epsilon=epsilon, radius=1).todense())


@pytest.mark.parametrize("hw", [(3, 3), (12, 17), (3, 9)])
@pytest.mark.parametrize("epsilon", [1e-7, 1e-4])
def test_it_is_pymattings_matrix(hw: tuple[int, int], epsilon: float) -> None:
    guide, p = noise(1, 3, *hw), noise(1, 2, *hw, seed=1)
    expected = (matrix(guide, epsilon) @ p[0].reshape(2, -1).T.numpy()).T.reshape(1, 2, *hw)
    found = matting.Laplacian(guide, epsilon)(p).numpy()
    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()


def test_in_float32_too_at_its_own_epsilon() -> None:
    guide, p = noise(1, 3, 20, 16), noise(1, 3, 20, 16, seed=1)
    expected = (matrix(guide, matting.EPSILON) @ p[0].reshape(3, -1).T.numpy()).T.reshape(1, 3, 20, 16)
    found = matting.Laplacian(guide.float())(p.float()).double().numpy()
    assert np.abs(found - expected).max() <= 1e-4 * np.abs(expected).max()


def test_in_float32_where_colours_lie_on_a_line() -> None:
    """As those of nearly every window of a photograph do."""
    line = noise(1, 1, 20, 16) * torch.tensor([0.9, 0.8, 0.7], dtype=torch.float64).view(1, 3, 1, 1)
    guide, p = (line + 1e-4 * noise(1, 3, 20, 16, seed=2)).float(), noise(1, 3, 20, 16, seed=1).float()
    exact, found = matting.Laplacian(guide.double())(p.double()), matting.Laplacian(guide)(p)
    assert float((found - exact).norm()) <= 1e-3 * float(exact.norm())


def test_what_is_affine_in_the_guide_costs_nothing_and_constants_nothing_at_all() -> None:
    guide = noise(1, 3, 14, 11)
    laplacian = matting.Laplacian(guide, 1e-7)
    affine = (guide * torch.tensor([0.5, -0.2, 0.7]).view(1, 3, 1, 1)).sum(1, keepdim=True) + 0.1
    assert float(laplacian(torch.ones_like(affine)).abs().max()) < 1e-10
    assert laplacian.term(affine)[0] < 1e-6 < laplacian.term(noise(1, 1, 14, 11, seed=3))[0]


@pytest.mark.parametrize("term", ["matting", "variation"])
def test_slopes_are_finite_differences(term: str) -> None:
    guide, p, way = noise(1, 3, 9, 8), noise(1, 3, 9, 8, seed=1), noise(1, 3, 9, 8, seed=2) - 0.5
    f = matting.Laplacian(guide).term if term == "matting" else variation
    slope = float((f(p)[1] * way).sum())
    assert (f(p + 1e-5 * way)[0] - f(p - 1e-5 * way)[0]) / 2e-5 == pytest.approx(slope, rel=1e-6)


def test_variation_is_that_of_a_ramp_and_of_a_single_pixel() -> None:
    ramp = torch.arange(5.0).view(1, 1, 1, 5).expand(1, 3, 4, 5) / 10
    assert variation(ramp)[0] == pytest.approx(0.01)
    assert variation(torch.ones(1, 3, 1, 1))[0] == 0


def test_the_guided_filter_is_its_definition() -> None:
    """Least squares in every window, by brute force; windows end where the picture ends."""
    guide, p, r, epsilon = noise(1, 3, 9, 10), noise(1, 1, 9, 10, seed=1), 2, 0.01
    image, wanted = guide[0].permute(1, 2, 0).numpy(), p[0, 0].numpy()
    h, w = wanted.shape
    a, b = np.zeros((h, w, 3)), np.zeros((h, w))
    around = {(y, x): (slice(max(0, y - r), y + r + 1), slice(max(0, x - r), x + r + 1)) for y in range(h) for x in range(w)}
    for (y, x), at in around.items():
        colours, values = image[at].reshape(-1, 3), wanted[at].ravel()
        mean = colours.mean(0)
        cov = (colours - mean).T @ (colours - mean) / len(colours) + epsilon * np.eye(3)
        a[y, x] = np.linalg.solve(cov, ((colours - mean) * (values - values.mean())[:, None]).mean(0))
        b[y, x] = values.mean() - a[y, x] @ mean
    expected = np.empty((h, w))
    for (y, x), at in around.items():
        expected[y, x] = a[at].reshape(-1, 3).mean(0) @ image[y, x] + b[at].mean()
    found_a, found_b = matting.guided(guide, p, r, epsilon)
    found = (found_a * guide[0][:, None]).sum(0) + found_b[0]
    assert np.abs(found[0].numpy() - expected).max() < 1e-9


def test_a_larger_photo_goes_through_the_affine_functions_of_the_small_one() -> None:
    """Where the small result is an affine function of the small photo everywhere, the large one is the same of the large photo."""
    photo = noise(1, 3, 40, 60, dtype=torch.float32)
    small = torch.nn.functional.avg_pool2d(photo, 4)
    turn = torch.tensor([[0.6, 0.1, 0.0], [0.0, 0.5, 0.2], [0.1, 0.0, 0.6]])

    def changed(x: torch.Tensor) -> torch.Tensor:
        return (turn @ x[0].flatten(1) + 0.1).view_as(x)

    a, b = (F.interpolate(x, (40, 60), mode="bilinear") for x in matting.guided(small, changed(small), 2, 1e-7))
    assert float(((a * photo[0][:, None]).sum(0) + b - changed(photo)).abs().max()) < 2e-3
    shift = torch.tensor([0.05, -0.05 * 0.299 / 0.587, 0.0]).view(1, 3, 1, 1)  # of colour alone, the same everywhere
    found = matting.relit(photo, changed(photo), small, changed(small), changed(small) + shift, 2)
    assert float((found - changed(photo) - shift).abs().max()) < 2e-3


@pytest.mark.parametrize("colours", [(1.0, 1.0, 1.0), (1.0, -0.5, -0.5), (-0.3, 0.0, 0.8)])
def test_where_a_photo_is_nearly_flat_no_more_varies_than_its_noise_and_the_match_explain(colours: tuple[float, ...]) -> None:
    """A bright noisy facade on which blotches of one colour were painted: what is left of them is slow, and no place's noise is raised."""
    noise = torch.from_numpy(np.random.default_rng(0).normal(0, 0.01, (1, 3, 160, 192))).float()
    photo = (0.85 + noise).clamp(0, 1)
    start = photo * 0.7
    blotches = torch.from_numpy(np.random.default_rng(1).normal(0, 0.06, (1, 1, 14, 16))).float()
    painted = start + F.interpolate(blotches, photo.shape[-2:], mode="bicubic") * torch.tensor(colours).view(1, 3, 1, 1)

    def varies(x: torch.Tensor) -> torch.Tensor:
        parts = x.unfold(2, 16, 16).unfold(3, 16, 16).flatten(-2)
        return parts.var(-1).mean((-1, -2))[0]

    made = matting.relit(photo, start, photo, start, painted, 8)
    assert (varies(made) < 1.25 * varies(start)).all()
    assert (varies(painted) > 1.25 * varies(start)).any()
    there = (painted - start).mean((-1, -2))
    assert torch.allclose((made - start).mean((-1, -2)), there, atol=0.3 * float(there.abs().max()) + 1e-3), "in the mean it is as painted"


def test_what_was_not_painted_stays_as_matched_at_any_size() -> None:
    small, large = noise(1, 3, 20, 30), noise(1, 3, 53, 80, seed=1)
    assert torch.equal(matting.relit(large, large * 0.5, small, small * 0.5, small * 0.5, 3), large * 0.5)


def test_sums_of_windows_are_those_of_loops() -> None:
    x = noise(1, 2, 7, 9)
    padded = F.pad(x, (3, 3, 3, 3))
    want = sum(padded[..., y : y + 7, k : k + 9] for y in range(7) for k in range(7))
    assert torch.allclose(matting.window(x, 3), want, atol=1e-4)
    assert torch.allclose(matting.window(x, 40), x.sum((-1, -2), keepdim=True).expand_as(x), atol=1e-4), "also where it is all"
