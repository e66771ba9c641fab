"""COCO: a JSON file of images, categories and annotations, whose outlines are polygons or run lengths.

Source: Lin et al. 2014; cocodataset.org, "Data format".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zorki.core.errors import InputError
from zorki.formats import runs, texts, values
from zorki.formats.annotated import Annotated, Annotations, Thing, parted
from zorki.formats.places import Place
from zorki.formats.shapes import Bitmap, Polygons
from zorki.io import Label
from zorki.io.opening import LIMIT

TITLE = "COCO"
ENDINGS = (".json",)  # of its files
UNKNOWN = "void"  # what is of a category that nobody lists counts nowhere


def found(place: Place) -> str:
    files = tables(place)
    return "" if not files else place.inside(files[0]) + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def tables(place: Place) -> list[Path]:
    """Its JSON files; where some are called instances, those alone, since captions, keypoints and others are of the same pictures."""
    files = place.of_kind("coco")
    return [file for file in files if file.name.lower().startswith("instances")] or files


def read(place: Place) -> Annotations:
    """Raises InputError for a file that is damaged, or none."""
    files = tables(place)
    if not files:
        raise InputError(f"{place.name} holds no JSON of COCO's.", "It has images, annotations and categories.", "Name another.")
    parts = [place.split(file, table=True) for file in files]
    docs = [document(file) for file in files]
    classes, names, said = categories(files, docs)
    splits: dict[str, list[Annotated]] = {}
    for file, part, doc, known in zip(files, parts, docs, names, strict=True):
        splits.setdefault(part, []).extend(pictures(file, doc, known, said))
    return Annotations(
        TITLE, parted({part: twice(some) for part, some in splits.items()}, lambda one: one.wanted), classes, "smaller", tuple(said)
    )


def document(file: Path) -> Mapping[str, Any]:
    doc: Mapping[str, Any] = texts.json_of(file)
    for key in ("images", "annotations", "categories"):
        if not isinstance(doc, dict) or not isinstance(doc.get(key), list) or not all(isinstance(one, dict) for one in doc[key]):
            raise InputError(f"{file.name} has no list of {key}.", "COCO's JSON has images, annotations and categories.", "Export it anew.")
    return doc


def categories(files: list[Path], docs: list[Mapping[str, Any]]) -> tuple[tuple[Label, ...], list[dict[int, str]], list[str]]:
    """The classes of all files together, by their names; for each file its own numbers; and what differs between them."""
    spoken: list[Label] = []
    names: list[dict[int, str]] = []
    said: list[str] = []
    for file, doc in zip(files, docs, strict=True):
        used = {values.whole(one.get("category_id")) for one in doc["annotations"]}
        groups = {str(one.get("supercategory")) for one in doc["categories"]}
        here: dict[int, str] = {}
        for one in doc["categories"]:
            n, name = values.whole(one.get("id")), values.word(one.get("name"))
            if n is None or n < 0 or not name or n in here:
                got = f"{file.name} has a category with id {values.shown(one.get('id'))} and name {values.shown(one.get('name'))}."
                raise InputError(got, "Each has a whole number of its own, and a name.", "Mend it.")
            if n not in used and name in groups and str(one.get("supercategory")) in ("none", "None", name):
                said.append(f"{file.name}: the category {name!r} is only what others are called together, and is no class.")
                continue
            here[n] = name
            spoken.append(Label(n, name, values.colour(one.get("color"))))
        names.append(here)
    classes = values.apart(spoken)
    known = {label.name: label for label in classes}
    for file, here in zip(files, names, strict=True):
        moved = [name for n, name in here.items() if name in known and known[name].number != n]
        lacking = [name for name in known if name not in here.values()]
        if moved:
            said.append(f"{file.name} numbers {shown(moved)} otherwise than {files[0].name}: classes are told apart by their names.")
        if lacking:
            said.append(f"{file.name} has no category {shown(lacking)}, which another file has.")
    return classes, names, said


def shown(names: list[str]) -> str:
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")


def pictures(file: Path, doc: Mapping[str, Any], names: Mapping[int, str], said: list[str]) -> Iterator[Annotated]:
    """Each with its annotations. What belongs to no picture is said."""
    of: dict[int, list[Thing]] = {}
    sizes: dict[int, tuple[int, int] | None] = {}
    rows: dict[int, Mapping[str, Any]] = {}
    for k, row in enumerate(doc["images"]):
        n = values.whole(row.get("id"))
        if n is None or n in rows or not isinstance(row.get("file_name"), str):
            got = f"{file.name}: image {k} has id {values.shown(row.get('id'))} and file_name {values.shown(row.get('file_name'))}."
            raise InputError(got, "Each has a whole number of its own, and a file_name.", "Mend it.")
        rows[n], sizes[n], of[n] = row, values.size(row.get("width"), row.get("height")), []
    strange: dict[str, int] = {}
    homeless = 0
    torn: list[str] = []
    for k, one in enumerate(doc["annotations"]):
        n = values.whole(one.get("image_id"))
        if n is None or n not in rows:
            homeless += 1
            continue
        category = values.whole(one.get("category_id"))
        if category is None or category not in names:
            given = values.shown(one.get("category_id"))
            strange[given] = strange.get(given, 0) + 1
        made = thing(
            one, names.get(-1 if category is None else category, UNKNOWN), sizes[n], f"annotation {values.word(one.get('id')) or k}"
        )
        if category not in names:
            made = replace(made, flaw=made.flaw or f"is of the category {values.shown(one.get('category_id'))}, which is not listed")
        of[n].append(made)
        given = one.get("segmentation")
        if isinstance(made.shape, Polygons) and isinstance(given[0], list) and len(made.shape.parts) < len(given):
            torn += [f"{file.name}, {made.number} (it {flaw})" for part in given if isinstance(flaw := values.ring(part), str)]
    said += values.torn("part", torn)
    if homeless:
        many = f"{homeless:,} annotations are" if homeless > 1 else "1 annotation is"
        said.append(f"{file.name}: {many} of no image that it lists, and left out.")
    for category_id, count in strange.items():
        many = f"{count:,} annotations" if count > 1 else "1 annotation"
        said.append(f"{file.name}: the category {category_id} of {many} is not listed; nothing of it counts.")
    for n, row in rows.items():
        yield Annotated(row["file_name"], file, sizes[n], tuple(of[n]))


def thing(one: Mapping[str, Any], label: str, hw: tuple[int, int] | None, number: str) -> Thing:
    outline = shape(one.get("segmentation"), hw)
    box, crowd = values.box(one.get("bbox")), one.get("iscrowd") in (1, True)
    if not outline and box is None and one.get("bbox"):
        outline = values.wrong(one["bbox"] if isinstance(one["bbox"], list) else ())
    if isinstance(outline, str):
        return Thing(label, None, box, crowd, outline, number)
    return Thing(label, outline, box, crowd, number=number)


def shape(given: Any, hw: tuple[int, int] | None) -> Polygons | Bitmap | str:
    """What a `segmentation` draws, or what is wrong with it; "" where there is none."""
    if not given:
        return ""
    if isinstance(given, list):
        return values.polygons(given if isinstance(given[0], list) else [given])
    if not isinstance(given, dict) or values.numbers(given.get("size"), 2) is None:
        return "has an outline of an unknown kind"
    h, w = (int(v) for v in given["size"])
    if h * w > LIMIT:
        return f"has run lengths for {w} × {h} pixels"
    if hw is not None and (h, w) != hw:
        return f"has run lengths for {w} × {h} pixels, in a picture of {hw[1]} × {hw[0]}"
    counts = given.get("counts")
    try:
        return Bitmap(runs.inside(runs.unpacked(counts) if isinstance(counts, str) else counts or (), (h, w)))
    except (ValueError, TypeError, OverflowError, UnicodeEncodeError):
        return "has damaged run lengths"


def twice(some: list[Annotated]) -> list[Annotated]:
    """Two entries of one file are both lost, since nobody can tell which is meant."""
    often = Counter(one.wanted for one in some)
    return [one if often[one.wanted] == 1 else replace(one, lost=f"{one.wanted} is listed {often[one.wanted]} times") for one in some]
