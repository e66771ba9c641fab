"""Films, sheets, sizes."""

from __future__ import annotations

import io as std
import os
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit


def frames_of(source: Path | std.BytesIO, kind: str) -> tuple[list[np.ndarray], float]:
    """The decoded frames, and the seconds that the film lasts."""
    if kind == "mp4":
        with av.open(source if isinstance(source, std.BytesIO) else str(source)) as film:
            stream = film.streams.video[0]
            return [f.to_ndarray(format="rgb24") for f in film.decode(stream)], float(stream.duration * stream.time_base)
    seen, wait = [], 0
    with Image.open(source) as image:
        for i in range(image.n_frames):
            image.seek(i)
            seen.append(np.asarray(image.convert("RGB")))
            wait += image.info["duration"]
    return seen, wait / 1000


def grey(i: int, hw: tuple[int, int] = (37, 51)) -> np.ndarray:
    return np.full((*hw, 3), 0.1 + i * 0.04, np.float32)


@pytest.mark.parametrize("kind", ["mp4", "gif", "webp"])
@pytest.mark.parametrize("memory", [False, True])
def test_film(tmp_path: Path, kind: str, memory: bool) -> None:
    target = std.BytesIO() if memory else tmp_path / f"a.{kind}"
    with io.Film(target, fps=15, format=kind if memory else None, settings={"n": 1}) as film:
        for i in range(20):
            film.add(grey(i) if i % 2 else np.rint(grey(i) * 255).astype(np.uint8))
    seen, seconds = frames_of(std.BytesIO(target.getvalue()) if memory else target, kind)
    assert len(seen) == film.frames == 20
    assert seen[0].shape[:2] == ((38, 52) if kind == "mp4" else (37, 51))
    assert abs(seconds - 20 / 15) < 0.03
    for i, frame in enumerate(seen):
        assert np.abs(frame / 255 - (0.1 + i * 0.04)).max() < 0.03
    if not memory:
        assert os.listdir(tmp_path) == [f"a.{kind}"]
        assert io.read_settings(target) == {"n": 1}


@pytest.mark.parametrize("kind", ["mp4", "gif", "webp"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_broken_off_keeps(tmp_path: Path, kind: str, error: type[BaseException]) -> None:
    path = tmp_path / f"a.{kind}"

    def three() -> None:
        with io.Film(path) as film:
            for i in range(3):
                film.add(grey(i))
            assert not path.exists()
            raise error

    with pytest.raises(error):
        three()
    assert len(frames_of(path, kind)[0]) == 3
    assert os.listdir(tmp_path) == [path.name]
    with pytest.raises(error), io.Film(tmp_path / f"b.{kind}"):
        raise error
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("kind", ["mp4", "gif", "webp"])
def test_one_frame_and_other_sizes(tmp_path: Path, kind: str) -> None:
    with io.Film(tmp_path / f"a.{kind}") as film:
        film.add(grey(3, (1, 1)))
    with io.Film(tmp_path / f"b.{kind}") as film:
        film.add(grey(3, (40, 40)))
        film.add(grey(5, (90, 60)))
    assert len(frames_of(tmp_path / f"b.{kind}", kind)[0]) == 2


def test_film_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    for name, words in (("a.avi", "avi"), ("a", "without ending"), ("a.mp4", "add force=True"), ("no/a.gif", "does not exist")):
        with pytest.raises(InputError, match=words):
            io.Film(tmp_path / name)
    with pytest.raises(InputError, match="frames per second"):
        io.Film(tmp_path / "b.mp4", fps=0)


def test_resize() -> None:
    y, x = np.mgrid[0:64, 0:48].astype(np.float32)
    plane = np.stack([x, y, x + y, 100 - x, np.ones_like(x)], axis=-1)
    for hw in ((32, 24), (128, 96), (64, 96), (1, 1), (64, 48)):
        for antialias in (True, False):
            out = io.resize(plane, hw, antialias=antialias)
            assert out.shape == (*hw, 5)
            assert out.dtype == np.float32
            assert np.allclose(out[..., 4], 1)
            ys, xs = (np.arange(hw[0]) + 0.5) * 64 / hw[0] - 0.5, (np.arange(hw[1]) + 0.5) * 48 / hw[1] - 0.5
            inner = (slice(hw[0] // 8, hw[0] - hw[0] // 8), slice(hw[1] // 8, hw[1] - hw[1] // 8))
            assert np.abs(out[..., 0] - xs[None])[inner].max() < 0.05  # a plane stays the same plane: no shift of half a pixel
            assert np.abs(out[..., 1] - ys[:, None])[inner].max() < 0.05
    stripes = (np.arange(64) % 2).astype(np.float32)[None, :, None].repeat(64, 0)
    assert np.abs(io.resize(stripes, (16, 16)) - 0.5)[:, 2:-2].max() < 0.05
    edge = np.zeros((9, 9, 1), np.float32)
    edge[:, 5:] = 1
    big = io.resize(edge, (50, 50))
    assert big.min() >= 0
    assert big.max() <= 1


def test_sheet(noise: np.ndarray) -> None:
    page = io.sheet([noise, noise[:20], noise[..., 0], noise / np.float32(255)], ["one", "two " * 40, "", "Кот"])
    assert page.dtype == np.uint8
    assert page.ndim == 3
    assert np.array_equal(page[8:45, 8:61], noise)
    with pytest.raises(ValueError, match="at least one"):
        io.sheet([], [])
