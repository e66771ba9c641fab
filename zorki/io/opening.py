"""Any picture in, one `Photo` out: upright, sRGB, float."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, TypeVar

import numpy as np
from PIL import Image

from zorki.core.errors import InputError, Stopped, ZorkiError
from zorki.io import colour, heif, jpegs, pillow, pngs, signals, tiffs, values
from zorki.io.exif import read_exif, upright
from zorki.io.files import existing_file
from zorki.io.kinds import ENDINGS, HEAD, sniff
from zorki.io.photo import Photo, Raw, Stored
from zorki.io.quiet import quiet
from zorki.io.values import Span, from_array, span_of

T = TypeVar("T")
LIMIT = 200_000_000


def open_photo(source: str | Path | Image.Image | Any, limit: int | None = None, range: str | Sequence[float] | None = None) -> Photo:
    """Opens a picture: a path, a PIL image, a numpy array or a tensor; a Photo is given back.

    Files: JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP, GIF (first frame). Arrays: (h, w), (h, w, 3) or (h, w, 4); tensors: (3, h, w) or
    (1, 3, h, w); uint8, uint16 or float 0..1. limit: pixels (None: 200 million), compared with the header before anything is decoded.
    range: the stored numbers that are black and white, "LOW,HIGH" or (low, high), or "auto": the picture's own lowest and highest; then
    numbers of any kind are taken. Colours outside sRGB are clipped to it.
    Raises InputError, one sentence a part, for whatever is no whole picture; Stopped when memory runs out.
    """
    if isinstance(source, Photo):
        return source
    limit, span = LIMIT if limit is None else limit, span_of(range)
    if isinstance(source, str | Path):
        with contents(source) as (handle, name):
            return open_handle(handle, name, limit, span)
    if isinstance(source, Image.Image):
        name = Path(getattr(source, "filename", "") or "picture").name
        check_size(source.size, limit, name)
        kind = "JPEG" if source.format == "MPO" else source.format or ""  # MPO: a JPEG with further pictures behind it
        kind = kind if kind in ENDINGS.values() else "PNG"
        return _finish(guarded(lambda: pillow.decode(source, name), name, kind), name, kind, span)
    raw = from_array(source)
    check_size((raw.data.shape[1], raw.data.shape[0]), limit, "The array")
    return _finish(raw, "picture", "PNG", span)


def check_size(size: tuple[int, int], limit: int, name: str) -> None:
    """Raises InputError for a picture (width, height) of no or of too many pixels."""
    width, height = size
    if width < 1 or height < 1:
        raise InputError(f"{name} has no pixels ({width} x {height}).", "A picture has at least one.", "Choose another file.")
    if width * height > limit:
        enough = -(-width * height // 1_000_000) * 1_000_000
        do = f"Give --limit={enough}, or make it smaller."
        raise InputError(f"{name} says it has {width} x {height} pixels.", f"At most {limit:,} are opened.", do)


@contextmanager
def contents(source: str | Path | bytes, name: str = "picture") -> Iterator[tuple[IO[bytes], str]]:
    """A file, open, and what it is called; name: of bytes that are one. Raises InputError for what is not there."""
    if isinstance(source, bytes):
        yield io.BytesIO(source), name
        return
    path = existing_file(source)
    with readable(path) as handle:
        yield handle, path.name


@contextmanager
def readable(path: Path) -> Iterator[IO[bytes]]:
    """The file, open. Raises InputError where the disk lets nobody read it."""
    try:
        with path.open("rb") as handle:
            yield handle
    except OSError as error:
        raise InputError(
            f"{path.name} cannot be read: {error.strerror or error}.", "It is there, but cannot be opened.", "Check who may read it."
        ) from error


def open_handle(handle: IO[bytes], name: str, limit: int = LIMIT, span: Span | None = None) -> Photo:
    """The picture in an open file that can seek, called `name` in what is said of it. Raises as `open_photo`."""
    kind, head = kind_of(handle, name)
    return _finish(guarded(lambda: read(handle, head, kind, name, limit), name, kind), name, kind, span)


def kind_of(handle: IO[bytes], name: str) -> tuple[str, bytes]:
    """The format of a picture's file, and its first bytes; the file is at its start again. Raises InputError for what is no picture."""
    head = handle.read(HEAD)
    if not head:
        raise InputError(f"{name} is empty.", "A picture file is needed.", "Copy or download it again.")
    kind, words = sniff(head)
    if kind is None:
        raise InputError(f"{name} is {words}.", "A picture is needed: JPEG, PNG, WebP, AVIF, HEIC, TIFF, BMP or GIF.", _advice(words))
    handle.seek(0)
    return kind, head


