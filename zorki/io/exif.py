"""EXIF: the orientation taken out and applied, small copies of the picture taken out and made anew, the rest kept."""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin

from zorki.io.photo import Array

ORIENTATION = 0x0112
_CAMERA = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)  # what a TIFF's own tags share with EXIF: maker, model, author …
FOLDERS = (0x8769, 0x8825)  # the camera's settings, GPS
_POINTER = 0xA005  # leads to a table about interoperability: an address in the old file
_MAKER = 0x927C  # what only the camera's maker knows how to read
_COPIES = (
    {0x0111, 0x0117, 0x0144, 0x0145, 0x014A, 0x0201, 0x0202}  # addresses in the old file: strips, tiles, tables, a JPEG
    | {0x02BC, 0x8649, 0x501B}  # XMP, Photoshop's resources, Windows: each may hold a small copy of the picture as it was
)
_JPEG = b"\xff\xd8\xff"  # how one begins
SMALL = 160  # pixels of the longer side of EXIF's small copy, as DCF 2.0 has it


class Read(NamedTuple):
    """turn: the orientation, 1..8. kept: the rest as bytes, None when nothing is left. small: it held a small copy of the picture."""

    turn: int
    kept: bytes | None
    small: bool = False


def upright(data: Array, orientation: int) -> Array:
    """Turns and mirrors (h, w, …) as EXIF orientation 1..8 says; any other number is taken for 1."""
    if orientation in (5, 6, 7, 8):
        data = np.swapaxes(data, 0, 1)
    if orientation in (3, 4, 7, 8):
        data = data[::-1]
    if orientation in (2, 3, 6, 7):
        data = data[:, ::-1]
    return data


def read_exif(source: Image.Exif | bytes, camera_only: bool = False) -> Read:
    """The orientation, and the rest without whatever shows the picture as it was: a result is another one. camera_only: the tags come from a TIFF, most are its layout.

    Never raises: EXIF is a stranger's, and worth less than the picture.
    """
    try:
        exif = source if isinstance(source, Image.Exif) else Image.Exif()
        if isinstance(source, bytes):
            exif.load(source)
        turn = exif.get(ORIENTATION, 1)
        kept = Image.Exif()
        for tag, value in exif.items():
            if tag not in FOLDERS and (not camera_only or tag in _CAMERA) and tag != ORIENTATION and not shows(tag, value):
                kept[tag] = value
        for folder in FOLDERS:
            inside = {tag: value for tag, value in exif.get_ifd(folder).items() if tag != _POINTER and not shows(tag, value)}
            if inside:
                kept[folder] = inside
        small = not camera_only and bool({0x0111, 0x0201} & {*exif.get_ifd(ExifTags.IFD.IFD1)})
        return Read(turn if isinstance(turn, int) else 1, kept.tobytes() if len(kept) else None, small)
    except Exception:
        return Read(1, None)


def shows(tag: int, value: Any) -> bool:
    """Whether a tag may hold a small copy of the picture, as some makers' notes do, or leads to one."""
    return tag in _COPIES or (isinstance(value, bytes) and _JPEG in value)


def unmade(exif: bytes) -> bytes | None:
    """The same without the maker's notes: what is in them nobody else knows, and some say where faces are and what they look like. None when nothing is left."""
    source = Image.Exif()
    source.load(exif)
    inside = {tag: value for tag, value in source.get_ifd(FOLDERS[0]).items() if tag != _MAKER}
    if inside:
        source[FOLDERS[0]] = inside
    elif FOLDERS[0] in source:
        del source[FOLDERS[0]]
    return source.tobytes() if len(source) else None


def with_small(exif: bytes | None, jpeg: bytes) -> bytes:
    """The same with a small copy of the picture, a JPEG, in the table that EXIF has for it (EXIF 2.32, 4.5.5)."""
    whole = (exif or Image.Exif().tobytes()).removeprefix(b"Exif\0\0")
    end = "<" if whole[:2] == b"II" else ">"
    (first,) = struct.unpack_from(end + "I", whole, 4)
    (count,) = struct.unpack_from(end + "H", whole, first)
    after = first + 2 + 12 * count  # where the first table says at which address the second lies
    whole += b"\0" * (len(whole) % 2)
    at = len(whole)
    entries = [(0x0103, 3, 1, 6), (0x0201, 4, 1, at + 2 + 3 * 12 + 4), (0x0202, 4, 1, len(jpeg))]  # 6: coded as JPEG
    table = struct.pack(end + "H", len(entries))
    for tag, kind, n, value in entries:
        table += struct.pack(end + "HHI", tag, kind, n) + (
            struct.pack(end + "HH", value, 0) if kind == 3 else struct.pack(end + "I", value)
        )
    return b"Exif\0\0" + whole[:after] + struct.pack(end + "I", at) + whole[after + 4 :] + table + b"\0\0\0\0" + jpeg


def camera_tags(exif: bytes) -> list[tuple[int, str]]:
    """(tag, text) of what EXIF and a TIFF's own tags share: maker, model, author …"""
    source = Image.Exif()
    source.load(exif)
    return [(tag, value) for tag in _CAMERA if isinstance(value := source.get(tag), str)]


def folders(exif: bytes) -> dict[int, TiffImagePlugin.ImageFileDirectory_v2]:
    """The camera's and the GPS table, those that are there; `.tobytes(at)` gives one as it must lie at the address `at`."""
    source = Image.Exif()
    source.load(exif)
    found = {}
    for folder in FOLDERS:
        if inside := source.get_ifd(folder):
            found[folder] = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
            for tag, value in inside.items():
                found[folder][tag] = value
    return found
