"""Pooling and what undoes it, each number beside torch's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from torch.nn import functional as F

from zorki.segmenting import unpooling

pytestmark = pytest.mark.tiny
numbers = st.floats(-100, 100).map(lambda x: round(x, 3))
maps = st.tuples(st.integers(1, 5), st.integers(1, 5)).flatmap(lambda hw: arrays(np.float64, hw, elements=numbers))
even_maps = st.tuples(st.integers(1, 4), st.integers(1, 4)).flatmap(lambda hw: arrays(np.float64, (2 * hw[0], 2 * hw[1]), elements=numbers))
kernels = st.integers(1, 7).flatmap(lambda k: arrays(np.float64, (k, k), elements=numbers))


def batch(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(x))[None, None]


def painted(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    padding, more = unpooling.padding(len(kernel))
    made: Any = F.conv_transpose2d(batch(x), batch(kernel), stride=2, padding=padding, output_padding=more)[0, 0].numpy()
    return np.asarray(made)


@settings(deadline=None)
@given(even_maps)
def test_the_largest_and_its_switch_are_those_of_torch(x: np.ndarray) -> None:
    values, places = F.max_pool2d(batch(x), 2, return_indices=True)
    found = unpooling.pooled(x)
    assert (found.values == values[0, 0].numpy()).all()
    assert (found.switches[..., 0] * x.shape[1] + found.switches[..., 1] == places[0, 0].numpy()).all()
    assert (unpooling.switched(found) == F.max_unpool2d(values, places, 2, output_size=list(x.shape))[0, 0].numpy()).all()


@settings(deadline=None)
@given(maps)
def test_copies_are_those_of_torch(x: np.ndarray) -> None:
    assert (unpooling.copied(x) == F.interpolate(batch(x), scale_factor=2, mode="nearest")[0, 0].numpy()).all()


@settings(deadline=None)
@given(maps, kernels)
def test_a_transposed_convolution_is_that_of_torch_and_the_sum_of_what_is_shown(x: np.ndarray, kernel: np.ndarray) -> None:
    wanted = painted(x, kernel)
    found = unpooling.transposed(x, kernel)
    assert found.values.shape == (2 * x.shape[0], 2 * x.shape[1])
    np.testing.assert_allclose(found.values, wanted, rtol=1e-12, atol=1e-9)
    for row, values in zip(found.terms, wanted, strict=True):
        for terms, value in zip(row, values, strict=True):
            assert sum(t.value * t.weight for t in terms) == pytest.approx(value, rel=1e-12, abs=1e-9)
            assert all(t.value == x[t.at] and t.weight == kernel[t.by] for t in terms)
    patches = [np.nan_to_num(found.patch((a, b))) for a in range(x.shape[0]) for b in range(x.shape[1])]
    np.testing.assert_allclose(np.sum(patches, 0), wanted, rtol=1e-12, atol=1e-9)
    assert (found.overlaps == painted(np.ones_like(x), np.ones_like(kernel))).all()
    np.testing.assert_allclose(unpooling.by_convolution(x, kernel), wanted, rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(maps, kernels)
def test_enlarging_before_a_convolution_is_that_of_torch(x: np.ndarray, kernel: np.ndarray) -> None:
    k = len(kernel)
    before, after = (k - 1) // 2, k // 2
    large = F.pad(F.interpolate(batch(x), scale_factor=2, mode="nearest"), (before, after, before, after))
    np.testing.assert_allclose(unpooling.resized(x, kernel), F.conv2d(large, batch(kernel))[0, 0].numpy(), rtol=1e-12, atol=1e-9)


@settings(deadline=None)
@given(kernels)
def test_what_becomes_of_what_is_flat(kernel: np.ndarray) -> None:
    """In the middle of a large map of ones, four numbers over and over, as torch has them."""
    middle = painted(np.ones((12, 12)), kernel)[8:16, 8:16]
    np.testing.assert_allclose(middle, np.tile(unpooling.on_flat(kernel), (4, 4)), rtol=1e-12, atol=1e-9)
    assert unpooling.even(kernel) == bool(np.ptp(middle) <= 1e-9 * np.abs(kernel).sum())


def test_a_kernel_of_ones_draws_a_checkerboard_a_bilinear_one_and_enlarging_do_not() -> None:
    ones, bilinear = np.ones((3, 3)), np.outer([1.0, 2, 1], [1.0, 2, 1])
    assert unpooling.on_flat(ones).tolist() == [[1, 2], [2, 4]]
    assert not unpooling.even(ones)
    assert unpooling.even(bilinear)
    assert unpooling.even(np.ones((4, 4)))
    flat = np.full((6, 6), 0.25)
    for kernel, transpose, rough in ((ones, True, True), (bilinear, True, False), (ones, False, False)):
        made = unpooling.enlarged(flat, kernel, 3, transpose)
        assert made.shape == (48, 48)
        assert made.mean() == pytest.approx(0.25, rel=0.1 if rough else 1e-9)  # a pattern goes on beyond the rim as it ends there
        assert (np.ptp(made) > 0.1) == rough
