"""Masks as they are stored: numbers or colours, with their palette; nothing is converted, scaled or smoothed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from PIL import Image, PngImagePlugin

from zorki.core.errors import InputError
from zorki.io import pillow, pngs, tiffs
from zorki.io.disk import atomic, check_target
from zorki.io.exif import read_exif, upright
from zorki.io.opening import LIMIT, check_size, contents, guarded, kind_of, read
from zorki.io.photo import Array
from zorki.io.settings import KEY, to_text

Bytes = npt.NDArray[np.uint8]
_BITS = 258  # a TIFF's tag


@dataclass(frozen=True, eq=False)
class Mask:
    """What a mask's file holds, upright: `numbers` or `colours`, one of them."""

    name: str
    numbers: Array | None = None
    "(h, w) whole numbers as they are stored; of a picture with a palette the places in it"
    colours: Bytes | None = None
    "(h, w, 3) of a picture with colours; black where it is transparent"
    palette: Bytes | None = None
    "(n, 3): the colours that `numbers` stand for"
    lossy: bool = False
    "its format changes values (JPEG, AVIF, HEIC, some WebP): what it holds is near to what was drawn, not equal"

    @property
    def hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        data = self.colours if self.numbers is None else self.numbers
        assert data is not None
        return int(data.shape[0]), int(data.shape[1])


def open_mask(source: str | Path | bytes, limit: int | None = None, name: str = "mask") -> Mask:
    """Opens a mask of any format that `open_photo` takes: a path, or the bytes of a file, which is then called `name`. limit: pixels, as there.

    Raises InputError for what is no whole picture, has no whole numbers, or is transparent by degrees; Stopped when memory runs out.
    """
    with contents(source, name) as (handle, called):
        kind, head = kind_of(handle, called)
        limit = LIMIT if limit is None else limit
        stored = guarded(lambda: _stored(handle, head, kind, called, limit), called, kind)
        return _mask(*stored, called, _lossy(kind, handle))


def _stored(handle: IO[bytes], head: bytes, kind: str, name: str, limit: int) -> tuple[Array, Bytes | None, bool]:
    """(h, w) or (h, w, c) as stored and upright, the palette, and whether the last channel is alpha."""
    if kind in ("PNG", "GIF", "BMP") and not (kind == "PNG" and head[24] == 16):
        if kind == "PNG":
            check_size(pngs.size(head), limit, name)
            data = handle.read()
            exif = next((content for which, content, _ in pngs.chunks(data) if which == b"eXIf"), b"")
            bits = head[24] if head[25] == 0 else 8
            return _plain(pillow.header(io.BytesIO(pngs.bare(data)), kind), bits, read_exif(exif)[0] if exif else 1)
        image = pillow.header(handle, kind)
        check_size(image.size, limit, name)
        return _plain(image)
    if kind == "TIFF":
        size, _ = tiffs.header(handle, name)
        check_size(size, limit, name)
        handle.seek(0)
        if (found := _tiff(handle)) is not None:
            return found
        handle.seek(0)
    raw = read(handle, head, kind, name, limit)
    return upright(raw.data, raw.orientation), None, raw.alpha


def _tiff(handle: IO[bytes]) -> tuple[Array, Bytes | None, bool] | None:
    """Of a palette or of few bits, which Pillow hands over as they are; None for others, and for layouts that it does not know."""
    try:
        image: Any = pillow.header(handle, "TIFF")
        if image.mode in ("P", "1", "L"):
            return _plain(image, image.tag_v2.get(_BITS, (8,))[0], read_exif(image.getexif())[0])
    except Exception:  # whether it is damaged tifffile will say
        return None
    return None


def _plain(image: Image.Image, bits: int = 8, turn: int = 1) -> tuple[Array, Bytes | None, bool]:
    """Of a PIL image. bits: of a grey value; Pillow spreads fewer than 8 over 0..255, and here they are brought back."""
    image.load()
    palette = None
    if image.mode == "P":
        given = image.getpalette("RGB") or []
        palette = np.asarray(given, np.uint8).reshape(-1, 3)
    data: Array = np.asarray(image).astype(np.uint8) if image.mode == "1" else np.asarray(image)
    if image.mode == "L" and bits in (2, 4):
        data = data // np.uint8(255 // (2**bits - 1))
    return upright(data, turn), palette, image.mode in ("LA", "PA", "RGBA")


