"""Every kind of file that cameras, scanners and old programs write; arrays, tensors, PIL images."""

from __future__ import annotations

import io as std
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit


def opened(tmp_path: Path, image: Image.Image, name: str, **extra: object) -> io.Photo:
    image.save(tmp_path / name, **extra)
    return io.open_photo(tmp_path / name)


def test_pngs_of_all_modes(tmp_path: Path, noise: np.ndarray) -> None:
    rgb, grey = Image.fromarray(noise), Image.fromarray(noise[..., 0])
    exact = noise / np.float32(255)
    assert np.allclose(opened(tmp_path, rgb, "a.png").pixels, exact, atol=1e-6)
    photo = opened(tmp_path, grey, "a.png")
    assert photo.grey
    assert np.allclose(photo.pixels, exact[..., :1], atol=1e-6)
    bits = opened(tmp_path, Image.fromarray(noise[..., 0] > 127), "a.png")
    assert bits.grey
    assert np.array_equal(bits.pixels[..., 0], (noise[..., 0] > 127).astype(np.float32))
    palette = rgb.quantize(16)
    photo = opened(tmp_path, palette, "a.png")
    assert not photo.grey
    assert np.array_equal(np.rint(photo.pixels * 255), np.asarray(palette.convert("RGB")))
    photo = opened(tmp_path, palette, "a.png", transparency=3)
    assert np.array_equal(photo.alpha == 0, np.asarray(palette) == 3)
    photo = opened(tmp_path, palette, "a.png", transparency=bytes([0, 100] + [255] * 14))
    assert set(np.rint(photo.alpha * 255).astype(int).ravel()) == {0, 100, 255}
    photo = opened(tmp_path, grey, "a.png", transparency=7)
    assert photo.grey
    assert np.array_equal(photo.alpha == 0, noise[..., 0] == 7)
    photo = opened(tmp_path, rgb, "a.png", transparency=tuple(int(v) for v in noise[0, 0]))
    assert photo.alpha[0, 0] == 0
    photo = opened(tmp_path, Image.merge("LA", (grey, Image.fromarray(noise[..., 1]))), "a.png")
    assert photo.grey
    assert np.allclose(photo.alpha, exact[..., 1], atol=1e-6)


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
def test_cmyk(tmp_path: Path, name: str) -> None:
    """Ink 0 is white, full ink is its colour; JPEG stores it inverted, as Adobe does."""
    ink = np.zeros((16, 64, 4), np.uint8)
    ink[:, 16:32, 0] = ink[:, 32:48, 1] = ink[:, 48:, 3] = 255
    photo = opened(tmp_path, Image.fromarray(ink, "CMYK"), name)
    seen = photo.pixels[8, [8, 24, 40, 56]]
    assert np.abs(seen - np.array([[1, 1, 1], [0, 1, 1], [1, 0, 1], [0, 0, 0]])).max() < 0.1
    assert "CMYK" in photo.notes[0]
    assert io.open_photo(io.save_photo(tmp_path / "b.jpg", photo.pixels, like=photo)).hw == (16, 64)


def test_grey_folder(tmp_path: Path) -> None:
    """clouddream#9: a grey file between coloured ones is itself and not its neighbour."""
    rng = np.random.default_rng(2)
    for name, data in {
        "1": rng.integers(0, 99, (20, 20, 3)),
        "2": rng.integers(0, 255, (20, 20)),
        "10": rng.integers(150, 255, (20, 20, 3)),
    }.items():
        Image.fromarray(data.astype(np.uint8)).save(tmp_path / f"{name}.jpg", quality=100)
    (tmp_path / "notes.txt").touch()
    (tmp_path / "._1.jpg").touch()
    found = io.PhotoSet(tmp_path)
    assert [e.name for e in found.entries] == ["1.jpg", "2.jpg", "10.jpg"]
    photos = list(found)
    assert [p.grey for p in photos] == [False, True, False]
    for photo in photos:
        io.save_photo(
            tmp_path / "out" / photo.name if (tmp_path / "out").is_dir() else _made(tmp_path / "out") / photo.name, photo.pixels, like=photo
        )
    for photo in photos:
        back = io.open_photo(tmp_path / "out" / photo.name)
        best = max(photos, key=lambda p: np.corrcoef(p.pixels.ravel(), back.pixels.ravel())[0, 1])
        assert best.name == photo.name
        assert back.grey == photo.grey


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("kind", ["gif", "png", "webp", "tif"])
def test_moving(tmp_path: Path, kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), (60 * i, 0, 200)) for i in range(4)]
    frames[0].save(tmp_path / f"anim.{kind}", save_all=True, append_images=frames[1:])
    photo = io.open_photo(tmp_path / f"anim.{kind}")
    assert photo.notes == (f"anim.{kind} has 4 {'pages' if kind == 'tif' else 'frames'}; the first is used.",)
    assert np.abs(photo.pixels[5, 5] - np.array([0, 0, 200 / 255])).max() < 0.05


