"""TIFF, read and written through tifffile: the largest full picture of a file, as its numbers are stored."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

import numpy as np

from zorki.core.errors import InputError
from zorki.io.exif import camera_tags, folders, upright
from zorki.io.photo import Array, Raw
from zorki.io.quiet import quiet

_WHITE_IS_ZERO, _PALETTE, _ASSOCIATED, _ALPHA = 0, 3, 1, (1, 2)
_SPACES = {0: ("gray", 1), 1: ("gray", 1), 2: ("rgb", 3), 3: ("rgb", 1), 5: ("cmyk", 4), 6: ("rgb", 3)}  # colours stored in a pixel
_XMP, _PROFILE, _TURN, _TOP, _DNG = 700, 34675, 274, 281, 50706
_SENSOR = (32803, 34892)  # what a camera's raw file calls its colours
_REDUCED, _MASK, _OLD_KIND, _OLD_REDUCED = 1, 4, 255, 2


def header(handle: IO[bytes], name: str) -> tuple[tuple[int, int], bool]:
    """(width, height), and whether `read` can: all but Lab and plain YCbCr, which are left to Pillow, whose libtiff prints to stderr.

    Raises InputError for a camera's raw file, which is a TIFF too, and of which only a thumbnail would be seen.
    """
    import tifffile

    with tifffile.TiffFile(handle) as file:
        page = _chosen(file).page
        only_reduced = _reduced(page) and len(file.pages) == 1
        if _DNG in file.pages.first.tags or only_reduced or int(page.photometric) in _SENSOR:
            raise InputError(f"{name} is a camera's raw file.", "A developed picture is needed.", "Export it as TIFF, PNG or JPEG first.")
        return (page.imagewidth, page.imagelength), not (page.photometric == 8 or (page.photometric == 6 and page.compression != 7))


def _reduced(page: Any) -> bool:
    """Whether it is a small copy of another page, or the mask of one."""
    old = page.tags.get(_OLD_KIND)
    return bool(page.subfiletype & (_REDUCED | _MASK)) or (old is not None and old.value == _OLD_REDUCED)


class _Place(NamedTuple):
    """A picture in a TIFF. below: the page that it is itself or a part of; where: that in words."""

    page: Any
    below: Any
    where: str


def _places(page: Any, number: int) -> Iterator[_Place]:
    """The full pictures of a page: itself and its parts, if they are not small copies."""
    yield from () if _reduced(page) else (_Place(page, page, f"page {number}"),)
    for part in page.pages if page.subifds else ():
        if not _reduced(part):
            yield _Place(part, page, f"a part of page {number}")


def _chosen(file: Any) -> _Place:
    """The largest full picture of the first page; of all pages, where that one holds small copies alone."""
    first = file.pages.first
    found = list(_places(first, 1)) or [place for number, page in enumerate(file.pages, 1) for place in _places(page, number)]
    return max(found, key=lambda place: place.page.imagewidth * place.page.imagelength, default=_Place(first, first, "page 1"))


def read(handle: IO[bytes], name: str) -> Raw:
    """Any depth from 1 bit to 64-bit floats, as it is stored. Raises InputError for what is no grey, RGB, CMYK or palette picture."""
    import tifffile

    with tifffile.TiffFile(handle) as file:
        place = _chosen(file)
        page = place.page
        kind, samples = int(page.photometric), page.samplesperpixel
        space, colours = _SPACES.get(kind, ("", 0))
        spare = samples - colours
        if not colours or spare < 0 or (colours == 1 and spare > 1) or page.imagedepth > 1:
            got = f"{name} is a TIFF with {samples} channels of kind {page.photometric.name}."
            raise InputError(got, "Grey, RGB or CMYK is needed.", "Convert it first.")
        data = page.asarray()
        if samples > 1 and page.planarconfig == 2:
            data = np.moveaxis(data, 0, -1)
        data = data.reshape(page.imagelength, page.imagewidth, samples)
        top = page.tags.valueof(_TOP)
        turn, profile = (page.tags.valueof(code, place.below.tags.valueof(code)) for code in (_TURN, _PROFILE))
        notes = _pages(file, place, name)
        bands = [int(extra) for extra in page.extrasamples]
        clear = next((colours + n for n, extra in enumerate(bands) if extra in _ALPHA and colours + n < samples), None)
        if left := spare - (clear is not None):
            said = "a band" if left == 1 else f"{left} bands"
            notes += (f"{name} has {said} beside its colours that the file does not call transparency; the colours alone are used.",)
    alpha = [] if clear is None else [data[..., clear]]
    raw = Raw(
        data=np.dstack([data[..., :colours], *alpha]) if spare else data,
        space=space,
        alpha=clear is not None,
        orientation=int(turn or 1),
        profile=bytes(profile) if profile else None,
        negative=kind == _WHITE_IS_ZERO,
        multiplied=clear is not None and bands[clear - colours] == _ASSOCIATED,
    )
    if kind == _PALETTE:  # its colours are stored in 16 bits and meant in 8; what is transparent is not
        painted = (np.moveaxis(page.colormap, 0, -1)[data[..., 0]] >> 8).astype(np.uint8)
        raw.data = np.dstack([painted, *(one.astype(np.uint8) for one in alpha)])
    elif data.dtype.kind in "ub":
        raw.top = _top(data, page.bitspersample, top)
    elif data.dtype.kind == "f":
        notes += (f"{name} holds floating-point numbers; they are taken for sRGB.",)
    if space == "cmyk":
        notes += (f"{name} is in CMYK; the result is in RGB.",)
    raw.notes = notes
    return raw


def bands(handle: IO[bytes]) -> Array | None:
    """(h, w, c): all channels as they are stored, upright, where there are others than grey, colours and transparency; else None."""
    import tifffile

    with tifffile.TiffFile(handle) as file:
        place = _chosen(file)
        page = place.page
        _, colours = _SPACES.get(int(page.photometric), ("", 0))
        samples = page.samplesperpixel
        clear = sum(int(extra) in _ALPHA for extra in page.extrasamples)
        if page.imagedepth > 1 or samples <= max(1, colours + clear) or colours == 4:
            return None
        data = page.asarray()
        data = np.moveaxis(data, 0, -1) if page.planarconfig == 2 else data
        turn = page.tags.valueof(_TURN, place.below.tags.valueof(_TURN))
        return upright(data.reshape(page.imagelength, page.imagewidth, samples), int(turn or 1))


def _pages(file: Any, place: _Place, name: str) -> tuple[str, ...]:
    """What to say where there is more than the one picture."""
    first, count, page = file.pages.first, len(file.pages), place.page
    if page is first:
        return (f"{name} has {count} pages; the first is used.",) if count > 1 else ()
    small = f"{first.imagewidth} × {first.imagelength}"
    return (f"{name} begins with a picture of {small}; {place.where}, of {page.imagewidth} × {page.imagelength}, is used.",)


def _top(data: Array, bits: int, said: object) -> int:
    """The number that stands for the full colour, by the tags alone: what the file says, unless a pixel is above it, or its bits hold."""
    full = 2**bits - 1
    most = said[0] if isinstance(said, tuple) else said
    return most if isinstance(most, int) and 0 < most < full and int(data.max()) <= most else full


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
