"""No file that is written shows the picture as it was before: not in EXIF's small copy, not in anything else that came along."""

from __future__ import annotations

import io as streams
import struct
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from PIL import ExifTags, Image

from zorki import io
from zorki.io import exif as tables
from zorki.io import pngs
from zorki.io.photo import Array

RED, BLUE = (220, 30, 40), (20, 60, 200)


def jpeg(pixels: Array, **extra: object) -> bytes:
    buffer = streams.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=95, **extra)
    return buffer.getvalue()


def flat(colour: tuple[int, int, int], h: int = 90, w: int = 120) -> Array:
    return np.tile(np.array(colour, np.uint8), (h, w, 1))


def table(end: str, at: int, entries: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
    """An EXIF table as it lies at `at`; entries: tag, type, count, value."""
    head, body = struct.pack(end + "H", len(entries)), b""
    behind = at + 2 + 12 * len(entries) + 4
    for tag, kind, count, value in entries:
        head += struct.pack(end + "HHI", tag, kind, count)
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack(end + "I", behind + len(body))
            body += value + b"\0" * (len(value) % 2)
    return head + struct.pack(end + "I", following) + body


def told(end: str, small: bytes) -> bytes:
    """EXIF by hand, with copies of the picture in every place that is known for them: its own table, the maker's notes, Photoshop's resources, Windows' tag."""
    number = lambda *n: struct.pack(end + "I" * len(n), *n)  # noqa: E731
    maker = [(0x927C, 7, len(small) + 6, b"Maker\0" + small), (0x9003, 2, 20, b"2024:01:02 03:04:05\0")]
    first = [
        (0x010F, 2, 6, b"Maker\0"),
        (0x0112, 3, 1, struct.pack(end + "HH", 6, 0)),
        (0x501B, 1, len(small), small),
        (0x8649, 1, len(small), small),
        (0x8769, 4, 1, b""),
    ]
    sized = [(t, k, c, v or number(0)) for t, k, c, v in first]
    second_at = 8 + len(table(end, 8, sized))
    third_at = second_at + len(table(end, second_at, maker))
    jpeg_at = third_at + len(table(end, third_at, [(0x0103, 3, 1, b"0000"), (0x0201, 4, 1, number(0)), (0x0202, 4, 1, number(0))]))
    third = table(
        end,
        third_at,
        [(0x0103, 3, 1, struct.pack(end + "HH", 6, 0)), (0x0201, 4, 1, number(jpeg_at)), (0x0202, 4, 1, number(len(small)))],
    )
    pointed = [(t, k, c, v or number(second_at)) for t, k, c, v in first]
    head = (b"II*\0" if end == "<" else b"MM\0*") + number(8)
    return b"Exif\0\0" + head + table(end, 8, pointed, third_at) + table(end, second_at, maker) + third + small


def inside(data: bytes) -> list[Image.Image]:
    """Every JPEG that begins anywhere inside a file behind its first bytes, found by its mark alone and not by any table."""
    out, at = [], 1
    while (at := data.find(b"\xff\xd8\xff", at)) > 0:
        image = Image.open(streams.BytesIO(data[at:]))
        image.load()
        out.append(image.convert("RGB"))
        at += 3
    return out


@pytest.mark.parametrize("end", ["<", ">"])
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_copies_are_made_anew(tmp_path: Path, ending: str, end: str) -> None:
    path = tmp_path / "in.jpg"
    path.write_bytes(jpeg(flat(RED, 300, 400), exif=told(end, jpeg(flat(RED)))))
    assert len(inside(path.read_bytes())) == 4
    photo = io.open_photo(path)
    assert photo.small
    assert photo.hw == (400, 300)
    assert b"\xff\xd8\xff" not in (photo.exif or b"")
    new = np.array(photo.pixels)
    new[:] = np.array(BLUE) / 255
    new[:200] = 0.5
    written = io.save_photo(tmp_path / f"out.{ending}", new, like=photo)
    (small,) = inside(written.read_bytes())
    assert small.size == (120, 160)
    with Image.open(written) as image:
        wanted, kept = image.convert("RGB").resize((120, 160), Image.Resampling.BOX), image.getexif()
    off = np.abs(np.asarray(small, int) - np.asarray(wanted, int))
    assert off.mean() < 1
    assert off[:70].max() <= 3
    assert off[90:].max() <= 3
    assert kept[0x010F] == "Maker"
    assert kept.get_ifd(0x8769)[0x9003] == "2024:01:02 03:04:05"
    stood = kept.get_ifd(ExifTags.IFD.IFD1)  # as another reader of the table finds it
    assert stood[0x0103] == 6
    assert stood[0x0202] > 400
    again = io.open_photo(written)
    assert again.small
    assert io.save_photo(tmp_path / f"again.{ending}", again.pixels, like=again).exists()


def test_none_is_made_where_none_was(tmp_path: Path, noise: Array) -> None:
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(noise, exif=exif.tobytes()))
    photo = io.open_photo(path)
    assert not photo.small
    assert not inside(io.save_photo(tmp_path / "b.jpg", photo.pixels, like=photo).read_bytes())


