"""Zorki's own: images/ and masks/ of the same names, in train/ and val/ where these are told apart, classes.csv, and a preview to be looked at."""

from __future__ import annotations

import csv
import io as text
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from zorki import io
from zorki.core.method import File
from zorki.core.void import VOID
from zorki.formats import Annotated
from zorki.io.labelled import CLASSES, MASKS, PICTURES
from zorki.pixels.palette import VOID_COLOUR
from zorki.segmenting import preview
from zorki.segmenting.converting import Conversion, Pair
from zorki.segmenting.filling import Numbers
from zorki.segmenting.table import Table, rgb


def files(made: Conversion, rle: bool) -> Iterator[File]:  # noqa: ARG001  # a mask is a bitmap anyway
    """Pictures as they are, masks as index PNGs."""
    colours = palette(made.table)
    for pair in made.pairs():
        part = "" if pair.split == "all" else f"{pair.split}/"
        yield File(f"{part}{PICTURES}/{pair.file}", pair.picture.write)
        yield File(f"{part}{MASKS}/{pair.name}.png", partial(masked, pair.numbers, colours))
    yield File(CLASSES, partial(written, table(made.table)))
    yield File("preview.jpg", partial(pictured, previewed(made)))


def masked(numbers: Numbers, colours: Numbers, path: Path) -> None:
    io.save_mask(path, numbers, colours, force=True)


def pictured(pixels: preview.Pixels, path: Path) -> None:
    io.save_photo(path, pixels, force=True)


def written(content: str, path: Path) -> None:
    path.write_text(content, encoding="utf-8", errors="backslashreplace")  # a byte of a name that is no letter as \udce9


def palette(known: Table) -> Numbers:
    """(256, 3): the colours by what masks hold."""
    out = np.zeros((256, 3), np.uint8)
    for value, colour in zip(known.values, known.colours, strict=True):
        out[value] = rgb(colour)
    out[VOID] = VOID_COLOUR
    return out


def table(known: Table) -> str:
    """classes.csv: the classes by what masks hold; the background only where there is some, since it is nobody's class."""
    out = text.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(("index", "name", "colour"))
    counts = known.pixels or (1,) * len(known.values)
    for value, name, colour, count in zip(known.values, known.names, known.colours, counts, strict=True):
        if count or name != "background":
            rows.writerow((value, name, colour))
    if known.void:
        rows.writerow((VOID, "void", "#" + "".join(f"{v:02x}" for v in VOID_COLOUR)))
    return out.getvalue()


def previewed(made: Conversion) -> preview.Pixels:
    """A few of the pictures with their masks over them, such that show all classes, and the table."""
    keys = list(made.shown)
    order = np.random.default_rng(0).permutation(len(keys))[: preview.AMONG].tolist()
    some = [keys[i] for i in preview.telling({i: made.shown[keys[i]] for i in order}, preview.COUNT)]
    there: Mapping[tuple[str, str], Annotated] = {(split, one.name): one for split, part in made.splits.items() for one in part}
    return preview.shown_of((shown(made, made.pair(split, there[split, name])) for split, name in some), made.table, absent=False).picture


def shown(made: Conversion, pair: Pair) -> tuple[str, Any, Numbers]:
    lookup = np.full(256, VOID, np.uint8)
    values = made.table.values
    lookup[list(values)] = np.arange(len(values))
    return pair.file, pair.picture.open().seen, lookup[pair.numbers]
