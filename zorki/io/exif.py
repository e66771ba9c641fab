"""EXIF: the orientation taken out and applied, the rest kept."""

from __future__ import annotations

import numpy as np
from PIL import Image, TiffImagePlugin

from zorki.io.photo import Array

ORIENTATION = 0x0112
_CAMERA = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298)  # what a TIFF's own tags share with EXIF: maker, model, author …
FOLDERS = (0x8769, 0x8825)  # the camera's settings, GPS
_POINTER = 0xA005  # leads to a table about interoperability: an address in the old file


def upright(data: Array, orientation: int) -> Array:
    """Turns and mirrors (h, w, …) as EXIF orientation 1..8 says; any other number is taken for 1."""
    if orientation in (5, 6, 7, 8):
        data = np.swapaxes(data, 0, 1)
    if orientation in (3, 4, 7, 8):
        data = data[::-1]
    if orientation in (2, 3, 6, 7):
        data = data[:, ::-1]
    return data


def read_exif(source: Image.Exif | bytes, camera_only: bool = False) -> tuple[int, bytes | None]:
    """The orientation, and the rest as bytes (None when nothing is left). camera_only: the tags come from a TIFF, most are its layout.

    Never raises: EXIF is a stranger's, and worth less than the picture.
    """
    try:
        exif = source if isinstance(source, Image.Exif) else Image.Exif()
        if isinstance(source, bytes):
            exif.load(source)
        turn = exif.get(ORIENTATION, 1)
        kept = Image.Exif()
        for tag, value in exif.items():
            if tag != ORIENTATION and tag not in FOLDERS and (not camera_only or tag in _CAMERA):
                kept[tag] = value
        for folder in FOLDERS:
            inside = {tag: value for tag, value in exif.get_ifd(folder).items() if tag != _POINTER}
            if inside:
                kept[folder] = inside
        return (turn if isinstance(turn, int) else 1), (kept.tobytes() if len(kept) else None)
    except Exception:
        return 1, None


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
