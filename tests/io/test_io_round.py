"""What is opened and saved comes back: colours, depth, alpha, EXIF, orientation, settings."""

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
from PIL import Image, ImageCms

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit

ADOBE = bytes(imagecodecs.cms_profile("adobergb"))
SRGB = bytes(imagecodecs.cms_profile("srgb"))
GREY18 = bytes(imagecodecs.cms_profile("gray", gamma=1.8))


def inside_srgb(depth: int) -> np.ndarray:
    """(32, 48, 3) colours that both sRGB and Adobe RGB can show, in Adobe RGB numbers: by the textbook formulas, not by littlecms."""
    rng = np.random.default_rng(5)
    srgb = rng.random((32, 48, 3))
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])
    to_adobe = np.array([[2.0413690, -0.5649464, -0.3446944], [-0.9692660, 1.8760108, 0.0415560], [0.0134474, -0.1183897, 1.0154096]])
    adobe = np.clip(linear @ to_xyz.T @ to_adobe.T, 0, 1) ** (1 / 2.19921875)
    top = 255 if depth == 8 else 65535
    return np.rint(adobe * top).astype(np.uint8 if depth == 8 else np.uint16), srgb


def test_adobe_rgb_8(tmp_path: Path) -> None:
    data, srgb = inside_srgb(8)
    Image.fromarray(data).save(tmp_path / "a.png", icc_profile=ADOBE)
    photo = io.open_photo(tmp_path / "a.png")
    assert photo.profile == ADOBE
    assert np.abs(photo.pixels - srgb).max() < 0.04  # the darks are coarse in 8-bit Adobe RGB
    assert np.abs(photo.pixels - srgb).mean() < 0.002
    io.save_photo(tmp_path / "b.png", photo.pixels, like=photo)
    with Image.open(tmp_path / "b.png") as back:
        assert back.info["icc_profile"] == ADOBE
        off = np.abs(np.asarray(back).astype(int) - data)
        assert off.max() <= 2
        assert off.mean() < 0.1


@pytest.mark.parametrize("ending", ["png", "tif"])
def test_adobe_rgb_16(tmp_path: Path, ending: str) -> None:
    data, srgb = inside_srgb(16)
    like = io.Photo(pixels=np.zeros((1, 1, 3), np.float32), depth=16, profile=ADOBE)
    photo = io.open_photo(io.save_photo(tmp_path / f"a.{ending}", srgb.astype(np.float32), like=like))
    assert (photo.depth, photo.profile) == (16, ADOBE)
    assert np.abs(photo.pixels - srgb).max() < 1e-3
    written = tifffile.imread(tmp_path / "a.tif") if ending == "tif" else imagecodecs.imread(tmp_path / "a.png")
    assert np.abs(written.astype(int) - data).mean() < 20  # of 65535; eight bits would be off by 64 on average
    io.save_photo(tmp_path / f"b.{ending}", photo.pixels, like=photo)
    again = io.open_photo(tmp_path / f"b.{ending}")
    assert np.abs(again.pixels - photo.pixels).max() < 1e-3


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIF"])
def test_profile_of_every_kind(tmp_path: Path, kind: str, ramp: np.ndarray) -> None:
    ending = {"JPEG": "jpg", "HEIF": "heic"}.get(kind, kind.lower())
    like = io.Photo(pixels=ramp, profile=ADOBE, format=kind)
    path = io.save_photo(tmp_path / f"a.{ending}", ramp * 0.6 + 0.2, like=like)
    photo = io.open_photo(path)
    assert photo.profile == ADOBE
    assert np.abs(photo.pixels - (ramp * 0.6 + 0.2)).mean() < 0.02
    assert photo.format == kind


def test_srgb_by_any_name_is_srgb(tmp_path: Path, noise: np.ndarray) -> None:
    for profile in (SRGB, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()):
        Image.fromarray(noise).save(tmp_path / "a.png", icc_profile=profile)
        photo = io.open_photo(tmp_path / "a.png")
        assert photo.profile is None
        assert np.array_equal(np.rint(photo.pixels * 255), noise)


def test_broken_profile(tmp_path: Path) -> None:
    data, _ = inside_srgb(8)
    Image.fromarray(data).save(tmp_path / "a.png", icc_profile=b"\0" * 200)
    photo = io.open_photo(tmp_path / "a.png")
    assert photo.profile is None
    assert "profile" in photo.notes[0]
    assert np.array_equal(np.rint(photo.pixels * 255), data)


