"""GeoJSON of single pictures: a file for each, beside a picture of its name, with polygons in pixels, as QuPath and Zorki write it.

Source: RFC 7946 (rings); QuPath's `classification`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from zorki.core import events
from zorki.core.errors import InputError
from zorki.formats import texts, values
from zorki.formats.annotated import Annotated, Annotations, Thing, parted
from zorki.formats.places import Place
from zorki.formats.shapes import Polygons, Ring
from zorki.io import Label

TITLE = "GeoJSON"
ENDINGS = (".geojson", ".json")  # of its files


def found(place: Place) -> str:
    files = place.of_kind("geojson")
    return "" if not files else place.inside(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def read(place: Place) -> Annotations:
    """Damaged files go to `place.failed`; raises InputError where none is whole."""
    files = place.of_kind("geojson")
    wrong: list[InputError] = []
    splits: dict[str, list[Annotated]] = {}
    spoken: list[Label] = []
    torn: list[str] = []
    for k, file in enumerate(files, 1):
        events.tell("annotations", k, len(files))
        try:
            rows = list(features(file))
        except InputError as e:
            wrong.append(e)
            place.failed[place.inside(file)] = e.got
            continue
        for row in rows:
            label, number, colour = called(row)
            spoken += [Label(-1 if number is None else number, label, colour)] if label else []
        things = tuple(thing(row, f"feature {k}") for k, row in enumerate(rows, 1))
        torn += [
            f"{file.name}, {one.number} (it {flaw})"
            for one, row in zip(things, rows, strict=True)
            if isinstance(one.shape, Polygons)
            for flaw in damaged(row["geometry"])
        ]
        splits.setdefault(place.split(file), []).append(Annotated("", file, None, things))
    if not splits:
        raise wrong[0] if wrong else InputError(f"{place.name} holds no GeoJSON.", "It has features.", "Name another folder.")
    classes = values.apart(spoken)
    if len({label.number for label in classes}) < len(classes) or any(label.number < 0 for label in classes):
        classes = tuple(label._replace(number=n) for n, label in enumerate(sorted(classes, key=lambda one: one.name.casefold()), 1))
    return Annotations(TITLE, parted(splits, lambda one: place.inside(one.source)), classes, "later", values.torn("hole", torn))


def features(file: Path) -> Iterator[Mapping[str, Any]]:
    """Raises InputError for a file that is none, or whose places are on the earth."""
    doc = texts.json_of(file)
    rows = doc.get("features") if isinstance(doc, dict) and doc.get("type") == "FeatureCollection" else doc
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row.get("type") == "Feature" for row in rows):
        raise InputError(f"{file.name} has no list of features.", "GeoJSON has.", "Export it anew.")
    if isinstance(doc, dict) and "crs" in doc:
        raise InputError(f"{file.name} has places on the earth.", "Places in the picture, in pixels, are needed.", "Export it in pixels.")
    yield from rows


def called(row: Mapping[str, Any]) -> tuple[str, int | None, str]:
    """The class of a feature, its number and colour where it says them."""
    about = row.get("properties")
    about = about if isinstance(about, dict) else {}
    kind = about.get("classification")
    kind = kind if isinstance(kind, dict) else {}
    label = next(filter(None, map(values.word, (kind.get("name"), about.get("name"), about.get("label"), about.get("class")))), "")
    packed = values.whole(kind.get("colorRGB"))  # QuPath's older files: one number, of alpha, red, green, blue
    colour = values.colour(kind.get("color")) or ("" if packed is None else f"#{packed & 0xFFFFFF:06x}")
    return label, values.whole(about.get("class")), colour


def thing(row: Mapping[str, Any], number: str) -> Thing:
    label, _, _ = called(row)
    outline = shape(row.get("geometry"))
    if not label:
        return Thing("void", None, flaw="has no class", number=number)
    return Thing(label, None, flaw=outline, number=number) if isinstance(outline, str) else Thing(label, outline, number=number)


def damaged(geometry: Mapping[str, Any]) -> list[str]:
    """Of a shape that is whole otherwise, what is wrong with each hole that cannot be cut out."""
    parts = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    holes = [values.ring(line) for _, *lines in parts for line in lines]
    return [hole for hole in holes if isinstance(hole, str)]


def shape(geometry: Any) -> Polygons | str:
    """A polygon with its holes, or several; or what is wrong with it."""
    if not isinstance(geometry, dict):
        return "has no geometry, so nothing says where it is"
    kind = geometry.get("type")
    if kind not in ("Polygon", "MultiPolygon"):
        return f"has a geometry of type {values.shown(kind)}, not Polygon or MultiPolygon, so it covers nothing"
    given = geometry.get("coordinates")
    parts: list[tuple[Ring, ...]] = []
    for part in [given] if kind == "Polygon" else given if isinstance(given, list) else []:
        if not isinstance(part, list) or not part:
            return "has no outline"
        found = [values.ring(line) for line in part]
        first, *holes = found
        if isinstance(first, str):
            return first
        parts.append((first, *(hole for hole in holes if not isinstance(hole, str))))
    return Polygons(tuple(parts)) if parts else "has no outline"
