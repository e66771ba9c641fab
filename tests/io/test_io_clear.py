"""What is seen of transparent parts: their surroundings, whatever is stored there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zorki import io

pytestmark = pytest.mark.unit


@given(h=st.integers(1, 40), w=st.integers(1, 40), share=st.floats(0, 1), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_what_is_hidden_is_nothing(h: int, w: int, share: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    pixels, other = rng.random((2, h, w, 3)).astype(np.float32)
    alpha = np.where(rng.random((h, w)) < share, 0, rng.choice([0.05, 0.3, 1], (h, w))).astype(np.float32)
    hidden = np.where(alpha[..., None] > 0, pixels, other)
    seen = io.Photo(pixels=pixels, alpha=alpha).seen
    assert np.array_equal(seen, io.Photo(pixels=hidden, alpha=alpha).seen)
    assert np.array_equal(seen[alpha >= 0.3], pixels[alpha >= 0.3])
    assert (seen.min() >= 0, seen.max() <= 1 + 1e-6, seen.dtype) == (True, True, np.float32)


def test_surroundings_go_on(ramp: np.ndarray) -> None:
    plain = np.broadcast_to(np.float32([0.2, 0.5, 0.9]), (40, 60, 3)).copy()
    alpha = np.zeros((40, 60), np.float32)
    alpha[30:33, 50:51] = 1
    plain[alpha == 0] = 0
    assert np.abs(io.Photo(pixels=plain, alpha=alpha).seen - np.float32([0.2, 0.5, 0.9])).max() < 1e-5  # one colour everywhere
    two = np.zeros((64, 64, 3), np.float32)
    two[:, :8], two[:, 56:] = [1, 0, 0], [0, 0, 1]
    alpha = np.zeros((64, 64), np.float32)
    alpha[:, :8] = alpha[:, 56:] = 1
    line = io.Photo(pixels=two, alpha=alpha).seen[32]
    assert (np.diff(line[:, 0]) < 1e-3).all()  # red fades to the right
    assert np.abs(line[:, 0] + line[:, 2] - 1).max() < 1e-3
    assert np.abs(line[31:33].mean(0) - [0.5, 0, 0.5]).max() < 0.02
    assert np.abs(line[8:11, 0] - 1).max() < 0.2  # no step where it begins


def test_edges() -> None:
    pixels = np.zeros((8, 8, 3), np.float32)
    assert (io.Photo(pixels=pixels, alpha=np.zeros((8, 8), np.float32)).seen == 1).all()  # nothing at all: paper
    photo = io.Photo(pixels=pixels)
    assert photo.seen is photo.pixels
    assert io.Photo(pixels=pixels, alpha=np.ones((8, 8), np.float32)).seen is not None
    alpha = np.ones((8, 8), np.float32)
    alpha[4, 4] = 1 / 16  # half as seen as an eighth
    pixels[4, 4] = 1
    assert 0.5 <= io.Photo(pixels=pixels, alpha=alpha).seen[4, 4, 0] < 0.6


def test_files_keep_what_they_hide(tmp_path: Path, noise: np.ndarray) -> None:
    alpha = np.zeros(noise.shape[:2], np.uint8)
    alpha[5:20, 5:20] = 255
    Image.fromarray(np.dstack([noise, alpha])).save(tmp_path / "a.png")
    photo = io.open_photo(tmp_path / "a.png")
    back = io.open_photo(io.save_photo(tmp_path / "b.png", photo.pixels, like=photo))
    assert np.array_equal(np.rint(back.pixels * 255), noise)
    assert np.array_equal(back.alpha, photo.alpha)
