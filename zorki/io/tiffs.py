"""TIFF, read and written through tifffile: integers by one linear rule, floats from 0 to 1."""

from __future__ import annotations

import io
import struct
from typing import IO, Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.exif import camera_tags, folders
from zorki.io.photo import Array, Raw
from zorki.io.quiet import quiet
from zorki.io.values import unit

_WHITE_IS_ZERO, _PALETTE, _ASSOCIATED = 0, 3, 1
_SPACES = {0: ("gray", 1), 1: ("gray", 1), 2: ("rgb", 3), 3: ("rgb", 1), 5: ("cmyk", 4), 6: ("rgb", 3)}  # colours stored in a pixel
_XMP, _PROFILE, _TURN, _TOP, _DNG = 700, 34675, 274, 281, 50706


def header(handle: IO[bytes], name: str) -> tuple[tuple[int, int], bool]:
    """(width, height), and whether `read` can: all but Lab and plain YCbCr, which are left to Pillow, whose libtiff prints to stderr.

    Raises InputError for a camera's raw file, which is a TIFF too, and of which only a thumbnail would be seen.
    """
    import tifffile

    with tifffile.TiffFile(handle) as file:
        page: Any = file.pages[0]
        if _DNG in page.tags or (page.is_reduced and len(file.pages) == 1):
            raise InputError(f"{name} is a camera's raw file.", "A developed picture is needed.", "Export it as TIFF, PNG or JPEG first.")
        return (page.imagewidth, page.imagelength), not (page.photometric == 8 or (page.photometric == 6 and page.compression != 7))


def read(handle: IO[bytes], name: str) -> Raw:
    """Any depth from 1 bit to 64-bit floats. Raises InputError for what is no grey, RGB, CMYK or palette picture."""
    import tifffile

    with tifffile.TiffFile(handle) as file:
        page: Any = file.pages[0]
        kind, samples = int(page.photometric), page.samplesperpixel
        space, colours = _SPACES.get(kind, ("", 0))
        if samples not in (colours, colours + 1) or page.imagedepth > 1:
            got = f"{name} is a TIFF with {samples} channels of kind {page.photometric.name}."
            raise InputError(got, "Grey, RGB or CMYK is needed.", "Convert it first.")
        data = page.asarray()
        if samples > 1 and page.planarconfig == 2:
            data = np.moveaxis(data, 0, -1)
        data = data.reshape(page.imagelength, page.imagewidth, samples)
        tags = {tag.code: tag.value for tag in page.tags}
        notes: tuple[str, ...] = (f"{name} has {len(file.pages)} pages; the first is used.",) if len(file.pages) > 1 else ()
        if kind == _PALETTE:
            data = (np.moveaxis(page.colormap, 0, -1)[data[..., 0]] >> 8).astype(
                np.uint8
            )  # a palette's colours are stored in 16 bits and meant in 8
        else:
            data, more = _scaled(data, page.bitspersample, tags.get(_TOP), name)
            notes += more
        if kind == _WHITE_IS_ZERO:
            data = (1 if data.dtype.kind == "f" else np.iinfo(data.dtype).max) - data
        if samples > colours and int(page.extrasamples[0]) == _ASSOCIATED:
            data = _unmultiplied(data)
    if space == "cmyk":
        notes += (f"{name} is in CMYK; the result is in RGB.",)
    profile = tags.get(_PROFILE)
    return Raw(
        data=data,
        space=space,
        alpha=samples > colours,
        orientation=int(tags.get(_TURN, 1)),
        profile=bytes(profile) if profile else None,
        notes=notes,
    )


def _scaled(data: Array, bits: int, top: object, name: str) -> tuple[Array, tuple[str, ...]]:
    """To uint8 or uint16, or float32 0..1, by the tags alone and never by the values: the next picture of a set gets the same rule."""
    if data.dtype.kind == "f":
        return unit(data, name), (f"{name} holds floating-point numbers; they are taken for sRGB from 0 to 1.",)
    if data.dtype.kind not in "ub":
        got = f"{name} holds signed numbers ({data.dtype})."
        raise InputError(got, "A picture has whole numbers from 0 up.", "Convert it to uint16 first.")
    full, most = 2**bits - 1, 255 if bits <= 8 else 65535
    said = top[0] if isinstance(top, tuple) else top
    if isinstance(said, int) and 0 < said < full and int(data.max()) <= said:
        full = said
    if full != most:
        return np.rint(data * np.float64(most / full)).astype(np.uint8 if most == 255 else np.uint16), ()
    if bits == 16 and 0 < int(data.max()) <= 4095:
        return data, (f"{name} has no value above {data.max()} of 65535, as 12-bit cameras write it; it is read as it is, dark.",)
    return data, ()


def _unmultiplied(data: Array) -> Array:
    """Colours that were stored times alpha, divided by it again."""
    top = 1.0 if data.dtype.kind == "f" else float(np.iinfo(data.dtype).max)
    share = data[..., -1:] / top
    plain = np.minimum(data[..., :-1] / np.maximum(share, 1e-9), top)
    plain = plain if data.dtype.kind == "f" else np.rint(plain)
    return np.concatenate([plain.astype(data.dtype), data[..., -1:]], axis=2)


def write(data: Array, alpha: bool, profile: bytes | None, xmp: bytes | None, exif: bytes | None) -> bytes:
    """A deflated TIFF of (h, w, 1..4) uint8 or uint16."""
    import tifffile

    tables = folders(exif) if exif else {}
    extra: list[tuple[Any, ...]] = [(_XMP, 1, len(xmp), xmp, True)] if xmp else []
    extra += [(tag, 2, 0, value, True) for tag, value in (camera_tags(exif) if exif else [])]
    extra += [(tag - 1, 4, 1, 0, True) for tag in tables]
    buffer = io.BytesIO()
    with quiet():
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
        for tag, table in tables.items():  # tifffile refuses tables inside others: a neighbour's number held the place until here
            buffer.seek(0)
            with tifffile.TiffFile(buffer) as file:
                place = file.pages.first.tags[tag - 1].offset
            at = buffer.seek(0, io.SEEK_END)
            at += buffer.write(b"\0" * (at % 2))
            buffer.write(table.tobytes(at) + b"\0\0\0\0")
            buffer.seek(place)
            buffer.write(struct.pack("<HHII", tag, 4, 1, at))
    return buffer.getvalue()
