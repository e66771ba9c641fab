"""Faces cut out of a photo, upright, one file each, with a table that says where each was."""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from zorki import io
from zorki.core.errors import InputError, Stopped
from zorki.core.spelling import own
from zorki.facing import aligning
from zorki.facing.faces import EMOTIONS, Face
from zorki.io.disk import trouble

TABLE = "faces.csv"
COLUMNS = ("crop", "file", "left", "top", "width", "height", "turn", "score", *EMOTIONS)
MARGIN = 1.35  # times the square that expressions are named in, which ends at brows and chin: hair and neck are in it too
LARGEST = 1024  # pixels of a crop's side where nobody says
Row = Sequence[object]


def square(face: Face) -> aligning.Square:
    """What is cut out of a face: turned by its eyes and mouth, with some room around it."""
    tight = aligning.square(face)
    return tight._replace(along=MARGIN * tight.along)


def cut(photo: io.Photo, face: Face, side: int | None = None) -> io.Photo:
    """A face alone, as a photo of its own with the same profile, depth and EXIF. side: in pixels; not given: as many as it has, LARGEST at most."""
    where = square(face)
    side = max(1, min(LARGEST, round(where.side))) if side is None else side
    pixels = taken(photo.pixels, where, side)
    alpha = None if photo.alpha is None else taken(photo.alpha[..., None], where, side)[..., 0]
    return replace(photo, pixels=pixels, alpha=alpha, stored=None, notes=())


def taken(pixels: io.photo.Floats, where: aligning.Square, side: int) -> io.photo.Floats:
    """(side, side, c) of (h, w, c), within 0..1. Of the picture only the part about the square is copied."""
    out = aligning.cut(torch.from_numpy(pixels).permute(2, 0, 1), where, side).permute(1, 2, 0).numpy()
    return np.ascontiguousarray(np.clip(out, 0, 1))


def names(photo: io.Photo, count: int, taken: Collection[str] = ()) -> list[str]:
    """cat-1.jpg, cat-2.jpg …: in the photo's format where it is written, else in the one that its results have. taken: of another photo called so; then cat_2-1.jpg …"""
    plain = Path(io.output_name(photo, "x"))
    stem, digits, series = plain.stem.removesuffix(".x"), len(str(count)), {series_of(spelt(one)) for one in taken}
    more = next(more for more in ("", *(f"_{n}" for n in range(2, len(series) + 3))) if (spelt(stem + more), plain.suffix) not in series)
    return [f"{stem}{more}-{n:0{digits}d}{plain.suffix}" for n in range(1, count + 1)]


def spelt(name: str) -> str:
    """As the table has a file's name."""
    return name.encode("utf-8", "backslashreplace").decode()


def series_of(crop: str) -> tuple[str, str]:
    """What the names of one photo's faces have in common: all but the number."""
    return crop.rpartition("-")[0], Path(crop).suffix


def saved(
    folder: Path, photo: io.Photo, faces: Sequence[Face], side: int | None = None, force: bool = False, taken: Collection[Path] = ()
) -> list[Path]:
    """Writes each face into the folder, which is made, and adds their rows to its table; the paths.

    taken: what other photos of the same work were given, which stays whatever their name. Nothing is replaced without `force`: InputError, and nothing is written;
    but what is there to the byte, from work that was broken off, is left as it is. Raises Stopped where the disk is full.
    """
    made(folder)
    table = folder / TABLE
    known, ours = kept(table, force), {path.name for path in taken if path.parent == folder}
    wanted = [folder / name for name in names(photo, len(faces), {one[0] for one in known if one[1] != spelt(photo.name)} | ours)]
    pairs = list(zip(wanted, faces, strict=True))
    there = {path for path, face in pairs if not force and os.path.lexists(path) and same(path, cut(photo, face, side))}
    for path in wanted:
        if path not in there:
            io.check_target(path, force)
    for path, face in pairs:
        if path not in there:
            small = cut(photo, face, side)
            io.save_photo(path, small.pixels, like=small, force=force)
    if wanted:
        rows = [row(path.name, photo.name, face) for path, face in pairs]
        write(table, [*(one for one in known if not replaced(one, photo.name, wanted, force)), *rows])
    return wanted


def replaced(one: Sequence[str], photo: str, wanted: Sequence[Path], force: bool) -> bool:
    """Whether a row of the table gives way: that of a file which is written, and with `force` those of the same photo that are left of earlier."""
    return any(one[0] == spelt(path.name) for path in wanted) or (
        force and one[1] == spelt(photo) and series_of(one[0]) == series_of(spelt(wanted[0].name))
    )


def same(path: Path, small: io.Photo) -> bool:
    """Whether the file is what would be written."""
    with tempfile.TemporaryDirectory() as folder:
        again = io.save_photo(Path(folder) / path.name, small.pixels, like=small)
        try:
            return path.read_bytes() == Path(again).read_bytes()
        except OSError:
            return False


def made(folder: Path) -> None:
    """Makes the folder. Raises InputError, and Stopped where the disk is full."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        if isinstance(full := trouble(error, folder), Stopped):
            raise full from error
        got = f"--crop={own(folder)} cannot be made: {error.strerror or error}."
        raise InputError(got, "It is the folder of the faces.", "Choose another for --crop.") from error


def row(crop: str, photo: str, face: Face) -> Row:
    """As COLUMNS say: the rectangle in pixels of the photo, the turn in degrees, how sure the detector was, the eight scores, empty where nobody asked."""
    said = ["" for _ in EMOTIONS] if face.shares is None else list(face.scores.values())
    return [crop, photo, *face.rectangle.values(), round(aligning.square(face).turn, 2), round(face.score, 4), *said]


def kept(path: Path, force: bool) -> list[list[str]]:
    """The rows that a table holds. Raises InputError for one that cannot be read, and for a file of that name that is no such table, unless it may be replaced."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle))
    except FileNotFoundError:
        return []
    except OSError as error:  # also by force: whose rows it holds nobody can say
        got = f"{own(path)} cannot be read: {error.strerror or error}."
        raise InputError(got, "The faces' table would be written there.", "Choose another folder for --crop.") from error
    except (ValueError, csv.Error):
        rows = []
    if rows and tuple(rows[0]) == COLUMNS:
        return [row for row in rows[1:] if len(row) == len(COLUMNS)]
    if force:
        return []
    raise InputError(f"{own(path)} is no table of Zorki's.", "The faces' own would be written there.", "Choose another folder for --crop.")


def write(path: Path, rows: Sequence[Row]) -> None:
    """The table, whole or not at all; a byte of a file's name that is no letter as \\udce9."""
    with io.atomic(path) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
