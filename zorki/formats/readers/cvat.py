"""CVAT's "Segmentation mask": SegmentationClass/ with masks in the colours that labelmap.txt gives each class.

Source: CVAT, "Segmentation Mask" (its lines are label:color_rgb:parts:actions).
"""

from __future__ import annotations

from pathlib import Path

from zorki.core.errors import InputError
from zorki.formats import masked, texts, values
from zorki.formats.annotated import Annotations
from zorki.formats.places import Place
from zorki.io import Label

TITLE = "CVAT"


def found(place: Place) -> str:
    tables = place.called("labelmap.txt")
    return place.inside(tables[0]) if tables and masks_of(place) else ""


def masks_of(place: Place) -> list[Path]:
    return [file for file in place.ending(".png") if file.parent.name.lower() == "segmentationclass"]


def read(place: Place) -> Annotations:
    """Raises InputError for a labelmap.txt that is none, and where there are no masks."""
    tables, masks = place.called("labelmap.txt"), masks_of(place)
    if not tables or not masks:
        raise InputError(f"{place.name} has no labelmap.txt with SegmentationClass/.", "CVAT's export of masks has both.", "Name another.")
    return Annotations(TITLE, masked.annotated(place, masked.from_lists(place, masks)), tuple(labels(tables[0])), masked=True)


def labels(table: Path) -> list[Label]:
    """Each class with its colour, in the order of the lines, the background first. Raises InputError."""
    rows: list[tuple[str, str]] = []
    for line in texts.lines(table):
        if line.startswith("#"):
            continue
        name, _, rest = line.partition(":")
        shade = values.colour([values.whole(part) for part in rest.partition(":")[0].split(",")])
        if not name.strip() or not shade:
            raise InputError(f"{table.name} says {values.shown(line)}.", "A line is label:red,green,blue::.", "Mend that line.")
        rows.append((name.strip(), shade))
    rows.sort(key=lambda row: row[0].lower() != "background")  # a stable sort: the others stay in their order
    return [Label(n, name, shade) for n, (name, shade) in enumerate(rows)]
