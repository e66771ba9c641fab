"""Small pictures with known truths, made here and nowhere downloaded."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def ramp() -> np.ndarray:
    """(40, 60, 3) float32 0..1: red grows to the right, green downwards, blue is a checkerboard of large fields."""
    y, x = np.mgrid[0:40, 0:60]
    return np.stack([x / 59, y / 39, 0.2 + 0.6 * ((x // 20 + y // 20) % 2)], axis=-1).astype(np.float32)


@pytest.fixture
def noise() -> np.ndarray:
    """(37, 53, 3) uint8 noise."""
    return np.random.default_rng(0).integers(0, 256, (37, 53, 3), dtype=np.uint8)