def lut_profile(points: int = 17) -> bytes:
    """An RGB profile of tables only (scanner, mft2) whose R, G, B are sRGB's G, B, R; by ICC.1 10.10, Lab of D50."""
    axis = np.linspace(0, 1, points)
    rgb = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)[..., [2, 0, 1]]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4360747, 0.3850649, 0.1430804], [0.2225045, 0.7168786, 0.0606169], [0.0139322, 0.0971045, 0.7141733]])
    ratio = linear @ to_xyz.T / to_xyz.sum(1)
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio * (29 / 6) ** 2 / 3 + 4 / 29)
    lab = np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1)
    stored = np.stack([lab[..., 0] * 652.8, (lab[..., 1] + 128) * 256, (lab[..., 2] + 128) * 256], -1)
    table = np.rint(np.clip(stored, 0, 65535)).astype(">u2").tobytes()
    identity = struct.pack(">9i", *(65536 if i % 4 == 0 else 0 for i in range(9)))
    line = struct.pack(">2H", 0, 65535)
    lut = b"mft2\0\0\0\0" + bytes([3, 3, points, 0]) + identity + struct.pack(">HH", 2, 2) + line * 3 + table + line * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061)
    words = b"text\0\0\0\0none\0"
    tags, at, body = [(b"A2B0", lut), (b"wtpt", white), (b"cprt", words)], 128 + 4 + 36, b""
    index = struct.pack(">I", 3)
    for name, content in tags:
        index += name + struct.pack(">II", at + len(body), len(content))
        body += content + b"\0" * (-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", at + len(body), b"\0" * 4, 0x02400000, b"scnr", b"RGB ", b"Lab ") + b"\0" * 12 + b"acsp" + b"\0" * 28
    return head + struct.pack(">3i", 63190, 65536, 54061) + b"\0" * 48 + index + body


@pytest.mark.parametrize("deep", [False, True])
def test_lut_profile(tmp_path: Path, deep: bool) -> None:
    profile, rng = lut_profile(), np.random.default_rng(1)
    data = rng.integers(0, 65536, (20, 20, 3), dtype=np.uint16) if deep else rng.integers(0, 256, (20, 20, 3), dtype=np.uint8)
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, data, photometric="rgb", iccprofile=profile)
    photo = io.open_photo(path)
    truth = data[..., [2, 0, 1]] / np.iinfo(data.dtype).max
    assert photo.profile == profile
    assert np.abs(photo.pixels - truth).mean() < 0.01
    assert np.abs(photo.pixels - truth).max() < 0.06  # between the table's points it is a straight line
    again = io.open_photo(io.save_photo(tmp_path / "b.tif", photo.pixels, like=photo))
    assert again.profile is None  # a scanner's profile leads one way only
    assert np.abs(again.pixels - photo.pixels).max() < 0.003


def test_grey_profile(tmp_path: Path) -> None:
    grey = np.tile(np.arange(256, dtype=np.uint8), (4, 1))
    Image.fromarray(grey).save(tmp_path / "g.png", icc_profile=GREY18)
    photo = io.open_photo(tmp_path / "g.png")
    linear = (grey / 255) ** 1.8
    truth = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    assert np.abs(photo.pixels - truth[..., None]).max() < 0.01
    io.save_photo(tmp_path / "h.png", photo.pixels, like=photo)
    with Image.open(tmp_path / "h.png") as back:
        assert back.mode == "L"
        off = np.abs(np.asarray(back).astype(int) - grey)
        assert off.max() <= 2
        assert off.mean() < 0.1


