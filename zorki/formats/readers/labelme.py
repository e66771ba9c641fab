"""LabelMe: a JSON file for each picture, which lies beside it or in it, with shapes of several kinds.

Source: Wada, LabelMe (labelme/utils/shape.py says how wide its lines are and how large its points).
Differs: what a shape covers is what has its middle inside; LabelMe's own export also draws the outline, so that its things are up to a pixel larger.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core import events
from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Annotations, Embedded, Picture, Thing, parted
from zorki.formats.places import Place
from zorki.formats.shapes import Bitmap, Disc, Polygons, Ring, Several, Shape, Stroke, rectangle
from zorki.io import Label, open_mask
from zorki.io.photosets import is_picture

TITLE = "LabelMe"
ENDINGS = (".json",)  # of its files
WIDTH, RADIUS = 10.0, 5.0  # pixels of a line, and around a point
LINES, POINTS = ("line", "linestrip"), ("point", "points")


def found(place: Place) -> str:
    files = place.of_kind("labelme")
    return "" if not files else place.inside(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def read(place: Place) -> Annotations:
    """Damaged files go to `place.failed`; raises InputError where none is whole."""
    files = place.of_kind("labelme")
    wrong: list[InputError] = []
    pictures: dict[str, list[Annotated]] = {}
    kinds: set[str] = set()
    for k, file in enumerate(files, 1):
        events.tell("annotations", k, len(files))
        try:
            doc = document(file)
        except InputError as e:
            wrong.append(e)
            place.failed[place.inside(file)] = e.got
            continue
        kinds |= {str(one.get("shape_type")) for one in doc["shapes"]}
        pictures.setdefault(place.split(file), []).append(annotated(file, doc))
    if not pictures:
        raise wrong[0] if wrong else InputError(f"{place.name} holds no JSON of LabelMe's.", "It has shapes.", "Name another folder.")
    labels = sorted({t.label for some in pictures.values() for one in some for t in one.things}, key=str.casefold)
    classes, said = named(place, labels)
    drawn = [
        what for what, some in ((f"lines {WIDTH:g} pixels wide", LINES), (f"points {RADIUS:g} pixels around", POINTS)) if kinds & {*some}
    ]
    if drawn:
        said.append(f"As LabelMe does, {' and '.join(drawn)} are filled.")
    return Annotations(TITLE, parted(pictures, lambda one: place.inside(one.source)), classes, "later", tuple(said))


def document(file: Path) -> Mapping[str, Any]:
    """Raises InputError."""
    doc = texts.json_of(file)
    if not isinstance(doc, dict) or not isinstance(doc.get("shapes"), list) or not all(isinstance(one, dict) for one in doc["shapes"]):
        raise InputError(f"{file.name} has no list of shapes.", "LabelMe's JSON has.", "Save it anew.")
    return doc


def named(place: Place, labels: list[str]) -> tuple[tuple[Label, ...], list[str]]:
    """The classes in the order of a labels.txt, there or one folder above, if it lists them all; else of the alphabet."""
    for file in (place.root / "labels.txt", place.root.resolve().parent / "labels.txt"):
        if file.is_file():
            listed = texts.lines(file)
            if {*labels} <= {*listed}:
                return values.listed(listed), [f"The classes stand in the order of {file.name}."]
    return values.listed(labels), []


def annotated(file: Path, doc: Mapping[str, Any]) -> Annotated:
    """A picture by its path, by its name beside the JSON file, or inside of it, whichever is there."""
    wanted = doc.get("imagePath")
    wanted = wanted if isinstance(wanted, str) and is_picture(wanted) else ""
    things = tuple(thing(one, f"shape {k}") for k, one in enumerate(doc["shapes"], 1))
    held = Picture(Embedded(file)) if isinstance(doc.get("imageData"), str) and doc["imageData"] else None
    return Annotated(wanted, file, values.size(doc.get("imageWidth"), doc.get("imageHeight")), things, picture=held)


def thing(one: Mapping[str, Any], number: str) -> Thing:
    label = values.word(one.get("label"))
    if not label:
        return Thing("void", None, flaw="has no label", number=number)
    outline = shape(one)
    if isinstance(outline, str):
        return Thing(label, None, flaw=outline, number=number)
    return Thing(label, outline, number=number, group=values.whole(one.get("group_id")))


def shape(one: Mapping[str, Any]) -> Shape | str:
    """What it draws, or what is wrong with it."""
    kind, points = one.get("shape_type") or "polygon", pairs(one.get("points"))
    if points is None:
        given = one.get("points")
        return values.wrong(v for p in given if isinstance(p, list) for v in p) if isinstance(given, list) else "has no points"
    if kind in ("polygon", "oriented_rectangle"):
        outline = values.ring(one.get("points"))
        return outline if isinstance(outline, str) else Polygons(((outline,),))
    few = {"rectangle": 2, "circle": 2, "mask": 1, "line": 2, "linestrip": 2}.get(str(kind), 1)
    if len(points) < few:
        return f"is a {kind} of {len(points)} points"
    if kind == "rectangle":
        return rectangle(*points.min(0).tolist(), *points.max(0).tolist())
    if kind == "circle":
        return Disc(float(points[0, 0]), float(points[0, 1]), float(np.hypot(*(points[1] - points[0]))))
    if kind in LINES:
        return Stroke(points, WIDTH)
    if kind in POINTS:
        return Several(tuple(Disc(x, y, RADIUS) for x, y in points.tolist()))
    return bitmap(one.get("mask"), points) if kind == "mask" else f"is a {kind}, which is not known"


def pairs(points: Any) -> Ring | None:
    """(n, 2)."""
    if not isinstance(points, list):
        return None
    found = [values.numbers(p, 2) for p in points]
    return None if any(p is None for p in found) else np.array(found, np.float64).reshape(-1, 2)


def bitmap(given: Any, points: Ring) -> Bitmap | str:
    """A PNG in base64, whose upper left pixel is that of the first point."""
    try:
        stored = open_mask(base64.b64decode(given, validate=False))
    except (InputError, binascii.Error, ValueError, TypeError):
        return "has a damaged mask"
    inside = stored.numbers != 0 if stored.numbers is not None else (stored.colours != 0).any(2)  # type: ignore[union-attr]
    left, top = np.rint(points[0]).astype(int).tolist()
    return Bitmap(inside, top, left)