@pytest.mark.parametrize("compression", [None, "zlib", "lzw", "packbits", "zstd"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_tiff_16(tmp_path: Path, compression: str | None, planar: str) -> None:
    data = np.random.default_rng(0).integers(0, 65536, (23, 31, 3), dtype=np.uint16)
    stored = data if planar == "contig" else np.moveaxis(data, -1, 0)
    for order in ("<", ">"):
        tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", planarconfig=planar, compression=compression, byteorder=order)
        photo = io.open_photo(tmp_path / "a.tif")
        assert photo.depth == 16
        assert np.array_equal(np.rint(photo.pixels * 65535), data)


def test_tiff_12_bit(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(4096, dtype=np.uint16), (2, 1))
    tifffile.imwrite(tmp_path / "a.tif", ramp)
    photo = io.open_photo(tmp_path / "a.tif")
    assert np.array_equal(np.rint(photo.pixels[..., 0] * 65535), ramp)
    assert "12-bit" in photo.notes[0]
    tifffile.imwrite(tmp_path / "a.tif", ramp, extratags=[(281, 3, 1, 4095, True)])
    photo = io.open_photo(tmp_path / "a.tif")
    assert photo.notes == ()
    assert photo.pixels.max() == 1
    assert np.abs(photo.pixels[0, :, 0] - np.arange(4096) / 4095).max() < 1e-4


def test_tiff_float_and_odd(tmp_path: Path) -> None:
    values = np.random.default_rng(0).random((9, 8, 3)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="rgb")
    photo = io.open_photo(tmp_path / "a.tif")
    assert photo.depth == 16
    assert np.array_equal(photo.pixels, values)
    for bad, words in (
        (values * 900, "values from"),
        (values.astype(np.int16) - 5, "signed"),
        (np.zeros((9, 8, 13), np.uint16), "channels"),
    ):
        tifffile.imwrite(tmp_path / "a.tif", bad, photometric="rgb" if bad.shape[2] == 3 else "minisblack", planarconfig="contig")
        with pytest.raises(InputError, match=words):
            io.open_photo(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "w.tif", np.full((4, 4), 65535, np.uint16), photometric="miniswhite")
    assert io.open_photo(tmp_path / "w.tif").pixels.max() == 0


def test_png_16_is_not_dropped(tmp_path: Path) -> None:
    data = np.arange(256 * 3, dtype=np.uint16).reshape(1, 256, 3) + 20_000
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(data))
    assert np.array_equal(np.rint(io.open_photo(tmp_path / "a.png").pixels * 65535), data)


@given(
    mode=st.sampled_from(["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "F", "I", "I;16"]),
    w=st.integers(1, 30),
    h=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_pil_images(mode: str, w: int, h: int) -> None:
    grey = Image.fromarray(np.random.default_rng(w).integers(2, 255, (h, w), dtype=np.uint8))
    if mode == "F":
        image = Image.fromarray(np.asarray(grey, np.float32) / 255)
    elif mode in ("I", "I;16"):
        image = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257).convert(mode)
    elif mode == "LAB":
        image = Image.frombytes("LAB", (w, h), bytes(w * h * 3))
    else:
        image = grey.convert("RGB").convert(mode) if mode in ("HSV", "CMYK", "YCbCr") else grey.convert(mode)
    photo = io.open_photo(image)
    assert photo.hw == (h, w)
    assert photo.pixels.dtype == np.float32
    assert photo.name == "picture"
    if mode not in ("1", "LAB"):
        assert np.abs(photo.pixels - np.asarray(grey)[..., None] / 255).max() < 0.03


class Tensor:
    """As much of a tensor as the room asks for."""

    def __init__(self, data: np.ndarray) -> None:
        self.data = data

    def detach(self) -> Tensor:
        return self

    cpu = detach

    def float(self) -> Tensor:
        return Tensor(self.data.astype(np.float32))

    def is_floating_point(self) -> bool:
        return self.data.dtype.kind == "f"

    def numpy(self) -> np.ndarray:
        return self.data


def test_arrays_and_tensors(noise: np.ndarray) -> None:
    exact = noise / np.float32(255)
    first = np.moveaxis(exact, -1, 0)
    for given_ in (
        noise,
        exact,
        exact.astype(np.float64),
        noise.astype(np.uint16) * 257,
        Tensor(first),
        Tensor(first[None]),
        Tensor(np.moveaxis(noise, -1, 0)),
    ):
        photo = io.open_photo(given_)
        assert np.abs(photo.pixels - exact).max() < 1e-6
        assert (photo.name, photo.format) == ("picture", "PNG")
    assert io.open_photo(noise.astype(np.uint16) * 257).depth == 16
    assert io.open_photo(noise[..., 0]).grey
    assert io.open_photo(np.dstack([noise, noise[..., :1]])).alpha is not None
    assert io.open_photo(np.zeros((3, 3), bool)).pixels.max() == 0
    assert io.open_photo(np.zeros((5, 5, 3))).pixels.max() == 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p * 255.0, "Divide by 255"),
        (lambda p: p / 255.0, "divided by 255 twice"),
        (lambda p: (p - 0.45) / 0.225, "normalisation"),
        (lambda p: p * np.nan, "not finite"),
        (lambda p: (p * 255).astype(np.int64), "int64"),
        (lambda p: np.moveaxis(p, -1, 0), "moveaxis"),
        (lambda p: p[None], "shape"),
        (lambda p: p[:0], "no pixels"),
        (lambda p: p[0, 0, 0], "float32 is no picture"),
        (lambda p: None, "NoneType"),
        (lambda p: b"abc", "bytes"),
        (lambda p: Tensor(p), "permute"),
    ],
)
def test_arrays_refused(make: object, words: str, ramp: np.ndarray) -> None:
    with pytest.raises(InputError, match=words):
        io.open_photo(make(ramp))


