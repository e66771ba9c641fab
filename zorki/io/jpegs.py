"""JPEGs that are all there though their end marker is not: cut by a byte or two, or with other bytes in its place."""

from __future__ import annotations

import io
import re
from typing import IO, Any

import numpy as np
from PIL import Image

from zorki.core.errors import ZorkiError
from zorki.io import pillow
from zorki.io.photo import Raw

_END = b"\xff\xd9"
_PADDING, _EMPTY = 8, 64  # bytes of zeros that coded pixels may end with, and that a file may not
_MARKER = re.compile(rb"\xff[^\x00\xff\xd0-\xd7]")  # ends a run of coded pixels
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
_SCAN = 0xDA
_FILLERS = [b"".join(bytes(rng.integers(0, 255, 64, np.uint8)) + bytes((0xFF, 0xD0 + k)) for k in range(8))
            for rng in map(np.random.default_rng, (1, 2))]  # fmt: skip


def begun(handle: IO[bytes], head: bytes) -> IO[bytes]:
    """The file from its start marker on; a stray line break before it, as servers leave it, is nothing of the picture's."""
    at = head.find(b"\xff\xd8\xff")
    handle.seek(at)
    return io.BytesIO(handle.read()) if at else handle


def read(handle: IO[bytes], image: Image.Image, name: str) -> Raw:
    """Decodes `image`, which was opened from `handle`. Raises what Pillow raises where rows are missing."""
    try:
        raw = pillow.decode(image, name)
    except (ZorkiError, MemoryError):
        raise
    except Exception:
        handle.seek(0)
        mended = _whole(handle.read(), name)
        if mended is None:
            raise
        return mended
    handle.seek(max(0, handle.seek(0, 2) - _EMPTY))
    if not handle.read().strip(b"\0"):  # libjpeg takes an empty rest for pixels
        handle.seek(0)
        if _whole(handle.read(), name) is None:
            raise ValueError("rows are missing")
    return raw


def _whole(data: bytes, name: str) -> Raw | None:
    """The picture, if nothing that could follow the coded pixels changes it: then they are all there. None where rows are missing."""
    end = _coded(data)
    if end is None:
        return None
    body = data[:end]
    zeros = len(body) - len(body.rstrip(b"\0"))
    if zeros > _PADDING:  # a transfer that broke off leaves the rest of the file empty
        body = body[: 1 - zeros]
    body = body.rstrip(b"\xff")  # half of the end marker
    first, second = (_decoded(body + filler + _END, name) for filler in _FILLERS)
    if first is None or second is None or not np.array_equal(first.data, second.data):
        return None
    first.notes += (f"{name} has no end marker, as if it were cut off; all its rows are there.",)
    return first


def _coded(data: bytes) -> int | None:
    """Where the last scan ends that the picture needs: by then each component has its 64 coefficients to the last bit. None where that is missing."""
    at, wanted = 2, {(-1, -1)}
    while at + 4 <= len(data) and data[at] == 0xFF:
        kind, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        content, behind = data[at + 4 : at + 2 + length], at + 2 + length
        if kind in _FRAMES:
            wanted = {(component, k) for component in content[6::3] for k in range(64)}
        if kind != _SCAN:
            at += 1 if kind == 0xFF else 2 + length
            continue
        of = 1 + 2 * content[0]
        first, last, bits = content[of : of + 3]
        if bits & 15 == 0:
            wanted -= {(component, k) for component in content[1:of:2] for k in range(first, last + 1)}
        end = _MARKER.search(data, behind)
        at = end.start() if end else len(data)
        if not wanted:
            return at
    return None


def _decoded(data: bytes, name: str) -> Raw | None:
    image: Any = pillow.header(io.BytesIO(data), "JPEG")
    try:
        return pillow.decode(image, name)
    except (ZorkiError, MemoryError):
        raise
    except Exception:
        return None
