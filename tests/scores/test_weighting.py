"""Class weights beside what was reckoned of CamVid's own masks, and loops."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki.scores import VOID, weighting

pytestmark = pytest.mark.unit
CAMVID = Path(__file__).resolve().parents[3] / "shared" / "data" / "camvid" / "train" / "masks"
OF_THE_MASKS = (0.2793, 0.2017, 4.7865, 0.1490, 1.0000, 0.4217, 3.8467, 1.9736, 0.7889, 6.3747, 8.8587)


@pytest.mark.skipif(not CAMVID.is_dir(), reason="CamVid is not there")
def test_camvids_masks_give_what_the_formula_says_and_not_what_was_published() -> None:
    masks = [np.asarray(Image.open(path)) for path in sorted(CAMVID.glob("*.png"))]
    assert len(masks) == 367
    counts = [weighting.pixels(np.where(m == 11, VOID, m), 11) for m in masks]
    found = weighting.median_frequency(counts, [m.size for m in masks])
    np.testing.assert_allclose(found, OF_THE_MASKS, atol=6e-5)
    np.testing.assert_allclose(weighting.median_frequency(counts), found, rtol=0.006)  # void has four parts in a hundred
    assert np.median(found) == 1
    assert weighting.CAMVID[6] / found[6] > 2.5  # the sign; all others lie near
    others = np.delete(found / weighting.CAMVID, 6)
    assert ((others > 1) & (others < 1.25)).all()


def looped(counts: np.ndarray, sizes: np.ndarray) -> list[float]:
    frequency = {}
    for c in range(counts.shape[1]):
        holding = [i for i, picture in enumerate(counts) if picture[c]]
        if holding:
            frequency[c] = sum(counts[i, c] for i in holding) / sum(sizes[i] for i in holding)
    middle = np.median(list(frequency.values()))
    return [middle / frequency[c] if c in frequency else 1.0 for c in range(counts.shape[1])]


@pytest.mark.parametrize("seed", range(4))
def test_median_frequency_is_its_formula(seed: int) -> None:
    g = np.random.default_rng(seed)
    counts = g.integers(0, 100, (7, 6)) * (g.random((7, 6)) < 0.5)
    counts[:, 4] = 0  # a class that no picture holds
    counts[3] = 0  # a picture that is all void
    np.testing.assert_allclose(weighting.median_frequency(counts), looped(counts, counts.sum(1)))
    sizes = counts.sum(1) + g.integers(0, 90, 7)
    np.testing.assert_allclose(weighting.median_frequency(counts, sizes), looped(counts, sizes))


def test_enet_goes_by_the_share_of_all_pixels() -> None:
    counts = np.array([[30, 10, 0], [50, 10, 0]])
    right = [1 / np.log(1.02 + share) for share in (0.8, 0.2, 0)]
    np.testing.assert_allclose(weighting.enet(counts), right)
    np.testing.assert_allclose(weighting.enet(counts.sum(0)), right)
    np.testing.assert_allclose(weighting.enet([5, 0]), [1.4222, 50.4983], atol=1e-4)
    assert np.isfinite(weighting.enet([0, 0])).all()


def test_pixels_are_counted_without_void() -> None:
    assert weighting.pixels(np.array([[0, 2, 2], [VOID, 1, 2]], np.uint8), 4).tolist() == [1, 1, 3, 0]


def test_without_any_pixel_all_classes_are_alike() -> None:
    assert weighting.median_frequency(np.zeros((2, 3))).tolist() == [1, 1, 1]