@given(
    h=st.integers(1, 40), w=st.integers(1, 40), channels=st.integers(1, 4), deep=st.booleans(), tif=st.booleans(), seed=st.integers(0, 99)
)
@settings(max_examples=60, deadline=None)
def test_lossless_is_lossless(
    tmp_path_factory: pytest.TempPathFactory, h: int, w: int, channels: int, deep: bool, tif: bool, seed: int
) -> None:
    kind = np.uint16 if deep else np.uint8
    data = np.random.default_rng(seed).integers(0, np.iinfo(kind).max, (h, w, channels), dtype=kind, endpoint=True)
    path = tmp_path_factory.mktemp("x") / ("a.tif" if tif else "a.png")
    if tif:
        extra = ["unassalpha"] if channels in (2, 4) else None
        plain = data if channels > 1 else data[..., 0]
        photometric = "rgb" if channels > 2 else "minisblack"
        tifffile.imwrite(path, plain, photometric=photometric, planarconfig="contig" if channels > 1 else None, extrasamples=extra)
    else:
        path.write_bytes(imagecodecs.png_encode(np.ascontiguousarray(data if channels > 1 else data[..., 0])))
    photo = io.open_photo(path)
    assert (photo.hw, photo.depth, photo.grey) == ((h, w), 16 if deep else 8, channels < 3)
    out = io.open_photo(io.save_photo(path.with_stem("b"), photo.pixels, like=photo))
    top = np.iinfo(kind).max
    assert np.array_equal(np.rint(out.pixels * top).astype(kind), np.broadcast_to(data[..., : 1 if channels < 3 else 3], (h, w, 3)))
    assert (out.alpha is None) == (channels in (1, 3))
    if out.alpha is not None:
        assert np.array_equal(np.rint(out.alpha * top).astype(kind), data[..., -1])
    assert (out.depth, out.grey) == (photo.depth, photo.grey)


CORNERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 255]]], np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["jpg", "png", "png16", "webp", "tif", "tif16", "avif", "heic"])
def test_orientation(tmp_path: Path, orientation: int, kind: str) -> None:
    """Four colours in the corners of a 24 x 40 picture, stored turned as a camera would, come out upright."""
    truth = np.repeat(np.repeat(CORNERS, 12, 0), 20, 1)
    undo = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}[orientation]
    turn = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}  # EXIF number to PIL's transpose
    stored = Image.fromarray(truth)
    if undo > 1:
        method = [Image.Transpose.FLIP_LEFT_RIGHT, Image.Transpose.FLIP_TOP_BOTTOM, Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_180,
                  Image.Transpose.ROTATE_270, Image.Transpose.TRANSPOSE, Image.Transpose.TRANSVERSE][turn[undo]]  # fmt: skip
        stored = stored.transpose(method)
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Maker"
    path = tmp_path / f"a.{kind.removesuffix('16')}"
    if kind == "tif16":
        tags = [(274, 3, 1, orientation, True), (271, 2, 0, "Maker", True)]
        tifffile.imwrite(path, np.asarray(stored).astype(np.uint16) * 257, photometric="rgb", extratags=tags)
    elif kind == "png16":
        path.write_bytes(imagecodecs.png_encode(np.asarray(stored).astype(np.uint16) * 257))
        data = path.read_bytes()
        from zorki.io import pngs

        path.write_bytes(data[:33] + pngs.chunk(b"eXIf", exif.tobytes().removeprefix(b"Exif\0\0")) + data[33:])
    elif kind == "heic":
        import pillow_heif

        pillow_heif.from_pillow(stored).save(path, exif=exif.tobytes(), quality=95)
    else:
        stored.save(path, exif=exif.tobytes())
    photo = io.open_photo(path)
    assert photo.hw == (24, 40)
    seen = photo.pixels[[2, 2, -3, -3], [2, -3, 2, -3]]
    assert np.abs(seen - CORNERS.reshape(4, 3) / 255).max() < 0.15
    out = io.save_photo(path.with_stem("b"), photo.pixels, like=photo)
    again = io.open_photo(out)
    assert again.hw == (24, 40)
    kept = Image.Exif()
    kept.load(again.exif or b"")
    assert kept[0x010F] == "Maker"
    assert kept.get(0x0112, 1) == 1


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "heic", "tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_exif_kept(tmp_path: Path, ending: str, depth: int, ramp: np.ndarray) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x8298] = "Maker", "(c) Ada"
    exif[0x8769] = {0x829A: 0.005, 0x9003: "2024:01:02 03:04:05", 0x920A: 35.0}
    exif[0x8825] = {1: "N", 2: (59.0, 56.0, 19.5)}
    photo = io.open_photo(io.save_photo(tmp_path / f"a.{ending}", ramp, like=io.Photo(pixels=ramp, depth=depth, exif=exif.tobytes())))
    kept = Image.Exif()
    kept.load(photo.exif or b"")
    assert (kept[0x010F], kept[0x8298]) == ("Maker", "(c) Ada")
    assert kept.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
    assert abs(float(kept.get_ifd(0x8769)[0x829A]) - 0.005) < 1e-6
    assert float(kept.get_ifd(0x8825)[2][2]) == 19.5


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "heic", "tif", "gif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_settings_kept(tmp_path: Path, ending: str, depth: int, ramp: np.ndarray) -> None:
    said = {"command": "see dream", "text": "é <&> \"'", "n": [1, 2.5, None]}
    path = io.save_photo(tmp_path / f"a.{ending}", ramp, like=io.Photo(pixels=ramp, depth=depth), settings=said)
    assert io.read_settings(path) == said
    assert io.read_settings(io.save_photo(tmp_path / f"b.{ending}", ramp)) is None


