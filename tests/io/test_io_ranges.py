"""What numbers stand for: bands that are no transparency, long and signed integers, narrow ranges, pages; said, spread or refused."""

from __future__ import annotations

import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from zorki import io
from zorki.core.errors import InputError
from zorki.io import pngs

pytestmark = pytest.mark.unit


def written(path: Path, data: np.ndarray, **extra: object) -> io.Photo:
    tifffile.imwrite(path, data, **extra)
    return io.open_photo(path)


def test_bands_that_are_no_transparency(tmp_path: Path, noise: np.ndarray) -> None:
    four, six = np.dstack([noise, noise[..., :1]]), np.dstack([noise, noise])
    for data, extra, words in (
        (four, ["unspecified"], "a band"),
        (six, ["unspecified"] * 3, "3 bands"),
        (np.stack([noise[..., 0], noise[..., 1]], -1), ["unspecified"], "a band"),
    ):
        colours = data.shape[2] - len(extra)
        photo = written(
            tmp_path / "a.tif", data, photometric="rgb" if colours == 3 else "minisblack", planarconfig="contig", extrasamples=extra
        )
        assert photo.alpha is None
        assert np.array_equal(np.rint(photo.pixels * 255), np.broadcast_to(data[..., :colours], noise.shape))
        assert photo.notes == (
            f"a.tif has {words} beside its colours that the file does not call transparency; the colours alone are used.",
        )
    photo = written(tmp_path / "a.tif", four, photometric="rgb", extrasamples=["unassalpha"])
    assert photo.notes == ()
    assert np.array_equal(np.rint(photo.alpha * 255), noise[..., 0])
    photo = written(tmp_path / "a.tif", np.dstack([four, noise[..., 1]]), photometric="rgb", extrasamples=["unspecified", "unassalpha"])
    assert np.array_equal(np.rint(photo.alpha * 255), noise[..., 1])


def test_long_integers(tmp_path: Path) -> None:
    full = np.random.default_rng(0).integers(0, 2**32, (9, 8), dtype=np.uint32)
    photo = written(tmp_path / "a.tif", full)
    assert photo.depth == 16
    assert np.abs(photo.pixels[..., 0] - full / (2**32 - 1)).max() < 1e-5
    assert np.abs(io.open_photo(full).pixels[..., 0] - full / (2**32 - 1)).max() < 1e-5
    small = (full >> 20).astype(np.uint32)
    assert small.max() > 4000
    tifffile.imwrite(tmp_path / "a.tif", small)
    for source in (
        tmp_path / "a.tif",
        small,
        small.astype(np.int32),
        small.astype(np.int64),
        Image.fromarray((small >> 4).astype(np.int32)),
    ):
        with pytest.raises(InputError, match=r" from \d+ to \d+") as caught:
            io.open_photo(source)
        assert "--range=LOW,HIGH" in caught.value.do
    assert io.open_photo(np.zeros((3, 3), np.uint32)).pixels.max() == 0
    for source in (tmp_path / "a.tif", small, small.astype(np.int32)):
        assert np.abs(io.open_photo(source, range=(0, 4095)).pixels[..., 0] - small / 4095).max() < 1e-6


NARROW = {"12 bit": (0, 4095, "dark"), "around the middle": (31_815, 31_989, "flat")}


@pytest.mark.parametrize("which", NARROW)
@pytest.mark.parametrize("kind", ["png", "tif", "array", "pil", "rgba.png"])
def test_narrow_ranges_are_told_and_spread(tmp_path: Path, which: str, kind: str) -> None:
    low, high, word = NARROW[which]
    data = np.linspace(low, high, 60).round().astype(np.uint16).reshape(6, 10)
    alpha = np.linspace(0, 65535, 60).astype(np.uint16).reshape(6, 10)
    source: object = tmp_path / f"a.{kind}"
    if kind == "array":
        source = data
    elif kind == "pil":
        source = Image.fromarray(data)
    elif kind == "tif":
        tifffile.imwrite(source, data)
    else:
        source.write_bytes(imagecodecs.png_encode(np.dstack([data] * 3 + [alpha]) if "rgba" in kind else data))
    photo = io.open_photo(source)
    assert np.array_equal(np.rint(photo.pixels[..., 0] * 65535), data)
    (note,) = photo.notes
    assert f"holds only {low:,} to {high:,} of 0 to 65,535" in note
    assert f"as it is, {word}. --range=auto" in note
    for span in ("auto", f"{low},{high}", (low, high)):
        spread = io.open_photo(source, range=span)
        assert np.abs(spread.pixels[..., 0] - (data.astype(float) - low) / (high - low)).max() < 1e-6
        assert (spread.depth, spread.notes != ()) == (16, span == "auto")
        if "rgba" in kind:
            assert np.abs(spread.alpha * 65535 - alpha).max() < 0.01
    half = io.open_photo(source, range=(low, (low + high) / 2)).pixels
    assert (half[4:] == 1).all()  # what is above white is white


def test_wide_ranges_are_not_told(tmp_path: Path) -> None:
    for data in (np.arange(60, dtype=np.uint16).reshape(6, 10) * 100, np.full((5, 5), 30_000, np.uint16), np.zeros((5, 5), np.uint16)):
        (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(data))
        for source in (tmp_path / "a.png", data):
            assert io.open_photo(source).notes == ()


