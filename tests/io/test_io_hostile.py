"""Whatever is no whole picture gives one InputError of short sentences, and nothing else."""

from __future__ import annotations

import io as std
import os
import struct
import unicodedata
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit


def encoded(kind: str, size: tuple[int, int] = (120, 90)) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    if kind == "HEIF":
        import pillow_heif

        buffer = std.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(pixels)).save(buffer)
        return buffer.getvalue()
    if kind == "TIFF16":
        import tifffile

        buffer = std.BytesIO()
        tifffile.imwrite(buffer, pixels.astype(np.uint16) * 257, photometric="rgb")
        return buffer.getvalue()
    if kind == "PNG16":
        import imagecodecs

        return bytes(imagecodecs.png_encode(pixels.astype(np.uint16) * 257))
    buffer = std.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    return buffer.getvalue()


def png_header(width: int, height: int, depth: int = 8, colour: int = 2) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    idat = b"IDAT" + zlib.compress(b"\0" * 100)
    parts = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (body, idat, b"IEND")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def refused(path: Path, *words: str) -> InputError:
    """The one error, checked for form: names the file, three short sentences at most, no word of any library."""
    with pytest.raises(InputError) as caught:
        io.open_photo(path)
    error = caught.value
    assert error.got
    for part in error.lines():
        assert "\n" not in part
        assert len(part) < 200
        assert part.rstrip()[-1] in ".?…"
    for word in words:
        assert word in str(error), str(error)
    return error


KINDS = ["JPEG", "PNG", "PNG16", "WEBP", "GIF", "BMP", "TIFF", "TIFF16", "AVIF", "HEIF"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("cut", [20, 900, 0.5])
def test_cut(tmp_path: Path, kind: str, cut: float) -> None:
    data = encoded(kind)
    path = tmp_path / "cut.bin"
    path.write_bytes(data[: int(cut if cut > 1 else cut * len(data))])
    refused(path, "cut.bin")


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_bytes_never_escape(tmp_path: Path, kind: str) -> None:
    """Random bytes overwritten: it opens or it is an InputError."""
    data, rng = encoded(kind, (40, 30)), np.random.default_rng(3)
    path = tmp_path / "hurt.bin"
    for _ in range(40):
        hurt = bytearray(data)
        for at in rng.integers(0, min(len(hurt), 400), 4):
            hurt[at] = rng.integers(256)
        path.write_bytes(bytes(hurt))
        try:
            photo = io.open_photo(path, limit=1_000_000)
        except InputError:
            continue
        assert np.isfinite(photo.pixels).all()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello, I am a text\n" * 9, "text file"),
        (b"\x7fELF\x02\x01\x01" + b"\0" * 60, "program"),
        (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"%PDF-1.7\n%\xe2\xe3", "PDF"),
        (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41" + b"\0" * 40, "video"),
        (b"RIFF\x24\0\0\0WEBP" + b"junk" * 9, "damaged"),
        (b"GIF89a" + b"\xff" * 30, "damaged"),
        (b"II*\0\xff\xff\xff\x7f", "damaged"),
        (b"II*\0\x08\0\0\0\0\0\0\0\0\0", "no pixels"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 50, "damaged"),
        (b"BM" + b"\0" * 60, ""),
        (png_header(100_000, 100_000), "100000 x 100000"),
        (png_header(100_000, 100_000, 16), "100000 x 100000"),
        (png_header(0, 0), ""),
        (png_header(5, 5, 16), "damaged"),
        (b"\0" * 5000, "not a known kind"),
    ],
)
def test_not_a_picture(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(content)
    refused(path, "cat.jpg", words)


def test_places(tmp_path: Path) -> None:
    refused(tmp_path, "folder")
    (tmp_path / "kitten.jpg").write_bytes(encoded("JPEG"))
    assert "kitten.jpg" in refused(tmp_path / "kiten.jpg").expected
    refused(tmp_path / "no" / "cat.jpg", "no folder")
    refused(Path("/dev/zero"), "device")
    refused(tmp_path / ("x" * 300 + ".jpg"))
    refused(tmp_path / "a\0b.jpg")
    os.mkfifo(tmp_path / "pipe.jpg")
    refused(tmp_path / "pipe.jpg", "pipe")


def test_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cat.jpg"
    path.write_bytes(encoded("JPEG"))

    def deny(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", deny)  # root may read everything, so that chmod would prove nothing
    refused(path, "Permission denied")


@pytest.mark.parametrize("name", ["caf\u00e9, au lait.jpg", "cafe\u0301.jpg", "Кот 1.jpg", "사진.jpg", "ı/ü.jpg", "[1].jpg"])
def test_letters(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(encoded("JPEG"))
    for form in ("NFC", "NFD"):
        assert io.open_photo(tmp_path / unicodedata.normalize(form, name)).hw == (90, 120)
    assert [e.name for e in io.PhotoSet([path]).entries] == [path.name]


def test_pillows_own_limit_plays_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow warns above a global limit and refuses above twice that: our limit is our own, and Pillow's is left alone."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 700)
    for kind in KINDS:
        path = tmp_path / "a.bin"
        path.write_bytes(encoded(kind, (40, 30)))
        assert io.open_photo(path).hw == (30, 40)
        with pytest.raises(InputError, match="1,000"):
            io.open_photo(path, limit=1_000)
    assert Image.MAX_IMAGE_PIXELS == 700
