"""Colours said without an ICC profile: code points in HEIC, AVIF and PNG, gamma and primaries in PNG; truths by the textbooks' formulas."""

from __future__ import annotations

import io as std
import struct
from pathlib import Path

import imagecodecs
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from zorki import io
from zorki.io import pngs

pytestmark = pytest.mark.unit

SRGB = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
P3 = np.array([[0.48657095, 0.26566769, 0.19821729], [0.22897456, 0.69173852, 0.07928691], [0, 0.04511338, 1.04394437]])
BT2020 = np.array([[0.6369580, 0.1446169, 0.1688810], [0.2627002, 0.6779981, 0.0593017], [0, 0.0280727, 1.0609851]])


def linear(srgb: np.ndarray) -> np.ndarray:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def encoded(light: np.ndarray) -> np.ndarray:
    light = np.clip(light, 0, 1)
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def fields(seed: int = 3) -> np.ndarray:
    """(48, 64, 3) sRGB 0..1: fields of 8 x 8, so that compression hurts no colour; red, green, orange and white are among them."""
    few = np.random.default_rng(seed).random((6, 8, 3))
    few[0, :4] = [1, 0, 0], [0, 1, 0], [1, 0.5, 0], [1, 1, 1]
    return np.repeat(np.repeat(few, 8, 0), 8, 1)


def in_p3(srgb: np.ndarray) -> np.ndarray:
    return np.rint(encoded(linear(srgb) @ (np.linalg.inv(P3) @ SRGB).T) * 255).astype(np.uint8)


def with_chunks(data: np.ndarray, *extra: tuple[bytes, bytes]) -> bytes:
    plain = bytes(imagecodecs.png_encode(data))
    return plain[:33] + b"".join(pngs.chunk(*one) for one in extra) + plain[33:]


def heic(data: np.ndarray, primaries: int, transfer: int, matrix: int = 1) -> bytes:
    """Eight bits as they are, sixteen as ten."""
    buffer = std.BytesIO()
    made = pillow_heif.from_bytes("RGB" if data.dtype == np.uint8 else "RGB;16", data.shape[1::-1], data.tobytes())
    said = {"color_primaries": primaries, "transfer_characteristics": transfer, "matrix_coefficients": matrix, "full_range_flag": 1}
    made.save(buffer, quality=100, chroma=444, **said)
    return buffer.getvalue()


def avif(data: np.ndarray, primaries: int, transfer: int) -> bytes:
    deep = data.dtype == np.uint16
    said = {"primaries": primaries, "transfer": transfer, "matrix": 0, "pixelformat": "444", "bitspersample": 10 if deep else 8}
    return bytes(imagecodecs.avif_encode(data >> 6 if deep else data, level=100, **said))


MAKERS = {
    "png": lambda data, p, t: with_chunks(data, (b"cICP", bytes((p, t, 0, 1)))),
    "avif": avif,
    "heic": heic,
}


@pytest.mark.parametrize("kind", MAKERS)
def test_display_p3(tmp_path: Path, kind: str) -> None:
    srgb = fields()
    stored = in_p3(srgb)
    (tmp_path / f"a.{kind}").write_bytes(MAKERS[kind](stored, 12, 13))
    photo = io.open_photo(tmp_path / f"a.{kind}")
    off = np.abs(photo.pixels - srgb)
    assert off.max() < 0.02  # eight bits of Display P3 are coarse in sRGB's darks
    assert off.mean() < 0.003
    assert photo.notes == ()
    out = io.save_photo(tmp_path / "b.png", photo.pixels, like=photo)  # the numbers of P3 again, and a profile that says so
    with Image.open(out) as back:
        assert np.abs(np.asarray(back).astype(int) - stored).mean() < 0.7
        assert back.info["icc_profile"] == photo.profile
    for ending in ("avif", "heic", "jpg", "webp", "tif"):
        again = io.open_photo(io.save_photo(tmp_path / f"c.{ending}", photo.pixels, like=photo))
        assert again.profile == photo.profile
        assert np.abs(again.pixels - photo.pixels).mean() < 0.04


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("codes", [(1, 13), (1, 1), (2, 2), (6, 6)])
def test_what_is_srgb_stays_as_it_is(tmp_path: Path, kind: str, codes: tuple[int, int]) -> None:
    data = np.rint(fields() * 255).astype(np.uint8)
    (tmp_path / f"a.{kind}").write_bytes(MAKERS[kind](data, *codes))
    photo = io.open_photo(tmp_path / f"a.{kind}")
    assert (photo.profile is None) == (codes != (6, 6))
    assert photo.notes == ()
    assert (np.abs(photo.pixels * 255 - data).max() < 4) == (codes != (6, 6))