def test_spread_of_all_kinds(tmp_path: Path) -> None:
    """Signed numbers, light above white, 8 bits, white that is zero, one value."""
    hounsfield = np.linspace(-1024, 3071, 60).round().astype(np.int16).reshape(6, 10)
    tifffile.imwrite(tmp_path / "a.tif", hounsfield)
    with pytest.raises(InputError, match=r"signed.*from -1024 to 3071"):
        io.open_photo(tmp_path / "a.tif")
    window = io.open_photo(tmp_path / "a.tif", range=(-160, 240)).pixels[..., 0]
    assert np.abs(window - np.clip((hounsfield + 160) / 400, 0, 1)).max() < 1e-6
    light = np.linspace(-0.01, 1.7, 48).astype(np.float32).reshape(4, 4, 3)
    tifffile.imwrite(tmp_path / "b.tif", light, photometric="rgb")
    with pytest.raises(InputError, match=r"-0.01 to 1.7") as caught:
        io.open_photo(tmp_path / "b.tif")
    assert "--range=-0.01,1.7" in caught.value.do
    assert np.abs(io.open_photo(tmp_path / "b.tif", range="auto").pixels - (light + 0.01) / 1.71).max() < 1e-6
    eight = io.open_photo(np.array([[50, 100, 150]], np.uint8), range=(50, 150))
    assert (eight.pixels[0, :, 0].tolist(), eight.depth) == ([0, 0.5, 1], 8)
    tifffile.imwrite(tmp_path / "c.tif", np.array([[0, 2000, 4000]], np.uint16), photometric="miniswhite")
    assert np.allclose(io.open_photo(tmp_path / "c.tif", range=(0, 4000)).pixels[0, :, 0], [1, 0.5, 0])
    assert io.open_photo(np.full((2, 2), 7, np.uint16), range="auto").pixels.max() == 0
    with pytest.raises(InputError, match="not finite"):
        io.open_photo(np.array([[0, np.nan]]), range="auto")


@pytest.mark.parametrize("span", ["5", "a,b", "5,5", "9,1", "0,inf", "1,2,3", "", (1,), (3, 1), 7])
def test_no_range(span: object) -> None:
    with pytest.raises(InputError, match="is no range"):
        io.open_photo(np.zeros((2, 2), np.uint16), range=span)


def test_small_copies_are_not_the_picture(tmp_path: Path, noise: np.ndarray) -> None:
    small, tall, path = noise[:9, :12], np.repeat(noise, 2, 0), tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:
        file.write(small, photometric="rgb", subfiletype=1)
        file.write(noise[:20], photometric="rgb")
        file.write(tall, photometric="rgb", iccprofile=bytes(imagecodecs.cms_profile("adobergb")))
        file.write(np.repeat(tall, 2, 0)[..., 0] > 99, photometric="mask", subfiletype=4)
    photo = io.open_photo(path)
    assert photo.hw == tall.shape[:2]
    assert photo.notes == ("a.tif begins with a picture of 12 × 9; page 3, of 53 × 74, is used.",)
    assert photo.profile is not None
    with tifffile.TiffWriter(path) as file:
        file.write(small, photometric="rgb", subfiletype=1, subifds=2, extratags=[(274, 3, 1, 6, True)])
        file.write(noise, photometric="rgb")
        file.write(noise[:30], photometric="rgb", subfiletype=1)
    photo = io.open_photo(path)  # upright as the first page says
    assert np.array_equal(np.rint(photo.pixels * 255), np.rot90(noise, -1))
    assert photo.notes == ("a.tif begins with a picture of 12 × 9; a part of page 1, of 53 × 37, is used.",)
    with pytest.raises(InputError, match="53 x 37"):
        io.open_photo(path, limit=1000)


def test_first_pages_that_are_full_stay(tmp_path: Path, noise: np.ndarray) -> None:
    path = tmp_path / "a.tif"
    with tifffile.TiffWriter(path) as file:  # a scan and a larger one, and a pyramid below the first
        file.write(noise, photometric="rgb", subifds=1)
        file.write(noise[::2, ::2], photometric="rgb", subfiletype=1)
        file.write(np.repeat(noise, 2, 0), photometric="rgb")
    photo = io.open_photo(path)
    assert np.array_equal(np.rint(photo.pixels * 255), noise)
    assert photo.notes == ("a.tif has 2 pages; the first is used.",)


def test_raw_files_with_their_picture_inside(tmp_path: Path, noise: np.ndarray) -> None:
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(noise[:9, :12], photometric="rgb", subfiletype=1, subifds=1)
        file.write(noise[..., 0].astype(np.uint16), photometric="cfa")
    with pytest.raises(InputError, match="raw"):
        io.open_photo(tmp_path / "a.tif")


def test_the_limit_that_would_do(tmp_path: Path) -> None:
    head = pngs.chunk(b"IHDR", struct.pack(">IIBBBBB", 20_992, 10_496, 8, 2, 0, 0, 0))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + head)
    with pytest.raises(InputError, match="20992 x 10496") as caught:
        io.open_photo(tmp_path / "a.png")
    assert "--limit=221000000" in caught.value.do
