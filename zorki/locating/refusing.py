"""What is said where there is nothing to learn from: what is missing, and how it is added."""

from __future__ import annotations

from collections.abc import Sequence

from zorki import formats
from zorki.core.errors import InputError
from zorki.core.spelling import own
from zorki.formats import Place
from zorki.io.photosets import is_picture
from zorki.locating import faults as wrong
from zorki.locating.faults import Fault

HEADER = "file,class,x,y,w,h"


def lacking(place: Place) -> InputError:
    """For a place without annotations."""
    some = [file for file in place.files if is_picture(file.name)]
    if not some:
        return InputError(f"{own(place.name)} holds no pictures.", f"images/ and boxes.csv ({HEADER}) are wanted, or COCO, VOC, YOLO, LabelMe.", "Name another folder.")  # fmt: skip
    folders = list(dict.fromkeys(file.parent.name for file in some if file.parent != place.root))
    where = f" in {', '.join(folders[:4])}{' …' if len(folders) > 4 else ''}" if folders else ""
    got = f"{own(place.name)} holds {len(some):,} picture{'s' * (len(some) > 1)}{where}, and no boxes."
    classes = " Names of folders say what is in a picture, not where." if len(folders) > 1 else ""
    do = f"Write boxes.csv beside them, its first line {HEADER}, or draw boxes in LabelMe or CVAT."
    return InputError(got, f"Of each thing its class, left, top, width and height in pixels are needed.{classes}", do)


def without(place: Place, found: formats.Annotations, faults: Sequence[Fault]) -> InputError:
    """For annotations without a single box that can be used."""
    flaws = wrong.said(fault for fault in faults if fault.about.boxes or fault.kind == "order")
    if found.masked:
        return InputError(f"{own(place.name)} has masks and no boxes.", "Boxes are learnt here: a class and four numbers each.", "`zorki segment train` learns from masks.")  # fmt: skip
    why = f" {flaws[0]}" if flaws else ""
    return InputError(f"{own(place.name)} ({found.title}) has no box in any picture.{why}", "At least one is needed.", f"Write boxes.csv: {HEADER}.")  # fmt: skip


def unfit(name: str, faults: Sequence[Fault], some: bool) -> None:
    """Raises InputError for a set that can be looked at and not learnt from. some: there are pictures that lie in files of their own."""
    order = next((fault for fault in faults if fault.sure), None)
    if order is not None:
        raise InputError(f"{own(name)}: {order.text}.", "What stands in which place is said by heads and tags.", "Name columns or tags by what they hold.")  # fmt: skip
    if not some:
        do = "`zorki locate check DATA --mend=FOLDER` writes them to files."
        raise InputError(f"All pictures of {own(name)} lie inside of its JSON files.", "Those that are learnt from lie in files.", do)