def test_unknown_codes_are_said(tmp_path: Path) -> None:
    data = np.rint(fields() * 255).astype(np.uint8)
    for codes in ((3, 13), (1, 200)):
        (tmp_path / "a.png").write_bytes(MAKERS["png"](data, *codes))
        photo = io.open_photo(tmp_path / "a.png")
        assert "not known" in photo.notes[0]
        assert np.array_equal(np.rint(photo.pixels * 255), data)


def pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084, cd/m² to 0..1."""
    y = (light / 10_000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def hlg(scene: np.ndarray) -> np.ndarray:
    """ARIB STD-B67's curve: the scene's light 0..1 to 0..1."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), a * np.log(np.maximum(12 * scene - b, 1e-9)) + c)


@pytest.mark.parametrize("kind", MAKERS)
def test_hdr_below_the_knee_is_as_bright_as_it_says(tmp_path: Path, kind: str) -> None:
    """All up to 87 cd/m² is left alone: 203 are white, so it comes back as its share of that."""
    srgb = fields() * 0.65
    light = linear(srgb) @ (np.linalg.inv(BT2020) @ SRGB).T * 203
    assert light.max() < 87
    (tmp_path / f"a.{kind}").write_bytes(MAKERS[kind](np.rint(pq(light) * 65535).astype(np.uint16), 9, 16))
    photo = io.open_photo(tmp_path / f"a.{kind}")
    assert np.abs(photo.pixels - srgb).max() < (0.002 if kind == "png" else 0.04)
    assert np.abs(photo.pixels - srgb).mean() < (0.0002 if kind == "png" else 0.006)
    assert photo.profile is None
    assert photo.depth == 16
    assert photo.notes == (f"a.{kind} is in HDR (PQ); it is brought to the standard range, and so is the result.",)


def test_a_range_of_hdr(tmp_path: Path) -> None:
    """Of the signal, as it is stored."""
    (tmp_path / "a.png").write_bytes(MAKERS["png"](np.full((4, 4, 3), 20_000, np.uint16), 9, 16))
    whole = io.open_photo(tmp_path / "a.png").pixels
    assert np.abs(io.open_photo(tmp_path / "a.png", range=(0, 65535)).pixels - whole).max() < 1e-4
    assert io.open_photo(tmp_path / "a.png", range=(0, 30_000)).pixels.mean() > whole.mean() + 0.1


def test_hdr_above_it_bends_to_white(tmp_path: Path) -> None:
    light = np.geomspace(1, 10_000, 200)
    stored = np.repeat(np.rint(pq(light) * 65535).astype(np.uint16)[None, :, None], 3, 2)
    (tmp_path / "a.png").write_bytes(MAKERS["png"](stored, 9, 16))
    seen = io.open_photo(tmp_path / "a.png").pixels[0]
    assert np.abs(seen - seen[:, :1]).max() < 1e-5  # grey stays grey
    rises = np.diff(seen[:, 0])
    assert (rises > -1e-5).all()
    assert (rises[light[1:] < 900] > 1e-4).all()  # whatever is not yet white can be told apart
    assert np.allclose(seen[light >= 1001], 1, atol=1e-4)
    assert 0.85 < float(np.interp(203, light, seen[:, 0])) < 0.95  # paper white is nearly white, and lights have room above


def test_hlg_is_pq_of_the_same_light(tmp_path: Path) -> None:
    """BT.2100's OOTF by hand, on a screen of 1,000 cd/m²; BT.2408: 75 % of HLG are the white of 203 cd/m²."""
    scene = np.random.default_rng(0).random((20, 30, 3)) ** 3
    light = 1000 * (scene @ BT2020[1])[..., None] ** 0.2 * scene
    for name, data, codes in (("a", pq(light), (9, 16)), ("b", hlg(scene), (9, 18))):
        (tmp_path / f"{name}.png").write_bytes(MAKERS["png"](np.rint(data * 65535).astype(np.uint16), *codes))
    a, b = (io.open_photo(tmp_path / f"{name}.png").pixels for name in "ab")
    assert np.abs(a - b).max() < 0.005
    grey = [
        with_chunks(np.full((2, 2, 3), round(65535 * v), np.uint16), (b"cICP", bytes((9, t, 0, 1)))) for v, t in ((0.75, 18), (0.5807, 16))
    ]
    white = []
    for data in grey:
        (tmp_path / "c.png").write_bytes(data)
        white.append(float(io.open_photo(tmp_path / "c.png").pixels.mean()))
    assert abs(white[0] - white[1]) < 0.003