def _advice(words: str) -> str:
    if words == "a video":
        return "Take one picture out of it first."
    return "Export it as PNG first." if "document" in words or "drawing" in words or "picture" in words else "Choose another file."


def read(handle: IO[bytes], head: bytes, kind: str, name: str, limit: int) -> Raw:
    """Header first, size checked, then the pixels."""
    if kind == "HEIF":
        container = heif.header(handle)
        check_size(container.size, limit, name)
        return heif.read(handle, container, name)
    if kind == "TIFF":
        size, ours = tiffs.header(handle, name)
        check_size(size, limit, name)
        handle.seek(0)
        if ours:
            raw = tiffs.read(handle, name)
            handle.seek(0)
            raw.exif = _tiff_exif(handle)
            return raw
    if kind == "PNG":
        check_size(pngs.size(head), limit, name)
        return pngs.read(handle.read(), name)
    if kind == "JPEG":
        handle = jpegs.begun(handle, head)
    image = pillow.header(handle, kind)
    check_size(image.size, limit, name)
    if kind == "JPEG":
        return jpegs.read(handle, image, name)
    raw = pillow.decode(image, name)
    if kind == "AVIF":
        handle.seek(0)
        heif.coloured(handle, raw, name)
    return raw


def _tiff_exif(handle: IO[bytes]) -> bytes | None:
    try:
        return read_exif(pillow.header(handle, "TIFF").getexif(), camera_only=True)[1]
    except Exception:  # Pillow does not know every layout that tifffile does; then the EXIF goes
        return None


def guarded(decode: Callable[[], T], name: str, kind: str) -> T:
    """What `decode` gives. Decoders raise anything on a damaged file, from SyntaxError to struct.error: all of it means the same here."""
    try:
        with quiet():  # odd tags and large sizes are told of; what counts is whether the pixels come
            return decode()
    except ZorkiError:
        raise
    except MemoryError as error:
        raise Stopped(
            f"There is not enough memory to open {name}.",
            "All of its pixels are needed at once.",
            "Close other programs, or make it smaller first.",
        ) from error
    except Image.DecompressionBombError as error:  # the WebP reader has a limit of its own
        raise InputError(
            f"{name} has too many pixels.", "Pillow opens no more than 178 million of this kind.", "Make it smaller first."
        ) from error
    except Exception as error:
        raise InputError(
            f"{name} is damaged or cut off.", f"It begins as a {kind} picture but cannot be read to its end.", "Copy or download it again."
        ) from error


def _finish(raw: Raw, name: str, kind: str, span: Span | None) -> Photo:
    values.settle(raw, name, span)
    data = np.ascontiguousarray(upright(raw.data, raw.orientation))
    colours = data[..., :-1] if raw.alpha else data
    pixels, profile, notes = None, raw.profile, raw.notes
    if raw.hdr is not None:
        pixels = signals.to_standard(colours, *raw.hdr)
    if profile is not None and raw.space == "rgb" and colour.is_srgb(profile):
        profile = None
    if profile is not None:
        if colour.space_of(profile) == raw.space:
            pixels = colour.to_srgb(colours, profile, raw.space)
        if pixels is None:
            notes += (f"{name} carries a colour profile that does not fit or is broken; its colours are taken as sRGB.",)
            profile = None
    if pixels is None:
        if raw.space == "cmyk":
            colours = colour.cmyk_by_rule(colours)
        pixels = colour.floats(colours)
    if pixels.shape[2] == 1:
        pixels = np.repeat(pixels, 3, axis=2)
    pixels = np.ascontiguousarray(pixels)
    kept = profile is not None and raw.space != "cmyk" and raw.hdr is None and colours.dtype.kind == "u"
    return Photo(
        pixels=pixels,
        alpha=np.ascontiguousarray(colour.floats(data[..., -1])) if raw.alpha else None,
        depth=16 if data.dtype != np.uint8 and not raw.eight else 8,
        grey=raw.space == "gray",
        profile=None if raw.space == "cmyk" else profile,
        exif=raw.exif,
        small=raw.small,
        stored=Stored(pixels, colours) if kept else None,
        name=name,
        format=kind,
        notes=notes,
    )
