"""Pictures and masks that only their names tell apart: 1.jpg and 1_mask.png, 0001TP.png and 0001TP_L.png, train/ and train_labels/."""

from __future__ import annotations

from pathlib import Path

from zorki.core.errors import InputError
from zorki.formats import masked
from zorki.formats.annotated import Annotated, Annotations, Picture, parted
from zorki.formats.places import MASKS, SPLITS, Place
from zorki.io.pairs import MASK_WORDS, PICTURE_WORDS, paired, side_by_side, stem, without
from zorki.io.photosets import is_picture

TITLE = "pictures with masks"
LAST = True
FOLDERS = ("images", "image", "imgs", "img", "pictures", "photos", "rgb", "jpegimages", "leftimg8bit", "input", "inputs")


def found(place: Place) -> str:
    pairs = pairs_of(place)
    return "" if not pairs else f"{place.inside(pairs[0][0])} and {place.inside(pairs[0][1])}"


def pairs_of(place: Place) -> list[tuple[Path, Path]]:
    """Picture and mask: of files in folders that differ by a word for what lies in them, or side by side. Raises InputError where two fit one."""
    files = [file for file in place.files if is_picture(file.name)]
    if not place.path.is_dir():
        return []
    groups: dict[tuple[str, ...], tuple[dict[str, Path], dict[str, Path]]] = {}
    for file in files:
        folders = Path(place.inside(file)).parts[:-1]
        masks = any(MASKS.search(part) for part in folders)
        key = tuple(core for part in folders if (core := bare(part)))
        groups.setdefault(key, ({}, {}))[masks].setdefault(stem(file), file)
    out: list[tuple[Path, Path]] = []
    for pictures, masks_here in groups.values():
        found = paired(pictures, masks_here) if masks_here else side_by_side(pictures.values())
        out += found.items()
    return out


def bare(folder: str) -> str:
    """What a folder's name says beside what lies in it: "train" of train_labels, "" of images."""
    name = without(without(folder, MASK_WORDS), PICTURE_WORDS).lower()
    return "" if name in FOLDERS or MASKS.search(name) else name


def read(place: Place) -> Annotations:
    """Raises InputError where there are no pairs, or two fit one."""
    pairs = pairs_of(place)
    if not pairs:
        raise InputError(f"{place.name} has no pictures with masks.", "Their names say what belongs together.", "Name another folder.")
    splits: dict[str, list[Annotated]] = {}
    for picture, mask in pairs:
        part = next((SPLITS[word] for folder in Path(place.inside(picture)).parts[:-1] if (word := bare(folder)) in SPLITS), "all")
        splits.setdefault(part, []).append(Annotated(place.inside(picture), mask, mask=mask, picture=Picture(picture)))
    classes, file = masked.coloured(place)
    if not classes:
        classes, file = masked.names_in_order(place)
    said = (f"{file} says what the masks' values mean.",) if file else ()
    return Annotations(TITLE, parted(splits, lambda one: one.wanted), classes, said=said, masked=True)