def _mask(data: Array, palette: Bytes | None, alpha: bool, name: str, lossy: bool) -> Mask:
    if alpha:
        data = _opaque(data, name)
    if data.ndim == 3 and data.shape[2] == 1:
        data = data[..., 0]
    if data.dtype.kind == "f":
        whole = np.isfinite(data).all() and (data == np.rint(data)).all() and np.abs(data).max() < 2**31
        if not whole:
            raise InputError(f"{name} holds fractions.", "A mask holds whole numbers, or colours.", "Save class numbers as a PNG.")
        data = data.astype(np.int32)
    data = np.ascontiguousarray(data)
    if data.ndim == 2:
        return Mask(name, numbers=data, palette=palette, lossy=lossy)
    if data.shape[2] != 3:
        raise InputError(f"{name} has {data.shape[2]} channels.", "A mask has one, or the three of a colour.", "Save it as an index PNG.")
    if data.dtype == np.uint16 and not (data % 257).any():
        data = (data // 257).astype(np.uint8)
    if data.dtype != np.uint8:
        raise InputError(f"{name} has colours of 16 bit.", "Colours of masks are compared in 8.", "Save it with 8 bit.")
    return Mask(name, colours=data, lossy=lossy)


def _opaque(data: Array, name: str) -> Array:
    """Without its alpha: black where that says nothing is there."""
    colours, alpha = data[..., :-1], data[..., -1]
    if (alpha == alpha.flat[0]).all() and alpha.flat[0]:
        return colours
    if ((alpha > 0) & (alpha < np.iinfo(data.dtype).max)).any():
        raise InputError(f"{name} is transparent by degrees.", "In a mask each pixel has one class.", "Export it without smoothing.")
    return np.where(alpha[..., None] > 0, colours, 0).astype(data.dtype)


def _lossy(kind: str, handle: IO[bytes]) -> bool:
    if kind == "WEBP":  # after the file's head come chunks; VP8L is without loss
        handle.seek(0)
        data = handle.read()
        return b"VP8 " in (data[12:16], *(data[i : i + 4] for i in _webp_chunks(data)))
    return kind in ("JPEG", "AVIF", "HEIF")


def _webp_chunks(data: bytes) -> list[int]:
    places, at = [], 12
    while at + 8 <= len(data):
        places.append(at)
        length = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    return places


def save_mask(path: str | Path, numbers: Array, palette: Any, settings: dict[str, Any] | None = None, force: bool = False) -> Path:
    """Writes an index PNG: each pixel is its number, the palette says how it looks. Returns the path.

    numbers: (h, w) whole numbers 0..255; palette: (n, 3) uint8, n ≤ 256, black beyond. settings: kept in the file for `read_settings`.
    The file appears whole or not at all. Raises InputError (another ending, exists without `force`, no such folder), Stopped (disk full).
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise InputError(f"{path.name} is no PNG.", "Class numbers are saved as index PNG.", "End the name in .png.")
    check_target(path, force)
    if numbers.ndim != 2 or 0 in numbers.shape or numbers.dtype.kind not in "ui" or numbers.min() < 0 or numbers.max() > 255:
        got = f"{path.name}: an array {numbers.shape} of {numbers.dtype} came."
        raise InputError(got, "(h, w) whole numbers from 0 to 255 are saved.", "Convert it first.")
    image = Image.fromarray(numbers.astype(np.uint8))
    image = image.convert("L") if image.mode != "L" else image
    full = np.zeros((256, 3), np.uint8)
    colours = np.asarray(palette, np.uint8).reshape(-1, 3)
    full[: len(colours)] = colours
    image.putpalette(full.tobytes())
    texts = PngImagePlugin.PngInfo()
    if settings is not None:
        texts.add_itxt(KEY, to_text(settings))
    buffer = io.BytesIO()
    image.save(buffer, "PNG", pnginfo=texts)
    with atomic(path, force) as temporary:
        temporary.write_bytes(buffer.getvalue())
    return path
