"""What LabelMe exports of single JSON files: a folder for each, with img.png, label.png and label_names.txt, whose numbers are its own.

Source: Wada, LabelMe (labelme_export_json, once labelme_json_to_dataset).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from zorki.core import events
from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import BACKGROUND, Annotated, Annotations, Picture, Thing, parted
from zorki.formats.places import Place
from zorki.formats.shapes import Bitmap
from zorki.io import open_mask

TITLE = "LabelMe's export"
LAST = True  # the JSON files, where they are beside, say more
MASK, NAMES, PICTURE = "label.png", "label_names.txt", "img.png"


def found(place: Place) -> str:
    folders = folders_of(place)
    return "" if not folders else place.inside(folders[0] / MASK)


def folders_of(place: Place) -> list[Path]:
    files = {*place.files}
    return [file.parent for file in place.files if file.name == MASK and {file.with_name(NAMES), file.with_name(PICTURE)} <= files]


def read(place: Place) -> Annotations:
    """Damaged masks go to `place.failed`; raises InputError where none is whole."""
    folders = folders_of(place)
    wrong: list[InputError] = []
    splits: dict[str, list[Annotated]] = {}
    for k, folder in enumerate(folders, 1):
        events.tell("annotations", k, len(folders))
        try:
            things = tuple(things_of(folder))
        except InputError as e:
            wrong.append(e)
            place.failed[place.inside(folder)] = e.got
            continue
        one = Annotated(place.inside(folder / PICTURE), folder / MASK, None, things, picture=Picture(folder / PICTURE))
        splits.setdefault(place.split(folder), []).append(one)
    if not splits:
        raise (
            wrong[0] if wrong else InputError(f"{place.name} holds no export of LabelMe's.", f"It has {MASK} and {NAMES}.", "Name another.")
        )
    labels = sorted({t.label for some in splits.values() for one in some for t in one.things}, key=str.casefold)
    return Annotations(TITLE, parted(splits, lambda one: place.inside(one.source.parent).removesuffix("_json")), values.listed(labels))


def things_of(folder: Path) -> Iterator[Thing]:
    """What each number of the mask covers, by its line in the list. Raises InputError."""
    listed, mask = texts.lines(folder / NAMES), open_mask(folder / MASK)
    if mask.numbers is None or int(mask.numbers.max()) >= len(listed):
        raise InputError(f"{folder.name}/{MASK} holds numbers that {NAMES} does not name.", "Each is a line of it.", "Export it anew.")
    for n, label in enumerate(listed):
        inside = mask.numbers == n
        if label.lower() not in BACKGROUND and inside.any():
            (top, bottom), (left, right) = (np.flatnonzero(inside.any(axis))[[0, -1]].tolist() for axis in (1, 0))
            yield Thing(label, Bitmap(inside[top : bottom + 1, left : right + 1].copy(), top, left), number=f"number {n}")
