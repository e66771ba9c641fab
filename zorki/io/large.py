"""TIFFs that are too large to be opened at once: slides, maps, scans. Read some rows at a time."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zorki.core.errors import InputError
from zorki.io.files import existing_file
from zorki.io.photo import Array, Floats
from zorki.io.quiet import quiet

LARGE = 50_000_000  # pixels: from here on a picture is not opened at once
_ENDS = 1 << 20  # bytes of the file's begin and end by which it is known again
_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE, _YCBCR = 0, 1, 2, 3, 6
_JPEG = 7


class Large:
    """A TIFF's first full picture, grey, RGB or with a palette, in 8 or 16 bit; colours are taken for sRGB, alpha is left out.

    hw: height and width. rows: see there. Raises InputError for another kind, and for one that is to be turned.
    """

    format = "TIFF"

    def __init__(self, path: str | Path) -> None:
        self.path = existing_file(path)
        self.name = self.path.name
        self._file, self._page, self.hw = _opened(self.path)
        self._kept: dict[int, tuple[int, int, int, Array]] = {}
        self._plain = self._page.asarray(out="memmap") if self._page.is_memmappable else None  # one long strip need not be read to its end
        self.notes = (f"{self.name} has {self.hw[1]:,} × {self.hw[0]:,} pixels: it is read and worked on some rows at a time.",)

    @property
    def mark(self) -> str:
        """By what it is known again: its size, its begin and its end."""
        size = os.path.getsize(self.path)
        digest = hashlib.blake2b(str(size).encode(), digest_size=16)
        with self.path.open("rb") as handle:
            digest.update(handle.read(_ENDS))
            handle.seek(max(0, size - _ENDS))
            digest.update(handle.read(_ENDS))
        return digest.hexdigest()

    def rows(self, top: int, bottom: int) -> Floats:
        """Rows `top` up to `bottom`, (n, w, 3) float32 in 0..1. What the next rows share with these is kept. Raises InputError for a damaged file."""
        bottom = min(bottom, self.hw[0])
        if self._plain is None:
            return _colours(self._put_together(top, bottom), self._page)
        separate = self._page.planarconfig == 2 and self._page.samplesperpixel > 1
        stored = np.moveaxis(self._plain[:, top:bottom], 0, -1) if separate else self._plain[top:bottom]
        return _colours(stored.reshape(bottom - top, self.hw[1], -1), self._page)

    def _put_together(self, top: int, bottom: int) -> Array:
        """Such rows of all tiles or strips that hold some of them, as stored."""
        page, (_, w) = self._page, self.hw
        stored = np.zeros((bottom - top, w, page.samplesperpixel), page.dtype)
        needed = self._segments(top, bottom)
        self._kept = {i: kept for i, kept in self._kept.items() if i in needed}
        for i in needed:
            if i not in self._kept:
                self._kept[i] = self._decoded(i)
            y, x, sample, data = self._kept[i]
            first, last = max(top, y), min(bottom, y + len(data))
            part = data[first - y : last - y, : w - x]
            place = stored[first - top : last - top, x : x + part.shape[1]]
            place[..., sample : sample + part.shape[2]] = part
        return stored

    def small(self, side: int) -> Floats:
        """The whole as (h, w, 3) with about that longest side: of each field one pixel."""
        h, w = self.hw
        every = max(1, -(-max(h, w) // side))
        high = max(every, int(page_rows(self._page)) // every * every)
        parts = [self.rows(top, top + high)[every // 2 :: every, every // 2 :: every] for top in range(0, h, high)]
        return np.concatenate(parts)

    def _segments(self, top: int, bottom: int) -> list[int]:
        """The numbers of the tiles or strips in which such rows lie."""
        page = self._page
        high = page_rows(page)
        down, across = -(-self.hw[0] // high), -(-self.hw[1] // page.tilewidth) if page.is_tiled else 1
        planes = page.samplesperpixel if page.planarconfig == 2 else 1
        first, last = top // high, -(-bottom // high)
        return [plane * down * across + i for plane in range(planes) for i in range(first * across, last * across)]

    def _decoded(self, i: int) -> tuple[int, int, int, Array]:
        """(y, x, first sample, (n, m, samples)) of a tile or strip; one that is not stored is black."""
        page, handle = self._page, self._file.filehandle
        with quiet():
            try:
                handle.seek(page.dataoffsets[i])
                data, place, shape = page.decode(
                    handle.read(page.databytecounts[i]), i, jpegtables=page.jpegtables, jpegheader=page.jpegheader
                )
            except Exception as error:  # codecs raise whatever they like
                got = f"{self.name} is damaged or cut off."
                raise InputError(got, f"Part {i} of it cannot be decoded.", "Copy or download it again.") from error
        _, h, w, samples = shape
        found = np.zeros((h, w, samples), page.dtype) if data is None else data[0, :h, :w]
        return place[2], place[3], place[0], found


def page_rows(page: Any) -> int:
    """How many rows a tile or strip has."""
    return int(page.tilelength if page.is_tiled else min(page.rowsperstrip, page.imagelength))


def is_large(given: Any) -> bool:
    """Whether it is a path of a TIFF that `Large` reads and nobody should open at once."""
    if not isinstance(given, str | Path) or Path(given).suffix.lower() not in (".tif", ".tiff", ".svs", ".btf") or not Path(given).is_file():
        return False
    try:
        file, _, (h, w) = _opened(Path(given))
    except InputError:
        return False
    file.close()
    return h * w >= LARGE


def _opened(path: Path) -> tuple[Any, Any, tuple[int, int]]:
    import tifffile

    try:
        with quiet():
            file = tifffile.TiffFile(path)
            page: Any = file.pages.first
            kind, bits = int(page.photometric), page.dtype
            plain = kind in (_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB, _PALETTE) or (kind == _YCBCR and page.compression == _JPEG)
            turned = int(page.tags.valueof(274, 1) or 1) != 1
    except Exception as error:
        raise InputError(f"{path.name} is damaged or cut off.", "It does not begin as a TIFF.", "Copy or download it again.") from error
    if not plain or bits not in (np.uint8, np.uint16) or page.imagedepth > 1 or turned:
        file.close()
        got = f"{path.name} is a TIFF that is not read in parts."
        raise InputError(got, "Grey, RGB or palette in 8 or 16 bit, upright, is needed.", "Save it so first.")
    return file, page, (page.imagelength, page.imagewidth)


def _colours(stored: Array, page: Any) -> Floats:
    """(n, w, samples) as stored to (n, w, 3) in 0..1."""
    kind = int(page.photometric)
    if kind == _PALETTE:
        palette: npt.NDArray[np.uint8] = (np.moveaxis(page.colormap, 0, -1) >> 8).astype(np.uint8)
        stored = palette[stored[..., 0]]
    out = np.divide(stored[..., :3] if stored.shape[2] >= 3 else stored[..., :1], np.iinfo(stored.dtype).max, dtype=np.float32)
    if kind == _WHITE_IS_ZERO:
        out = 1 - out
    return out if out.shape[2] == 3 else np.repeat(out, 3, axis=2)
