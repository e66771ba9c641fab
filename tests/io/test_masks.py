"""Masks are opened as they are stored, whatever stores them, and saved so that what comes back is equal."""

from __future__ import annotations

import io as bytes_io
import os
from pathlib import Path

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.masked import VOC, areas, indexed, stored
from zorki import io
from zorki.core.errors import InputError
from zorki.io.exif import ORIENTATION

pytestmark = pytest.mark.unit
THREE = areas(0, 1, 2)


@pytest.mark.parametrize("ending", ["png", "gif", "bmp", "tif"])
def test_a_palette_says_colours_and_the_numbers_stay(tmp_path: Path, ending: str) -> None:
    """G03: mode P is read as places in the palette, never as 128 in one of three channels."""
    mask = io.open_mask(stored(tmp_path / f"m.{ending}", indexed(THREE)))
    assert mask.numbers is not None
    assert np.array_equal(mask.numbers, THREE)
    assert mask.palette is not None
    assert mask.palette[:3].tolist() == [VOC[i : i + 3] for i in (0, 3, 6)]
    assert not mask.lossy


@pytest.mark.parametrize("ending", ["png", "tif", "bmp", "webp"])
@pytest.mark.parametrize("values", [(0, 1, 2), (0, 255), (7, 8, 200)])
def test_grey_numbers_stay(tmp_path: Path, ending: str, values: tuple[int, ...]) -> None:
    how = {"lossless": True} if ending == "webp" else {}
    mask = io.open_mask(stored(tmp_path / f"m.{ending}", areas(*values), **how))
    data = mask.numbers if mask.numbers is not None else mask.colours[..., 0]
    assert np.array_equal(data if mask.palette is None else mask.palette[data][..., 0], areas(*values))
    assert not mask.lossy


def test_sixteen_bit_numbers_stay(tmp_path: Path) -> None:
    deep = areas(0, 300, 65535)
    tifffile.imwrite(tmp_path / "m.tif", deep)
    for path in (stored(tmp_path / "m.png", deep), tmp_path / "m.tif"):
        found = io.open_mask(path).numbers
        assert found is not None
        assert np.array_equal(found, deep)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_few_bits_are_class_numbers_and_no_greys(tmp_path: Path, bits: int) -> None:
    """A grey PNG of 4 bits holds 0 to 15; decoders like to make 0, 17, 34 … of them."""
    import struct
    import zlib

    from zorki.io.pngs import chunk

    numbers = np.arange(64).reshape(8, 8) % 2**bits
    packed = np.packbits(np.unpackbits(numbers.astype(np.uint8)[..., None], axis=2)[..., 8 - bits :].reshape(8, -1), axis=1)
    rows = b"".join(b"\0" + bytes(row) for row in packed)
    (tmp_path / "m.png").write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, bits, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    assert np.array_equal(io.open_mask(tmp_path / "m.png").numbers, numbers)


def test_alpha_that_says_nothing_is_dropped_and_what_is_transparent_is_black(tmp_path: Path) -> None:
    colours = np.array([[128, 0, 0], [0, 128, 0]], np.uint8)[areas(0, 1)]
    full = np.dstack([colours, np.full(THREE.shape, 255, np.uint8)])
    assert np.array_equal(io.open_mask(stored(tmp_path / "full.png", full)).colours, colours)
    cut = np.dstack([colours, np.where(areas(0, 1), 255, 0).astype(np.uint8)])
    assert np.array_equal(io.open_mask(stored(tmp_path / "cut.png", cut)).colours, np.where(areas(0, 1)[..., None], colours, 0))
    soft = full.copy()
    soft[:, 16, 3] = 128
    with pytest.raises(InputError, match=r"soft\.png is transparent by degrees"):
        io.open_mask(stored(tmp_path / "soft.png", soft))


@pytest.mark.parametrize("turn", range(1, 9))
def test_masks_stand_upright_like_their_pictures(tmp_path: Path, turn: int) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = turn
    corner = np.zeros((5, 7), np.uint8)
    corner[0, 0] = 1
    stored(tmp_path / "p.png", np.repeat(corner[..., None] * np.uint8(255), 3, axis=2), exif=exif)
    found = io.open_mask(stored(tmp_path / "m.png", corner, exif=exif))
    assert found.hw == io.open_photo(tmp_path / "p.png").hw == io.facts(tmp_path / "p.png").hw
    assert np.array_equal(found.numbers, io.open_photo(tmp_path / "p.png").pixels[..., 0])


@pytest.mark.parametrize(("name", "how", "lossy"), [
    ("m.jpg", {}, True), ("jpeg.png", {"format": "JPEG"}, True), ("m.webp", {"quality": 80}, True), ("m.avif", {}, True),
    ("whole.webp", {"lossless": True}, False), ("long.webp", {"lossless": True, "exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"}, False),
])  # fmt: skip
def test_what_was_stored_with_loss_says_so_whatever_it_is_called(tmp_path: Path, name: str, how: dict, lossy: bool) -> None:
    assert io.open_mask(stored(tmp_path / name, areas(0, 255), **how)).lossy == lossy


