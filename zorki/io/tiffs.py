"""TIFF beyond 8 bit, read and written through tifffile: integers by one linear rule, floats from 0 to 1."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from typing import IO, Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.exif import camera_tags, folders
from zorki.io.photo import Array, Raw
from zorki.io.pillow import unit

_XMP, _PROFILE, _TURN, _TOP = 700, 34675, 274, 281


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """tifffile logs its doubts to stderr; a person gets one sentence from us instead."""

    def silence(_record: logging.LogRecord) -> bool:
        return False

    log = logging.getLogger("tifffile")
    log.addFilter(silence)
    try:
        yield
    finally:
        log.removeFilter(silence)


def header(handle: IO[bytes]) -> tuple[tuple[int, int], bool]:
    """(width, height), and whether it goes beyond 8-bit integers."""
    import tifffile

    with _quiet(), tifffile.TiffFile(handle) as file:
        page: Any = file.pages[0]
        wide = page.bitspersample > 8 or (page.dtype is not None and page.dtype.kind not in "ub")
        return (page.imagewidth, page.imagelength), bool(wide)


def read(handle: IO[bytes], name: str) -> Raw:
    """A TIFF of more than 8 bits. Raises InputError for what is no grey, RGB or CMYK picture."""
    import tifffile

    with _quiet(), tifffile.TiffFile(handle) as file:
        page: Any = file.pages[0]
        photometric = int(page.photometric)
        samples, planes = page.samplesperpixel, page.imagedepth
        space = {0: "gray", 1: "gray", 2: "rgb", 5: "cmyk"}.get(photometric)
        colours = {"gray": 1, "rgb": 3, "cmyk": 4}.get(space or "", 0)
        if not colours or samples not in (colours, colours + 1) or planes > 1:
            raise InputError(
                f"{name} is a TIFF with {samples} channels of kind {page.photometric.name}.",
                "Grey, RGB or CMYK is needed.",
                "Convert it first.",
            )
        data = page.asarray()
        if samples > 1 and int(page.planarconfig) == 2:
            data = np.moveaxis(data, 0, -1)
        data = data.reshape(page.imagelength, page.imagewidth, samples)
        tags = {tag.code: tag.value for tag in page.tags}
        notes: tuple[str, ...] = ()
        if len(file.pages) > 1:
            notes += (f"{name} has {len(file.pages)} pages; the first is used.",)
        data, more = _scaled(data, page.bitspersample, tags.get(_TOP), name)
        if photometric == 0:
            data = (1 - data) if data.dtype.kind == "f" else (65535 - data)
        associated = samples == colours + 1 and [int(kind) for kind in page.extrasamples][:1] == [1]
    if associated:
        data = _unmultiplied(data)
    if space == "cmyk":
        notes += (f"{name} is in CMYK; the result is in RGB.",)
    turn, profile = tags.get(_TURN, 1), tags.get(_PROFILE)
    return Raw(
        data=data,
        space=space or "",
        alpha=samples == colours + 1,
        orientation=int(turn),
        profile=bytes(profile) if profile else None,
        notes=notes + more,
    )


def _scaled(data: Array, bits: int, top: object, name: str) -> tuple[Array, tuple[str, ...]]:
    """To uint16 0..65535, or float32 0..1, by the tags alone and never by the values: the next picture of a set gets the same rule."""
    if data.dtype.kind == "f":
        return unit(data, name), (f"{name} holds floating-point numbers; they are taken for sRGB from 0 to 1.",)
    if data.dtype.kind != "u":
        raise InputError(
            f"{name} holds signed numbers ({data.dtype}).", "A picture has whole numbers from 0 up.", "Convert it to uint16 first."
        )
    full = 2**bits - 1
    said = top[0] if isinstance(top, tuple) else top
    if isinstance(said, int) and 0 < said < full and int(data.max()) <= said:
        full = said
    if full != 65535:
        return np.rint(data.astype(np.float64) * (65535 / full)).astype(np.uint16), ()
    if bits == 16 and 0 < int(data.max()) <= 4095:
        return data, (f"{name} has no value above {data.max()} of 65535, as 12-bit cameras write it; it is read as it is, dark.",)
    return data, ()


def _unmultiplied(data: Array) -> Array:
    """Colours that were stored times alpha, divided by it again."""
    share = data[..., -1:].astype(np.float64)
    top = 1.0 if data.dtype.kind == "f" else 65535.0
    plain = np.where(share > 0, data[..., :-1] * top / np.maximum(share, top * 1e-9), 0)
    colours = np.minimum(plain if data.dtype.kind == "f" else np.rint(plain), top).astype(data.dtype)
    return np.concatenate([colours, data[..., -1:]], axis=2)


def write(data: Array, alpha: bool, profile: bytes | None, xmp: bytes | None, exif: bytes | None) -> bytes:
    """A deflated TIFF of (h, w, 1..4) uint16."""
    import tifffile

    tables = folders(exif) if exif else {}
    extra: list[tuple[Any, ...]] = [(_XMP, 1, len(xmp), xmp, True)] if xmp else []
    extra += [(tag, 2, 0, value, True) for tag, value in (camera_tags(exif) if exif else [])]
    extra += [(tag, 4, 1, 0, True) for tag in tables]
    buffer = io.BytesIO()
    with _quiet():
        tifffile.imwrite(
            buffer,
            data if data.shape[2] > 1 else data[..., 0],
            byteorder="<",
            photometric="rgb" if data.shape[2] >= 3 else "minisblack",
            planarconfig="contig" if data.shape[2] > 1 else None,
            extrasamples=["unassalpha"] if alpha else None,
            compression="zlib",
            predictor=True,
            iccprofile=profile,
            metadata=None,
            software=False,
            extratags=extra,
        )
        for tag, table in tables.items():  # tifffile writes no tables inside others: appended here, and pointed to
            at = buffer.seek(0, io.SEEK_END)
            at += buffer.write(b"\0" * (at % 2))
            buffer.write(table.tobytes(at) + b"\0\0\0\0")
            with tifffile.TiffFile(buffer, mode="r+b") as file:
                file.pages.first.tags[tag].overwrite(at)
    return buffer.getvalue()
