"""LabelMe: a JSON file beside each picture, a polygon for each region or a mask for each class, and labels.txt.

Source: Wada, LabelMe 5 (its `mask` shapes are PNGs in base64).
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from zorki import io
from zorki.core.method import File
from zorki.core.void import VOID
from zorki.segmenting import outlines, polygons
from zorki.segmenting.converting import Conversion, Pair, things
from zorki.segmenting.writers.folder import written

VERSION = "5.5.0"  # the oldest that knows all that is written


def files(made: Conversion, rle: bool) -> Iterator[File]:
    """What counts nowhere is __ignore__. A hole is joined to the outline by a line of no width."""
    names = {n: name for n, (name, _) in things(made.table).items()} | {VOID: "__ignore__"}
    for pair in made.pairs():
        part = "" if pair.split == "all" else f"{pair.split}/"
        yield File(f"{part}{pair.file}", pair.picture.write)
        yield File(f"{part}{pair.name}.json", partial(written, json.dumps(document(pair, names, rle), ensure_ascii=False, indent=2)))
    listed = ["__ignore__", "_background_", *(name for n, name in names.items() if n != VOID)]
    yield File("labels.txt", partial(written, "\n".join(listed) + "\n"))


def document(pair: Pair, names: Mapping[int, str], rle: bool) -> dict[str, Any]:
    h, w = pair.numbers.shape
    shapes = bitmaps(pair, names) if rle else regions(pair, names)
    return {
        "version": VERSION, "flags": {}, "shapes": list(shapes), "imagePath": pair.file, "imageData": None, "imageHeight": h, "imageWidth": w,
    }  # fmt: skip


def regions(pair: Pair, names: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for number, region in outlines.found(pair.numbers, tuple(names)):
        yield shape(names[number], "polygon", polygons.bridged(region).astype(float).tolist(), None)


def bitmaps(pair: Pair, names: Mapping[int, str]) -> Iterator[dict[str, Any]]:
    for number, name in names.items():
        inside = pair.numbers == number
        if inside.any():
            (top, bottom), (left, right) = (np.flatnonzero(inside.any(axis))[[0, -1]].tolist() for axis in (1, 0))
            data = io.encode(255 * inside[top : bottom + 1, left : right + 1].astype(np.uint8), "PNG")
            corners = [[float(left), float(top)], [float(right), float(bottom)]]
            yield shape(name, "mask", corners, base64.b64encode(data).decode("ascii"))


def shape(label: str, kind: str, points: list[list[float]], mask: str | None) -> dict[str, Any]:
    return {
        "label": label, "points": points, "group_id": None, "description": "", "shape_type": kind, "flags": {}, "mask": mask,
    }  # fmt: skip