@pytest.mark.parametrize("kind", ["text", "cut", "empty", "fractions"])
def test_what_is_no_mask_is_named(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "m.png"
    if kind == "fractions":
        tifffile.imwrite(path, np.full((4, 4), 0.5, np.float32))
    else:
        whole = stored(tmp_path / "whole.png", np.random.default_rng(0).integers(0, 3, (64, 64)).astype(np.uint8)).read_bytes()
        path.write_bytes({"text": b"no picture at all", "cut": whole[: len(whole) // 2], "empty": b""}[kind])
    with pytest.raises(InputError, match=r"m\.png"):
        io.open_mask(path)


def test_floats_that_are_whole_numbers_are_numbers(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "m.tif", THREE.astype(np.float32))
    assert np.array_equal(io.open_mask(tmp_path / "m.tif").numbers, THREE)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 256), st.integers(0, 2**32 - 1))
def test_a_saved_mask_is_itself(tmp_path_factory: pytest.TempPathFactory, h: int, w: int, classes: int, seed: int) -> None:
    """G25: the numbers of the file are the classes, and a palette shows them."""
    rng = np.random.default_rng(seed)
    numbers, palette = rng.integers(0, classes, (h, w)), rng.integers(0, 256, (classes, 3), dtype=np.uint8)
    path = io.save_mask(tmp_path_factory.mktemp("saved") / "m.png", numbers, palette, {"model": "road"})
    image = Image.open(path)
    assert image.mode == "P"
    assert np.array_equal(np.array(image), numbers)
    assert np.array_equal(np.array(image.convert("RGB")), palette[numbers])
    assert io.read_settings(path) == {"model": "road"}
    assert np.array_equal(io.open_mask(path).numbers, numbers)


def test_nothing_is_overwritten_or_half_written(tmp_path: Path) -> None:
    path = io.save_mask(tmp_path / "m.png", THREE, [[0, 0, 0]])
    with pytest.raises(InputError):
        io.save_mask(path, THREE, [[0, 0, 0]])
    for wrong in (THREE.astype(np.float32), THREE[0], THREE.astype(np.int64) - 1, THREE.astype(np.int64) + 254):
        with pytest.raises(InputError, match="whole numbers from 0 to 255"):
            io.save_mask(path, wrong, [[0, 0, 0]], force=True)
    with pytest.raises(InputError, match="no PNG"):
        io.save_mask(tmp_path / "m.jpg", THREE, [[0, 0, 0]])
    assert os.listdir(tmp_path) == ["m.png"]


def jpeg(hw: tuple[int, int] = (64, 80), mode: str = "RGB", **how: object) -> bytes:
    buffer = bytes_io.BytesIO()
    data = np.random.default_rng(0).integers(0, 256, (*hw, 3), dtype=np.uint8)
    Image.fromarray(data).convert(mode).save(buffer, "JPEG", quality=90, **how)
    return buffer.getvalue()


@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("CMYK", 3)])
@pytest.mark.parametrize("progressive", [False, True])
def test_facts_of_a_jpeg(tmp_path: Path, mode: str, channels: int, progressive: bool) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(mode=mode, progressive=progressive))
    assert io.facts(tmp_path / "a.jpg") == io.Facts("a.jpg", (64, 80), channels)


@pytest.mark.parametrize("left", [0.3, 0.9])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_that_is_cut_is_found_by_the_quick_look(tmp_path: Path, left: float, progressive: bool) -> None:
    data = jpeg(progressive=progressive)
    for rest in (b"", b"\0" * 500, b"\xff\xd9"):
        (tmp_path / "a.jpg").write_bytes(data[: int(left * len(data))] + rest)
        if rest != b"\xff\xd9":  # with an end marker in place decoders take the rest for grey
            with pytest.raises(InputError, match=r"a\.jpg is damaged"):
                io.facts(tmp_path / "a.jpg")
    (tmp_path / "a.jpg").write_bytes(data[:-2])
    assert io.facts(tmp_path / "a.jpg").hw == (64, 80), "all rows are there"


def test_all_bands_of_a_tiff_are_read(tmp_path: Path) -> None:
    five = np.random.default_rng(0).integers(0, 65536, (6, 7, 5), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "last.tif", five, photometric="minisblack", planarconfig="contig")
    tifffile.imwrite(tmp_path / "first.tif", np.moveaxis(five, -1, 0), photometric="minisblack", planarconfig="separate")
    for name in ("last.tif", "first.tif"):
        assert np.array_equal(io.open_bands(tmp_path / name), five)
        found = io.facts(tmp_path / name)
        assert (found.hw, found.channels, found.kind, found.high) == ((6, 7), 5, "uint16", five.max())
    tifffile.imwrite(tmp_path / "four.tif", five[..., :4], photometric="rgb", extrasamples=["unspecified"])
    assert io.facts(tmp_path / "four.tif").channels == 4, "infrared beside colours"
    tifffile.imwrite(tmp_path / "clear.tif", five[..., :4], photometric="rgb", extrasamples=["unassalpha"])
    assert io.facts(tmp_path / "clear.tif").channels == 3
