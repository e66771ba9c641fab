"""Faces cut out of a photo, upright, one file each, with a table that says where each was."""

from __future__ import annotations

import csv
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from zorki import io
from zorki.core.errors import InputError
from zorki.facing import aligning
from zorki.facing.faces import EMOTIONS, Face

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


def names(photo: io.Photo, count: int, taken: Collection[object] = ()) -> list[str]:
    """cat-1.jpg, cat-2.jpg …: in the photo's format where it is written, else in the one that its results have. taken: of another photo called so; then cat_2-1.jpg …"""
    plain = Path(io.output_name(photo, "x"))
    stem, digits = plain.stem.removesuffix(".x"), len(str(count))
    for more in ("", *(f"_{n}" for n in range(2, len(taken) + 3))):
        found = [f"{stem}{more}-{n:0{digits}d}{plain.suffix}" for n in range(1, count + 1)]
        if not set(found) & set(taken):
            break
    return found


def saved(folder: Path, photo: io.Photo, faces: Sequence[Face], side: int | None = None, force: bool = False) -> list[Path]:
    """Writes each face into the folder, which is made, and adds their rows to its table; the paths. Nothing is replaced without `force`: InputError, and nothing is written."""
    table = folder / TABLE
    others = kept(table, photo.name, force)
    wanted = [folder / name for name in names(photo, len(faces), [one[0] for one in others if one[1] != photo.name])]
    folder.mkdir(parents=True, exist_ok=True)
    for path in wanted:
        io.check_target(path, force)
    rows = list[Row]()
    for path, face in zip(wanted, faces, strict=True):
        small = cut(photo, face, side)
        io.save_photo(path, small.pixels, like=small, force=force)
        rows.append(row(path.name, photo.name, face))
    if wanted:
        write(table, [*others, *rows])
    return wanted


def row(crop: str, photo: str, face: Face) -> Row:
    """As COLUMNS say: the rectangle in pixels of the photo, the turn in degrees, how sure the detector was, the eight scores, empty where nobody asked."""
    said = ["" for _ in EMOTIONS] if face.shares is None else list(face.scores.values())
    return [crop, photo, *face.rectangle.values(), round(aligning.square(face).turn, 2), round(face.score, 4), *said]


def kept(path: Path, name: str, force: bool) -> list[Row]:
    """The rows of other photos that a table holds. Raises InputError for a file of that name that is no such table, unless it may be replaced."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            rows = list(csv.reader(handle))
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error):
        rows = []
    if rows and tuple(rows[0]) == COLUMNS:
        return [row for row in rows[1:] if len(row) == len(COLUMNS) and not (force and row[1] == name)]
    if force:
        return []
    raise InputError(f"{path} is no table of Zorki's.", "The faces' own would be written there.", "Choose another folder for --crop.")


def write(path: Path, rows: Sequence[Row]) -> None:
    """The table, whole or not at all; a byte of a file's name that is no letter as \\udce9."""
    with io.atomic(path) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)
