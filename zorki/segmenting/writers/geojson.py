"""GeoJSON: a file beside each picture, a polygon with its holes for each region, in pixels."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from zorki.core.method import File
from zorki.core.void import VOID
from zorki.pixels.palette import VOID_COLOUR
from zorki.segmenting import outlines
from zorki.segmenting.converting import Conversion, things
from zorki.segmenting.writers.folder import written


def files(made: Conversion, rle: bool) -> Iterator[File]:  # noqa: ARG001  # it has no bitmaps
    """What counts nowhere is of a class void."""
    known = things(made.table) | {VOID: ("void", "#" + "".join(f"{v:02x}" for v in VOID_COLOUR))}
    names, colours = ({n: both[k] for n, both in known.items()} for k in (0, 1))
    for pair in made.pairs():
        part = "" if pair.split == "all" else f"{pair.split}/"
        doc = outlines.geojson(pair.numbers, tuple(known), names, colours, {})
        yield File(f"{part}{pair.file}", pair.picture.write)
        yield File(f"{part}{pair.name}.geojson", partial(written, json.dumps(doc, ensure_ascii=False, separators=(",", ":"))))