def test_settings_of_strangers(tmp_path: Path) -> None:
    for content in (b"", b"text", b"\x89PNG\r\n\x1a\n" + b"\xff" * 50, b"\xff\xd8\xff"):
        (tmp_path / "a.png").write_bytes(content)
        assert io.read_settings(tmp_path / "a.png") is None
    with pytest.raises(InputError):
        io.read_settings(tmp_path / "none.png")


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "heic", "tif", "gif", "bmp"])
def test_alpha(tmp_path: Path, ending: str, ramp: np.ndarray) -> None:
    alpha = np.linspace(0, 1, 40 * 60, dtype=np.float32).reshape(40, 60)
    photo = io.open_photo(io.save_photo(tmp_path / f"a.{ending}", ramp, like=io.Photo(pixels=ramp, alpha=alpha)))
    if ending in ("jpg", "gif", "bmp"):
        assert photo.alpha is None
        over = ramp * alpha[..., None] + 1 - alpha[..., None]
        assert np.abs(photo.pixels - over).mean() < 0.05
    else:
        assert photo.alpha is not None
        assert np.abs(photo.alpha - alpha).max() < 0.02
    larger = io.save_photo(tmp_path / "l.png", io.resize(ramp, (80, 120)), like=io.Photo(pixels=ramp, alpha=alpha))
    assert io.open_photo(larger).alpha.shape == (80, 120)


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "avif", "heic", "tif", "gif", "bmp"])
@pytest.mark.parametrize("hw", [(1, 1), (37, 911), (1, 64), (63, 1)])
def test_odd_sizes(tmp_path: Path, ending: str, hw: tuple[int, int]) -> None:
    pixels = np.full((*hw, 3), 0.5, np.float32)
    photo = io.open_photo(io.save_photo(tmp_path / f"a.{ending}", pixels))
    assert photo.hw == hw
    assert np.abs(photo.pixels - 0.5).max() < 0.02


def test_output_name() -> None:
    def named(name: str, kind: str) -> str:
        return io.output_name(io.Photo(pixels=np.zeros((1, 1, 3), np.float32), name=name, format=kind), "dream")

    assert named("cat.jpg", "JPEG") == "cat.dream.jpg"
    assert named("a.b.JPEG", "JPEG") == "a.b.dream.JPEG"
    assert named("x.gif", "GIF") == "x.dream.png"
    assert named("x.bmp", "BMP") == "x.dream.png"
    assert named("x.heic", "HEIF") == "x.dream.heic"
    assert named("wrong.png", "JPEG") == "wrong.dream.jpg"
    assert named("no.ending", "TIFF") == "no.ending.dream.tif"
    assert named("picture", "PNG") == "picture.dream.png"


def test_encode(noise: np.ndarray) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        for picture in (noise, noise / np.float32(255), noise[..., :1], noise[..., 0]):
            with Image.open(std.BytesIO(io.encode(picture, kind))) as image:
                assert image.size == (53, 37)
                if kind == "PNG" and image.mode == "RGB":
                    assert np.array_equal(np.asarray(image), noise)


def test_too_long_for_jpeg(tmp_path: Path, ramp: np.ndarray) -> None:
    """EXIF of a PNG may be longer than a JPEG can hold: the picture is written all the same."""
    exif = Image.Exif()
    exif[0x010E] = "x" * 70_000
    like = io.Photo(pixels=ramp, exif=exif.tobytes())
    assert io.open_photo(io.save_photo(tmp_path / "a.jpg", ramp, like=like, settings={"long": "y" * 70_000})).exif is None
    assert io.open_photo(io.save_photo(tmp_path / "a.png", ramp, like=like)).exif is not None
