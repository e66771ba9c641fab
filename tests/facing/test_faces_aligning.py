"""Faces cut out upright: a known turn is found again, a turned picture gives the same cut, and nothing is coarser or finer than it is."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import ndimage
from skimage import data

from zorki.facing import aligning
from zorki.facing.faces import Face

pytestmark = pytest.mark.tiny


def turned(points: np.ndarray, degrees: float, times: float, shift: tuple[float, float]) -> np.ndarray:
    a = math.radians(degrees)
    matrix = times * np.array([[math.cos(a), -math.sin(a)], [math.sin(a), math.cos(a)]])
    return points @ matrix.T + shift


@pytest.mark.parametrize(("degrees", "times", "shift"), [(0, 1, (0, 0)), (30, 80, (120, 40)), (-100, 33.3, (-7, 500)), (179, 0.5, (3, 3))])
def test_a_turn_a_size_and_a_place_are_found_again(degrees: float, times: float, shift: tuple[float, float]) -> None:
    found = aligning.fitted(aligning.AT, turned(aligning.AT, degrees, times, shift))
    assert found.side == pytest.approx(times)
    assert found.turn == pytest.approx(degrees, abs=1e-6)
    assert found.at(aligning.AT) == pytest.approx(turned(aligning.AT, degrees, times, shift), abs=1e-6)


def test_of_points_that_fit_no_turn_it_is_the_nearest() -> None:
    """No other of many tried is nearer, by least squares."""
    g = np.random.default_rng(1)
    points = turned(aligning.AT, 12, 60, (100, 90)) + g.normal(0, 3, (4, 2))
    best = aligning.fitted(aligning.AT, points)
    off = ((best.at(aligning.AT) - points) ** 2).sum()
    for _ in range(300):
        other = aligning.Square(best.middle + g.normal(0, 1, 2), best.along + g.normal(0, 1, 2))
        assert ((other.at(aligning.AT) - points) ** 2).sum() >= off


def test_a_turned_picture_gives_the_cut_of_the_upright_one() -> None:
    """A face turned by any angle, its points turned with it."""
    picture = ndimage.gaussian_filter(data.astronaut().astype(np.float32) / 255, (2, 2, 0))
    upright = aligning.Square(np.array([224.0, 120.0]), np.array([150.0, 0.0]))
    before = aligning.cut(torch.from_numpy(picture.transpose(2, 0, 1)), upright, 48)
    for degrees in (20, 75, 180):
        other = ndimage.rotate(picture, -degrees, reshape=False, order=3, mode="nearest")
        middle = turned(np.array([upright.middle - 256]), degrees, 1, (256, 256))[0]
        square = aligning.Square(middle + 0.0, turned(upright.along[None], degrees, 1, (0, 0))[0])
        after = aligning.cut(torch.from_numpy(np.ascontiguousarray(other.transpose(2, 0, 1))).float(), square, 48)
        assert float((after - before).abs().mean()) < 0.008, degrees


def test_a_quarter_turn_is_exact() -> None:
    picture = torch.rand(3, 40, 40, generator=torch.Generator().manual_seed(0))
    straight = aligning.cut(picture, aligning.Square(np.array([20.0, 20.0]), np.array([16.0, 0.0])), 16)
    assert torch.allclose(straight, picture[:, 12:28, 12:28], atol=1e-5), "as many pixels as it has"
    turned_right = torch.rot90(picture, -1, (1, 2))
    again = aligning.cut(turned_right, aligning.Square(np.array([20.0, 20.0]), np.array([0.0, 16.0])), 16)
    assert torch.allclose(again, straight, atol=1e-5)


def test_a_large_face_is_made_small_without_noise() -> None:
    """Single pixels, black and white by turns, become grey, which no plain sampling gives."""
    y, x = np.mgrid[:400, :400]
    board = torch.from_numpy(((x + y) % 2).astype(np.float32))[None].repeat(3, 1, 1)
    small = aligning.cut(board, aligning.Square(np.array([200.0, 200.0]), np.array([380.0, 0.0])), 48)
    assert float((small - 0.5).abs().max()) < 0.02


def test_beyond_the_rim_the_border_goes_on() -> None:
    picture = torch.zeros(3, 30, 30, dtype=torch.float32, device="cpu")
    picture[:, :, 0] = 1
    cut = aligning.cut(picture, aligning.Square(np.array([0.0, 15.0]), np.array([20.0, 0.0])), 20)
    assert (cut[:, :, :9] == 1).all()
    assert (cut[:, :, 12:] == 0).all()
    assert aligning.cut(picture[:, :1, :1], aligning.Square(np.array([0.5, 0.5]), np.array([9.0, 0.0])), 8).shape == (3, 8, 8)


def test_points_that_lie_elsewhere_are_not_believed() -> None:
    box = (100.0, 100.0, 40.0, 50.0)
    good = np.array([[112.0, 120], [128, 120], [120, 128], [113, 138], [127, 138]])
    assert aligning.square(Face(box, points=good)).turn == pytest.approx(0, abs=1e-6)
    for bad in (good + 90, good * 0 + 120, good * np.nan):
        found = aligning.square(Face(box, points=bad))
        assert (found.side, *found.middle) == pytest.approx((50.0, 120.0, 123.5))
    assert aligning.square(Face(box)).side == 50