@pytest.mark.parametrize("deep", [False, True])
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("gamma", [1.0, 1 / 1.8])
def test_gamma_of_png(tmp_path: Path, deep: bool, grey: bool, gamma: float) -> None:
    srgb = fields()[..., :1] if grey else fields()
    top = 65535 if deep else 255
    stored = np.rint(linear(srgb) ** gamma * top).astype(np.uint16 if deep else np.uint8)
    (tmp_path / "a.png").write_bytes(with_chunks(stored[..., 0] if grey else stored, (b"gAMA", struct.pack(">I", round(gamma * 1e5)))))
    photo = io.open_photo(tmp_path / "a.png")
    truth = encoded((stored / top) ** (1 / gamma))
    assert np.abs(photo.pixels - truth).max() < 0.004
    assert photo.grey == grey
    back = imagecodecs.imread(io.save_photo(tmp_path / "b.png", photo.pixels, like=photo)).reshape(stored.shape)
    assert np.abs(back.astype(float) - stored).max() <= (100 if deep else 1)  # of 65535 or of 255
    if not deep:
        with Image.open(tmp_path / "a.png") as image:  # a person's own PIL image says it too
            assert np.abs(io.open_photo(image).pixels - truth).max() < 0.004


def test_primaries_of_png(tmp_path: Path) -> None:
    stored = in_p3(fields())
    xy = [31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000]
    (tmp_path / "a.png").write_bytes(with_chunks(stored, (b"gAMA", struct.pack(">I", 45455)), (b"cHRM", struct.pack(">8I", *xy))))
    assert np.abs(io.open_photo(tmp_path / "a.png").pixels - fields()).max() < 0.02


def test_what_counts_more_than_gamma(tmp_path: Path) -> None:
    data = np.rint(fields() * 255).astype(np.uint8)
    linear_ = (b"gAMA", struct.pack(">I", 100_000))
    adobe = bytes(imagecodecs.cms_profile("adobergb"))
    icc = pngs.write(data, adobe, None, {})
    for name, content, profile in (
        ("usual", with_chunks(data, (b"gAMA", struct.pack(">I", 45455))), None),
        ("srgb", with_chunks(data, linear_, (b"sRGB", b"\0")), None),
        ("cicp", with_chunks(data, linear_, (b"cICP", bytes((1, 13, 0, 1)))), None),
        ("icc", icc[:33] + pngs.chunk(*linear_) + icc[33:], adobe),
        ("over", icc[:33] + pngs.chunk(b"cICP", bytes((1, 13, 0, 1))) + icc[33:], None),
    ):
        (tmp_path / "a.png").write_bytes(content)
        photo = io.open_photo(tmp_path / "a.png")
        assert photo.profile == profile, name
        if profile is None:
            assert np.array_equal(np.rint(photo.pixels * 255), data), name


def test_narrow_range(tmp_path: Path) -> None:
    alpha = np.arange(64, dtype=np.uint8)[None, :, None].repeat(48, 0)
    narrow = np.rint(16 + fields() * 219).astype(np.uint8)
    (tmp_path / "a.png").write_bytes(with_chunks(np.dstack([narrow, alpha]), (b"cICP", bytes((1, 13, 0, 0)))))
    photo = io.open_photo(tmp_path / "a.png")
    assert np.abs(photo.pixels - fields()).max() < 0.005
    assert np.array_equal(np.rint(photo.alpha * 255), alpha[..., 0])


@pytest.mark.parametrize("numbers", [[0] * 8, [31270, 32900] * 4, [31270, 0, 68000, 32000, 26500, 69000, 15000, 6000], [2**32 - 1] * 8])
def test_no_colours(tmp_path: Path, numbers: list[int]) -> None:
    data = np.rint(fields() * 255).astype(np.uint8)
    for extra in ((b"cHRM", struct.pack(">8I", *numbers)), (b"gAMA", struct.pack(">I", 0))):
        (tmp_path / "a.png").write_bytes(with_chunks(data, extra))
        photo = io.open_photo(tmp_path / "a.png")
        assert "no colours" in photo.notes[0]
        assert np.array_equal(np.rint(photo.pixels * 255), data)
