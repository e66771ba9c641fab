"""Cityscapes: leftImg8bit/ with pictures, gtFine/ with masks by labelIds or labelTrainIds, in folders of parts and cities.

Source: Cordts et al. 2016; cityscapesScripts, `labels.py` (the numbers and colours).
"""

from __future__ import annotations

import re
from pathlib import Path

from zorki.core.errors import InputError
from zorki.formats.annotated import Annotated, Annotations, parted
from zorki.formats.places import Place
from zorki.io import Label

TITLE = "Cityscapes"
MASK = re.compile(r"(?P<frame>.+)_gt(?:Fine|Coarse)_label(?P<by>TrainIds|Ids)\.png")
CLASSES = (  # name, colour, id; in the order of the trainIds
    ("road", "#804080", 7), ("sidewalk", "#f423e8", 8), ("building", "#464646", 11), ("wall", "#66669c", 12), ("fence", "#be9999", 13),
    ("pole", "#999999", 17), ("traffic light", "#faaa1e", 19), ("traffic sign", "#dcdc00", 20), ("vegetation", "#6b8e23", 21),
    ("terrain", "#98fb98", 22), ("sky", "#4682b4", 23), ("person", "#dc143c", 24), ("rider", "#ff0000", 25), ("car", "#00008e", 26),
    ("truck", "#000046", 27), ("bus", "#003c64", 28), ("train", "#005064", 31), ("motorcycle", "#0000e6", 32), ("bicycle", "#770b20", 33),
)  # fmt: skip


def masks_of(place: Place) -> dict[str, list[Path]]:
    """By the kind of numbers in them."""
    found: dict[str, list[Path]] = {}
    for file in place.ending(".png"):
        if name := MASK.fullmatch(file.name):
            found.setdefault(name["by"], []).append(file)
    return found


def found(place: Place) -> str:
    masks = masks_of(place)
    return "" if not masks else place.inside(next(iter(masks.values()))[0])


def read(place: Place) -> Annotations:
    """The 19 classes that are judged by; all else counts nowhere. Masks by trainIds where each picture has one. Raises InputError where there are none."""
    masks = masks_of(place)
    if not masks:
        raise InputError(f"{place.name} has no masks of Cityscapes'.", "They end in _labelIds.png or _labelTrainIds.png.", "Name another.")
    by = "TrainIds" if len(masks.get("TrainIds", ())) >= len(masks.get("Ids", ())) else "Ids"
    if by == "TrainIds":
        classes = [Label(n, name, colour) for n, (name, colour, _) in enumerate(CLASSES)]
        nowhere = [255]
    else:
        classes = [Label(n, name, colour) for name, colour, n in CLASSES]
        nowhere = [n for n in (*range(34), 255) if n not in {label.number for label in classes}]
    splits: dict[str, list[Annotated]] = {}
    for file in masks[by]:
        splits.setdefault(place.split(file), []).append(annotated(file))
    said = f"Its 19 classes are taken by their {'trainIds' if by == 'TrainIds' else 'ids'}; what is of none of them counts nowhere."
    parts = parted(splits, lambda one: one.wanted.removesuffix("_leftImg8bit.png"))
    return Annotations(TITLE, parts, (*classes, *(Label(n, "void", "") for n in nowhere)), said=(said,), masked=True)


def annotated(mask: Path) -> Annotated:
    """Its picture has the same name but for the last word."""
    found = MASK.fullmatch(mask.name)
    frame = found["frame"] if found else mask.stem
    return Annotated(f"{frame}_leftImg8bit.png", mask, mask=mask)
