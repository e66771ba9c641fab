"""Zorki's own: images/ with masks/ of the same names, perhaps in train/ and val/, and classes.csv."""

from __future__ import annotations

from zorki.core.errors import InputError
from zorki.formats.annotated import Annotated, Annotations, Picture
from zorki.formats.places import Place
from zorki.io import open_labelled
from zorki.io.labelled import MASKS, PICTURES, SPLITS
from zorki.io.pairs import stem

TITLE = "a folder of pictures with masks"
TRAINS = True  # it is what trainings take


def found(place: Place) -> str:
    for part in ("", *SPLITS):
        here = place.root / part
        if place.path.is_dir() and (here / PICTURES).is_dir() and (here / MASKS).is_dir():
            return f"{part}{'/' * bool(part)}{PICTURES}/ and {MASKS}/"
    return ""


def read(place: Place) -> Annotations:
    """Raises InputError as `io.open_labelled` does, and where there are no masks."""
    folder = open_labelled(place.root)
    splits = {
        part: tuple(
            Annotated(e.picture.name, e.mask, mask=e.mask, picture=Picture(e.picture), name=stem(e.picture))
            for e in some
            if e.mask is not None
        )
        for part, some in folder.splits.items()
    }
    if not any(splits.values()):
        raise InputError(f"{place.name} has no masks.", "For each picture a mask says which class each pixel has.", "Name another folder.")
    return Annotations(TITLE, splits, folder.classes, said=folder.notes, masked=True)
