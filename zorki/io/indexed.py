"""Class numbers on the disk with the colours they stand for, row by row, so that a large mask needs no second one in memory."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io import pngs
from zorki.io.photo import Array
from zorki.io.quiet import quiet
from zorki.io.settings import KEY, to_text, to_xmp

TILE = 512  # of a TIFF
_ROWS = 1 << 22  # bytes packed at a time
_XMP = 700


def write_index(path: Path, numbers: Array, palette: Array, settings: dict[str, Any] | None = None) -> None:
    """An index PNG (mode P), or of .tif a tiled TIFF with a palette: each pixel is its number.

    numbers: (h, w) uint8, in a TIFF also uint16, which has no palette; palette: (256, 3) uint8. settings: kept in the file for `read_settings`.
    Raises InputError for larger numbers than the format takes, OSError.
    """
    if path.suffix.lower() in (".tif", ".tiff"):
        _tiff(path, numbers, palette, settings)
        return
    if numbers.dtype != np.uint8:
        raise InputError("There are more than 255 classes.", "An index PNG has no more.", "End the name in .tif.")
    with path.open("wb") as out:
        for kind, content in _chunks(numbers, palette, settings):
            out.write(pngs.chunk(kind, content) if kind else content)


def _chunks(numbers: Array, palette: Array, settings: dict[str, Any] | None) -> Iterator[tuple[bytes, bytes]]:
    h, w = numbers.shape
    yield b"", pngs.START
    yield b"IHDR", struct.pack(">IIBBBBB", w, h, 8, 3, 0, 0, 0)  # 8 bits, by palette
    yield b"PLTE", palette.tobytes()
    if settings is not None:
        yield b"iTXt", KEY.encode("latin-1") + b"\0\0\0\0\0" + to_text(settings).encode()
    packer = zlib.compressobj(6)
    step = max(1, _ROWS // w)
    for top in range(0, h, step):
        rows = numbers[top : top + step]
        filtered = np.zeros((len(rows), w + 1), np.uint8)  # each row begins with its filter: none
        filtered[:, 1:] = rows
        if packed := packer.compress(filtered.tobytes()):
            yield b"IDAT", packed
    yield b"IDAT", packer.flush()
    yield b"IEND", b""


def _tiff(path: Path, numbers: Array, palette: Array, settings: dict[str, Any] | None) -> None:
    import tifffile

    h, w = numbers.shape
    xmp = to_xmp(settings) if settings is not None else b""

    def tiles() -> Iterator[Array]:
        for top in range(0, h, TILE):
            for left in range(0, w, TILE):
                part = numbers[top : top + TILE, left : left + TILE]
                yield np.pad(part, ((0, TILE - part.shape[0]), (0, TILE - part.shape[1])))

    indexed = numbers.dtype == np.uint8
    with quiet():
        tifffile.imwrite(
            path, tiles(), shape=(h, w), dtype=numbers.dtype, tile=(TILE, TILE), compression="zlib", metadata=None, software=False,
            bigtiff=numbers.nbytes > 1 << 31, photometric="palette" if indexed else "minisblack",
            colormap=palette.T.astype(np.uint16) * 257 if indexed else None, extratags=[(_XMP, 1, len(xmp), xmp, True)] if xmp else (),
        )  # fmt: skip
