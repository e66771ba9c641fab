"""PNG by its chunks: profile, EXIF and text are read here, 16 bit goes through imagecodecs (Pillow drops 16-bit colour)."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator

import imagecodecs
import numpy as np

from zorki.io import pillow, signals
from zorki.io.exif import read_exif
from zorki.io.photo import Array, Raw

START = b"\x89PNG\r\n\x1a\n"
# Pillow takes a long text or profile for an attack and refuses the picture; it is not shown them.
_UNSEEN = (b"iCCP", b"zTXt", b"iTXt", b"tEXt", b"eXIf", b"gAMA", b"cHRM", b"sRGB")
_PIXELS = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")  # libpng prints its doubts about all others to stderr
_LARGEST_PROFILE = 1 << 24


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes, bytes]]:
    """(type, content, all of it as it stands) of each chunk; ends quietly where the file does."""
    at = len(START)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        yield kind, data[at + 8 : at + 8 + length], data[at : at + 12 + length]
        at += 12 + length


def size(head: bytes) -> tuple[int, int]:
    """(width, height) as the header says. Raises struct.error when it is cut."""
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def bare(data: bytes) -> bytes:
    """The file without what speaks of colours and without texts, for Pillow."""
    return START + b"".join(whole for kind, _, whole in chunks(data) if kind not in _UNSEEN)


def read(data: bytes, name: str) -> Raw:
    """A PNG of any depth and colour type. Raises what the decoders raise when it is damaged."""
    if data[24] == 16:
        alone = b"".join(whole for kind, _, whole in chunks(data) if kind in _PIXELS)
        pixels: Array = imagecodecs.png_decode(START + alone)
        pixels = pixels if pixels.ndim == 3 else pixels[..., None]
        raw = Raw(data=pixels, space="gray" if pixels.shape[2] < 3 else "rgb", alpha=pixels.shape[2] in (2, 4))
    else:
        raw = pillow.decode(pillow.header(io.BytesIO(bare(data)), "PNG"), name)
    found = {kind: content for kind, content, _ in chunks(data)}
    if b"eXIf" in found:
        raw.orientation, raw.exif, raw.small = read_exif(found[b"eXIf"])
    _colours(raw, found, name)
    return raw


def _colours(raw: Raw, found: dict[bytes, bytes], name: str) -> None:
    """Of what speaks of colours the strongest counts (PNG 3rd edition, 4.3): cICP, iCCP, sRGB, then gAMA and cHRM."""
    if b"iCCP" in found:
        raw.profile = _inflated(found[b"iCCP"].partition(b"\0")[2][1:])
    if len(found.get(b"cICP", b"")) == 4:
        primaries, transfer, _, full = found[b"cICP"]
        signals.coded(raw, primaries, transfer, name)
        if not full:
            raw.data = _widened(raw.data, raw.alpha)
    elif raw.profile is None and b"sRGB" not in found:
        gamma = struct.unpack(">I", found[b"gAMA"])[0] / 1e5 if len(found.get(b"gAMA", b"")) == 4 else None
        xy = [n / 1e5 for n in struct.unpack(">8I", found[b"cHRM"])] if len(found.get(b"cHRM", b"")) == 32 else None
        signals.measured(raw, gamma, xy, name)


def _widened(data: Array, alpha: bool) -> Array:
    """Video's narrow range (16..235 of 255) to the full one; alpha has always that."""
    top = np.iinfo(data.dtype).max
    unit = (top + 1) // 256
    wide = np.rint(np.clip((data.astype(np.float32) - 16 * unit) / (219 * unit), 0, 1) * top).astype(data.dtype)
    return np.concatenate([wide[..., :-1], data[..., -1:]], axis=2) if alpha else wide


def _inflated(content: bytes) -> bytes | None:
    try:
        return zlib.decompressobj().decompress(content, _LARGEST_PROFILE)
    except zlib.error:
        return None


def text(data: bytes, key: str) -> str | None:
    """The uncompressed iTXt text under `key`, or None."""
    start = key.encode("latin-1") + b"\0\0\0\0\0"
    for kind, content, _ in chunks(data):
        if kind == b"iTXt" and content.startswith(start):
            return content[len(start) :].decode("utf-8", "replace")
    return None


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk with its length and checksum."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write(data: Array, profile: bytes | None, exif: bytes | None, texts: dict[str, str]) -> bytes:
    """A PNG file of (h, w, 1..4) uint8 or uint16: grey, grey and alpha, RGB, RGBA."""
    packed = bytes(imagecodecs.png_encode(np.ascontiguousarray(data[..., 0] if data.shape[2] == 1 else data), level=6))
    extra = b""
    if profile:
        extra += chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(profile))
    if exif:
        extra += chunk(b"eXIf", exif.removeprefix(b"Exif\0\0"))
    for key, value in texts.items():
        extra += chunk(b"iTXt", key.encode("latin-1") + b"\0\0\0\0\0" + value.encode())
    after = len(START) + 25  # the header chunk has 13 bytes and comes first
    return packed[:after] + extra + packed[after:]
