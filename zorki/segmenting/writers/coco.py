"""COCO: a JSON file for each part in annotations/, the pictures in a folder of the part's name, or in images/."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

from zorki.core.method import File
from zorki.core.void import VOID
from zorki.segmenting import outlines
from zorki.segmenting.converting import Conversion, things
from zorki.segmenting.table import rgb
from zorki.segmenting.writers.folder import written


def files(made: Conversion, rle: bool) -> Iterator[File]:
    """Categories have for `id` what masks hold for the class. What counts nowhere is of a category void, and a crowd, which judges leave out."""
    numbers = things(made.table)
    images: dict[str, list[dict[str, Any]]] = {}
    rows: dict[str, list[dict[str, Any]]] = {}
    for pair in made.pairs():
        folder = "images" if pair.split == "all" else pair.split
        some, found = images.setdefault(pair.split, []), rows.setdefault(pair.split, [])
        h, w = pair.numbers.shape
        some.append({"id": len(some) + 1, "file_name": pair.file, "width": w, "height": h})
        for one in outlines.coco_rows(pair.numbers, (*numbers, VOID), rle):
            crowd = {"iscrowd": 1} if one["category_id"] == VOID else {}
            found.append({"id": len(found) + 1, "image_id": len(some)} | one | crowd)
        yield File(f"{folder}/{pair.file}", pair.picture.write)
    known = [{"id": n, "name": name, "supercategory": "", "color": list(rgb(colour))} for n, (name, colour) in numbers.items()]
    for split, some in images.items():
        void = [{"id": VOID, "name": "void", "supercategory": ""}] if any(one["category_id"] == VOID for one in rows[split]) else []
        doc = {"info": {"description": "Made by Zorki"}, "images": some, "categories": known + void, "annotations": rows[split]}
        name = "instances" if split == "all" else f"instances_{split}"
        yield File(f"annotations/{name}.json", partial(written, json.dumps(doc, ensure_ascii=False, separators=(",", ":"))))
