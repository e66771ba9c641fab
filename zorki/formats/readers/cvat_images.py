"""CVAT's own "CVAT for images": an XML file of all pictures, with polygons, masks, boxes, ellipses and lines, each at its height.

Source: CVAT, "CVAT for images" and "XML annotation format".
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Annotations, Thing, parted
from zorki.formats.places import Place
from zorki.formats.shapes import Bitmap, Polygons, Shape, rectangle
from zorki.io import Label
from zorki.io.opening import LIMIT

TITLE = "CVAT for images"
ENDINGS = (".xml",)  # of its files
CORNERS = 180  # of an ellipse
PLACES = ("points", "xtl", "ytl", "xbr", "ybr", "cx", "cy", "rx", "ry")
LINES = ("polyline", "points", "skeleton", "cuboid")  # which cover nothing


def found(place: Place) -> str:
    files = tables(place)
    return "" if not files else place.inside(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def tables(place: Place) -> list[Path]:
    return [
        file for file in place.ending(".xml") if "<annotations" in texts.begins(file) and b"<image " in texts.read(file).replace(b"\0", b"")
    ]


def read(place: Place) -> Annotations:
    """Raises InputError for a file that is damaged, or none."""
    files = tables(place)
    if not files:
        raise InputError(f"{place.name} holds no XML of CVAT's.", "It has annotations with images.", "Name another.")
    spoken: list[tuple[str, str]] = []
    parts: dict[str, list[Annotated]] = {}
    for file in files:
        tree = texts.xml_of(file)
        spoken += [((one.findtext("name") or "").strip(), (one.findtext("color") or "").strip()) for one in tree.iter("label")]
        for image in tree.iter("image"):
            part = {"train": "train", "validation": "val", "val": "val", "test": "test"}.get((image.get("subset") or "").lower(), "all")
            parts.setdefault(part, []).append(annotated(image, file))
    known = dict(spoken) | {t.label: "" for some in parts.values() for one in some for t in one.things if t.label not in dict(spoken)}
    classes = values.listed(name for name in known if name)
    classes = tuple(label._replace(colour=known[label.name]) for label in classes)
    return Annotations(TITLE, parted(parts, lambda one: one.wanted), tuple(map(coloured, classes)))


def coloured(label: Label) -> Label:
    """Without a colour that is none."""
    return label if len(label.colour) == 7 and label.colour.startswith("#") else label._replace(colour="")


def annotated(image: ElementTree.Element, file: Path) -> Annotated:
    rows = sorted(enumerate(image, 1), key=lambda row: values.whole(row[1].get("z_order", "0")) or 0)  # a stable sort
    things = tuple(thing(one, k) for k, one in rows if one.tag not in (*LINES, "tag"))
    hw = values.size(values.whole(image.get("width")), values.whole(image.get("height")))
    return Annotated(image.get("name") or "", file, hw, things)


def thing(one: ElementTree.Element, k: int) -> Thing:
    label, number = (one.get("label") or "").strip(), f"{one.tag} {k}"
    outline = shape(one)
    if not label:
        return Thing("void", None, flaw="has no label", number=number)
    if isinstance(outline, str):
        return Thing(label, None, flaw=outline, number=number)
    left, top, right, bottom = outline.reach
    return Thing(label, outline, values.box((left, top, right - left, bottom - top)), number=number)


def shape(one: ElementTree.Element) -> Shape | str:
    """What it draws, or what is wrong with it."""
    if one.tag == "polygon":
        pairs = [floats(pair) for pair in (one.get("points") or "").split(";") if pair.strip()]
        return values.polygons([[v for pair in pairs for v in pair]]) if all(len(pair) == 2 for pair in pairs) else lacking(one)
    if one.tag == "mask":
        return bitmap(one)
    places = floats(",".join(one.get(key, "") for key in ("xtl", "ytl", "xbr", "ybr") if one.tag == "box"))
    if len(places) == 4:
        return turned(rectangle(*places), ((places[0] + places[2]) / 2, (places[1] + places[3]) / 2), one)
    places = floats(",".join(one.get(key, "") for key in ("cx", "cy", "rx", "ry") if one.tag == "ellipse"))
    if len(places) == 4:
        x, y, rx, ry = places
        around = np.arange(CORNERS) * (2 * np.pi / CORNERS)
        return turned(Polygons(((np.stack([x + rx * np.cos(around), y + ry * np.sin(around)], 1),),)), (x, y), one)
    return f"is a {one.tag}, which is not known" if one.tag not in ("box", "ellipse") else lacking(one)


def lacking(one: ElementTree.Element) -> str:
    """Why its places are none."""
    words = re.split("[,;]", ",".join(one.get(key, "0") for key in PLACES))
    return values.wrong(v for word in words for v in real(word))


def real(word: str) -> list[float]:
    try:
        return [float(word)]
    except ValueError:
        return []


def floats(text: str) -> list[float]:
    """Numbers with commas between them; none where one of them is none."""
    try:
        return values.numbers([float(word) for word in text.split(",")]) or []
    except ValueError:
        return []


def turned(outline: Polygons, middle: tuple[float, float], one: ElementTree.Element) -> Polygons:
    """By its rotation, clockwise in degrees, around its middle."""
    angle = np.deg2rad(next(iter(floats(one.get("rotation", "0"))), 0.0))
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    return Polygons(tuple(tuple((ring - middle) @ turn + middle for ring in rings) for rings in outline.parts))


def bitmap(one: ElementTree.Element) -> Bitmap | str:
    """Run lengths row by row in a box."""
    box = [values.whole(one.get(key)) for key in ("left", "top", "width", "height")]
    lengths = [int(v) for v in floats(one.get("rle", ""))]
    left, top, wide, high = (v if v is not None else -1 for v in box)
    if min(wide, high) < 1 or wide * high > LIMIT or any(n < 0 for n in lengths) or sum(lengths) != wide * high:
        return "has damaged run lengths"
    return Bitmap(np.repeat(np.arange(len(lengths)) % 2 == 1, lengths).reshape(high, wide), top, left)