def test_limit_of_arrays(noise: np.ndarray) -> None:
    for source in (noise, Image.fromarray(noise)):
        with pytest.raises(InputError, match="53 x 37"):
            io.open_photo(source, limit=100)


def test_cut_pil_image() -> None:
    buffer = std.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (99, 99, 3), dtype=np.uint8)).save(buffer, "JPEG")
    with pytest.raises(InputError, match="damaged"):
        io.open_photo(Image.open(std.BytesIO(buffer.getvalue()[:2000])))


def test_no_chunk_bomb(tmp_path: Path) -> None:
    """A profile that unpacks to gigabytes is stopped, the picture still opens."""
    import zlib

    from zorki.io import pngs

    data = bytes(imagecodecs.png_encode(np.zeros((4, 4, 3), np.uint16)))
    bomb = pngs.chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 50_000_000))
    (tmp_path / "a.png").write_bytes(data[:33] + bomb + struct.pack(">I", 0) + b"tEXt" + struct.pack(">I", zlib.crc32(b"tEXt")) + data[33:])
    with pytest.raises(InputError):
        io.open_photo(tmp_path / "a.png", limit=3)
    assert io.open_photo(tmp_path / "a.png").hw == (4, 4)


def test_camera_raw(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.dng", np.zeros((8, 8, 3), np.uint8), photometric="rgb", extratags=[(50706, 1, 4, (1, 4, 0, 0), True)])
    (tmp_path / "b.cr2").write_bytes(b"II*\0\x10\0\0\0CR\2\0" + b"\0" * 99)
    for name in ("a.dng", "b.cr2"):
        with pytest.raises(InputError, match="raw"):
            io.open_photo(tmp_path / name)


def test_one_bit_transparency(tmp_path: Path) -> None:
    bits = np.random.default_rng(0).random((9, 9)) > 0.5
    Image.fromarray(bits).save(tmp_path / "a.png", transparency=1)
    photo = io.open_photo(tmp_path / "a.png")
    assert np.array_equal(photo.alpha == 0, bits)


def test_long_texts_do_not_hurt(tmp_path: Path, noise: np.ndarray) -> None:
    """Pillow refuses a PNG whose text is longer than a megabyte, as workflow editors write them."""
    from zorki.io import pngs

    Image.fromarray(noise).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "a.png").write_bytes(data[:33] + pngs.chunk(b"tEXt", b"workflow\0" + b"x" * 70_000_000) + data[33:])
    assert np.array_equal(np.rint(io.open_photo(tmp_path / "a.png").pixels * 255), noise)


