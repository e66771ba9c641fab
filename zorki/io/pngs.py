"""PNG by its chunks: 16 bit, profile, EXIF and text beside pixels that imagecodecs packs (Pillow drops 16-bit colour)."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np

from zorki.io.exif import read_exif
from zorki.io.photo import Array, Raw

_START = b"\x89PNG\r\n\x1a\n"


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(type, content) of each chunk; ends quietly where the file does."""
    at = len(_START)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length]
        at += 12 + length


def header(data: bytes) -> tuple[int, int]:
    """Bit depth and colour type as the first chunk says; (0, 0) when it is cut."""
    return (data[24], data[25]) if len(data) >= 26 else (0, 0)


def read(data: bytes) -> Raw:
    """A 16-bit PNG. Raises what imagecodecs raises when it is damaged."""
    pixels: Array = imagecodecs.png_decode(data)
    pixels = pixels if pixels.ndim == 3 else pixels[..., None]
    raw = Raw(data=pixels, space="gray" if pixels.shape[2] < 3 else "rgb", alpha=pixels.shape[2] in (2, 4))
    for kind, content in chunks(data):
        if kind == b"iCCP":
            raw.profile = _inflated(content.partition(b"\0")[2][1:])
        elif kind == b"eXIf":
            raw.orientation, raw.exif = read_exif(content)
    return raw


def _inflated(content: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(content, 1 << 24)  # a profile beyond 16 MB is an attack
    except zlib.error:
        return None


def text(data: bytes, key: str) -> str | None:
    """The uncompressed iTXt text under `key`, or None."""
    start = key.encode("latin-1") + b"\0\0\0\0\0"
    for kind, content in chunks(data):
        if kind == b"iTXt" and content.startswith(start):
            return content[len(start) :].decode("utf-8", "replace")
    return None


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write(data: Array, profile: bytes | None, exif: bytes | None, texts: dict[str, str]) -> bytes:
    """A PNG file of (h, w, 1..4) uint8 or uint16: grey, grey and alpha, RGB, RGBA."""
    packed = bytes(imagecodecs.png_encode(np.ascontiguousarray(data[..., 0] if data.shape[2] == 1 else data), level=6))
    extra = b""
    if profile:
        extra += _chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    if exif:
        extra += _chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    for key, value in texts.items():
        extra += _chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + value.encode())
    after = len(_START) + 25  # the header chunk has 13 bytes and comes first
    return packed[:after] + extra + packed[after:]