def test_tiff_has_no_place_for_one(tmp_path: Path, noise: Array) -> None:
    path = tmp_path / "in.jpg"
    path.write_bytes(jpeg(noise, exif=told("<", jpeg(noise))))
    photo = io.open_photo(path)
    assert not inside(io.save_photo(tmp_path / "a.tif", photo.pixels, like=photo).read_bytes())


def test_white_is_behind_what_is_transparent(tmp_path: Path) -> None:
    pixels, alpha = flat(RED) / np.float32(255), np.zeros((90, 120), np.float32)
    alpha[:, 60:] = 1
    photo = io.Photo(pixels=pixels.astype(np.float32), alpha=alpha, small=True)
    (small,) = inside(io.save_photo(tmp_path / "a.png", photo.pixels, like=photo).read_bytes())
    said = np.asarray(small, int)
    assert (said[:, :50] >= 253).all()
    assert np.abs(said[:, 70:] - RED).max() <= 4


def test_more_than_a_jpeg_holds(tmp_path: Path, noise: Array) -> None:
    exif = Image.Exif()
    exif[0x010E] = "x" * 64_000
    photo = io.Photo(pixels=noise / np.float32(255), exif=exif.tobytes(), small=True, format="JPEG")
    written = io.save_photo(tmp_path / "a.jpg", photo.pixels, like=photo)
    assert not inside(written.read_bytes())
    with Image.open(written) as image:
        assert image.getexif()[0x010E] == "x" * 64_000


@pytest.mark.parametrize("broken", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"nonsense" * 9])
def test_broken_tables_are_no_error(broken: bytes) -> None:
    assert tables.read_exif(broken) == (1, None, False)


def test_makers_notes_alone_go() -> None:
    read = tables.read_exif(told("<", jpeg(flat(RED))).replace(b"\xff\xd8\xff", b"\0\0\0"))  # notes that nobody can look into
    assert read.kept is not None
    assert read.small
    left = Image.Exif()
    left.load(tables.unmade(read.kept) or b"")
    assert left[0x010F] == "Maker"
    assert set(left.get_ifd(0x8769)) == {0x9003}
    only = Image.Exif()
    only[0x8769] = {0x927C: b"notes"}
    assert tables.unmade(only.tobytes()) is None


def wide() -> bytes:
    """A profile with other primaries than sRGB's."""
    return bytes(
        imagecodecs.cms_profile("rgb", whitepoint=(0.3127, 0.329, 1.0), primaries=(0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1), gamma=2.2)
    )


@pytest.mark.parametrize("depth", [8, 16])
def test_what_stays_is_stored_as_it_was(tmp_path: Path, depth: int) -> None:
    """Also colours that sRGB cannot show."""
    kind = np.uint8 if depth == 8 else np.uint16
    numbers = np.random.default_rng(1).integers(0, np.iinfo(kind).max, (40, 50, 3), dtype=kind, endpoint=True)
    path = tmp_path / "a.png"
    path.write_bytes(pngs.write(numbers, wide(), None, {}))
    photo = io.open_photo(path)
    assert photo.profile is not None
    new = photo.pixels.copy()
    new[10:20, 5:30] = 0.5
    written = pngs.read(io.save_photo(tmp_path / "b.png", new, like=photo).read_bytes(), "b").data
    away = np.ones((40, 50), bool)
    away[10:20, 5:30] = False
    np.testing.assert_array_equal(written[away], numbers[away])
    changed = replace(photo, pixels=new)  # whose own pixels are the new ones: still nothing of the old ones comes back
    again = pngs.read(io.save_photo(tmp_path / "c.png", new, like=changed).read_bytes(), "c").data
    np.testing.assert_array_equal(again, written)
    assert len(np.unique(written[~away].reshape(-1, 3), axis=0)) == 1


def test_grey_with_a_profile_too(tmp_path: Path) -> None:
    numbers = np.random.default_rng(2).integers(0, 256, (30, 30, 1), dtype=np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(pngs.write(numbers, bytes(imagecodecs.cms_profile("gray", gamma=1.8)), None, {}))
    photo = io.open_photo(path)
    assert photo.stored is not None
    written = pngs.read(io.save_photo(tmp_path / "b.png", photo.pixels, like=photo).read_bytes(), "b").data
    np.testing.assert_array_equal(written, numbers)