def test_tiffs_of_all_kinds(tmp_path: Path, noise: np.ndarray) -> None:
    rgb, grey = Image.fromarray(noise), Image.fromarray(noise[..., 0])
    for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
        assert np.array_equal(np.rint(opened(tmp_path, rgb, "a.tif", compression=compression).pixels * 255), noise)
    photo = opened(tmp_path, grey, "a.tif")
    assert (photo.grey, photo.depth) == (True, 8)
    palette = rgb.quantize(16)
    assert np.array_equal(np.rint(opened(tmp_path, palette, "a.tif").pixels * 255), np.asarray(palette.convert("RGB")))
    bits = noise[..., 0] > 127
    for compression in (None, "group4"):
        photo = opened(tmp_path, Image.fromarray(bits), "a.tif", compression=compression)
        assert np.array_equal(photo.pixels[..., 0], bits)
    smooth = rgb.resize((5, 4)).resize((64, 48))
    photo = opened(tmp_path, smooth, "a.tif", compression="jpeg", quality=95)
    assert np.abs(photo.pixels - np.asarray(smooth) / 255).mean() < 0.02
    assert opened(tmp_path, rgb.convert("YCbCr"), "a.tif").hw == (37, 53)
    alpha = noise[..., 1].astype(float)[..., None] / 255
    stored = np.concatenate([np.rint(noise * alpha), np.rint(alpha * 255)], 2).astype(np.uint8)
    tifffile.imwrite(tmp_path / "a.tif", stored, photometric="rgb", extrasamples=["assocalpha"])
    photo = io.open_photo(tmp_path / "a.tif")
    clear = alpha[..., 0] > 0.5
    assert np.abs(photo.pixels * 255 - noise)[clear].max() < 1.5


def test_damaged_tiff_is_quiet(tmp_path: Path, noise: np.ndarray, capfd: pytest.CaptureFixture[str]) -> None:
    for compression in ("tiff_adobe_deflate", "tiff_lzw", "raw"):
        Image.fromarray(noise).save(tmp_path / "a.tif", compression=compression)
        data = (tmp_path / "a.tif").read_bytes()
        for cut in (len(data) // 2, len(data) - 40):
            (tmp_path / "b.tif").write_bytes(data[:cut])
            with pytest.raises(InputError):
                io.open_photo(tmp_path / "b.tif")
            assert io.read_settings(tmp_path / "b.tif") is None
    many = np.zeros((4, 4, 30), np.uint8)
    tifffile.imwrite(tmp_path / "c.tif", many, photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="30 channels"):
        io.open_photo(tmp_path / "c.tif")
    assert io.read_settings(tmp_path / "c.tif") is None
    assert capfd.readouterr() == ("", "")
