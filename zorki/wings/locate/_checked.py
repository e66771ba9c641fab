"""What was read of pictures with boxes, in words, as data, and as a page with pictures of what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

import zorki
from zorki import blocks
from zorki.core.errors import InputError
from zorki.locating import faults, preview
from zorki.locating.boxed import Boxed
from zorki.locating.faults import Fault
from zorki.locating.kinds import KINDS, Kind
from zorki.locating.mending import Mended

FOOT = f"Made by Zorki {zorki.__version__} on this machine. Nothing left it."
DRAWN, LISTED = 6, 40  # faults of a kind that are drawn, and that are listed
COUNTS = ((0, 0), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (21, 50), (51, 0))  # boxes in a picture, from and to; 0: as many as there are
BOUNDS = (0.02, 0.05, 0.1, 0.2, 0.4, 0.7)  # of the picture's side: how large boxes are


def lines(boxed: Boxed, mended: Mended | None) -> list[str]:
    """What the command prints."""
    rows = [("class", "boxes", "pictures", "middle size")]
    rows += [(name, f"{n:,}", f"{pictures:,}", f"{wide:.0f} × {high:.0f} px") for name, n, pictures, wide, high in of_classes(boxed)]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    table = [f"{row[0]:{wide[0]}}  {row[1]:>{wide[1]}}  {row[2]:>{wide[2]}}  {row[3]:>{wide[3]}}" for row in rows]
    more = [] if mended is None else [mended.sentence()]
    return [*boxed.found, *table, sentence(boxed), *faults.said(boxed.faults), *more]


def sentence(boxed: Boxed) -> str:
    """How many pictures and boxes, in which parts."""
    parts: dict[str, int] = {}
    for row in boxed.rows:
        parts[row.part] = parts.get(row.part, 0) + 1
    split = "" if {*parts} == {"all"} else f" ({', '.join(f'{n:,} in {part}' for part, n in parts.items())})"
    boxes = sum(len(row.boxes) for row in boxed.rows)
    kind = "none has more than one" if boxed.kind == "one" else "some have several"
    wrong = "" if boxed.faults else " Nothing is wrong with them."
    return f"{number(len(boxed), 'picture')}{split} with {number(boxes, 'box', 'es')} can be used; {kind}.{wrong}"


def number(count: int, what: str, plural: str = "s") -> str:
    """1 picture, 2,000 pictures."""
    return f"{count:,} {what}{plural * (count != 1)}"


def of_classes(boxed: Boxed) -> Iterator[tuple[str, int, int, float, float]]:
    """Of each class its boxes, the pictures that hold it, and the middle width and height of its boxes."""
    sides: dict[str, list[tuple[float, float]]] = {name: [] for name in boxed.classes.names}
    pictures = dict.fromkeys(sides, 0)
    for row in boxed.rows:
        for box in row.boxes:
            sides[box.label].append((box.w, box.h))
        for name in {box.label for box in row.boxes}:
            pictures[name] += 1
    for name, some in sides.items():
        wide, high = np.median(np.array(some, np.float64).reshape(-1, 2), axis=0).tolist()
        yield name, len(some), pictures[name], wide, high


def answer(boxed: Boxed, mended: Mended | None) -> dict[str, Any]:
    """What --json gives."""
    parts: dict[str, dict[str, int]] = {}
    for row in boxed.rows:
        part = parts.setdefault(row.part, {"pictures": 0, "boxes": 0, "empty": 0})
        part["pictures"] += 1
        part["boxes"] += len(row.boxes)
        part["empty"] += not row.boxes
    found = faults.counted(boxed.faults)
    return {
        "format": boxed.title,
        "pictures": len(boxed),
        "boxes": sum(part["boxes"] for part in parts.values()),
        "kind": boxed.kind,
        "parts": parts,
        "classes": [{"name": name, "boxes": n, "pictures": pictures} for name, n, pictures, _, _ in of_classes(boxed)],
        "count": {kind: sum(fault.count for fault in some) for kind, some in found.items()},
        "faults": [fault.answer() for fault in boxed.faults],
        "mended": None if mended is None else mended.answer(),
    }


def page(boxed: Boxed, mended: Mended | None, pictures: Sequence[blocks.Tile], command: str) -> blocks.Page:
    """What `locate check --out page.html` shows."""
    copy = () if mended is None else (("cleaned copy", str(mended.folder)),)
    return blocks.Page(
        title=f"What was read of {boxed.name}",
        lead=" ".join((sentence(boxed), *wrong(boxed))),
        facts=(
            ("format", boxed.title),
            ("pictures", f"{len(boxed):,}"),
            ("boxes", f"{sum(len(row.boxes) for row in boxed.rows):,}"),
            ("classes", f"{len(boxed.classes.names):,}"),
            *copy,
            ("command", command),
        ),
        sections=(*of_faults(boxed), of_pictures(pictures), of_data(boxed), of_sizes(boxed)),
        foot=FOOT,
    )


def wrong(boxed: Boxed) -> list[str]:
    """How much of it is wrong, in a sentence; none where nothing is."""
    sure = sum(fault.count for fault in boxed.faults if fault.about.wrong)
    odd = sum(fault.count for fault in boxed.faults) - sure
    both = [f"{sure:,} thing{'s are' if sure != 1 else ' is'} wrong"] * (sure > 0) + [f"{odd:,} may be meant so"] * (odd > 0)
    return [f"Of what was found {' and '.join(both)}."] if both else []


def of_faults(boxed: Boxed) -> Iterator[blocks.Section]:
    """What is wrong, and what seems so, kind by kind."""
    found = faults.counted(boxed.faults)
    for key, title, sure in (("faults", "What is wrong", True), ("oddities", "What may be meant so", False)):
        here = {kind: some for kind, some in found.items() if KINDS[kind].wrong is sure}
        if here:
            rows = [(KINDS[kind].title, sum(fault.count for fault in some), KINDS[kind].done) for kind, some in here.items()]
            said = "Nothing of the data was changed: it is read so, and a cleaned copy is written so."
            table = blocks.Table(("what", "how many", "what became of it"), rows, said if sure else "Nothing of it was changed, also not in a copy, but what is left out.")  # fmt: skip
            yield blocks.Section(key, title, "", (table, *(block for kind, some in here.items() for block in of_kind(boxed, kind, some))))


def of_kind(boxed: Boxed, kind: Kind, some: Sequence[Fault]) -> Iterator[blocks.Block]:
    """What it is, pictures of the first of them, and a list of the others."""
    about, count = KINDS[kind], sum(fault.count for fault in some)
    title = f"{count:,} {about.title if count > 1 else about.one}: {about.done}"
    tiles, rest = drawn(boxed, some) if about.boxes else ([], some)
    rows = [(full(fault, where), fault.text) for fault in rest for where in (fault.where or ("",))]
    more = f"And {len(rows) - LISTED:,} more, which --json lists." if len(rows) > LISTED else ""
    names = ", ".join(where for where, _ in rows[:LISTED])
    plain = bool(rows) and not any(text for _, text in rows)
    yield blocks.Note(" ".join(filter(None, (about.why, f"\n\n{names}." if plain else "", more if plain else ""))), title=title)
    if tiles:
        key = "Red as it stands, green as it became" if any(fault.mended for fault in some) else "Red as it stands"
        yield blocks.Grid(tuple(tiles), f"{key}; all others are grey.", tile_width=260)
    if rows and not plain:
        head = "what" if all(where == "" for where, _ in rows) else "where"
        cells = [(text,) for _, text in rows] if head == "what" else rows
        yield blocks.Table(("what",) if head == "what" else ("where", "what"), cells[:LISTED], more)


def full(fault: Fault, where: str) -> str:
    return where if fault.part == "all" or not where else f"{fault.part}/{where}"


def drawn(boxed: Boxed, some: Sequence[Fault]) -> tuple[list[blocks.Tile], list[Fault]]:
    """The first few that have a box, and those that are not drawn."""
    rows = {(row.part, row.called): row for row in (*boxed.rows, *boxed.spoiled)}
    tiles: list[blocks.Tile] = []
    rest: list[Fault] = []
    for fault in some:
        row = rows.get((fault.part, fault.where[0])) if fault.where else None
        try:
            if row is None or fault.box is None or len(tiles) == DRAWN:
                rest.append(fault)
            else:
                tiles.append(preview.of_fault(fault, row.picture, row.boxes, boxed.classes.pictures))
        except InputError:  # it was read, and went since
            rest.append(fault)
    return tiles, rest


def of_pictures(pictures: Sequence[blocks.Tile]) -> blocks.Section:
    return blocks.Section("pictures", "Pictures with their boxes", "As they are used.", (preview.grid(pictures),))


def of_data(boxed: Boxed) -> blocks.Section:
    """The classes, in each part."""
    parts = list(dict.fromkeys(row.part for row in boxed.rows))
    shades = preview.colours(boxed.classes.names)
    each: dict[tuple[str, str], int] = {}
    for row in boxed.rows:
        for box in row.boxes:
            each[row.part, box.label] = each.get((row.part, box.label), 0) + 1
    rows: list[tuple[blocks.Cell, ...]] = [
        (
            blocks.Swatch(name, colour),
            n,
            pictures,
            f"{wide:.0f} × {high:.0f}",
            *(each.get((part, name), 0) for part in parts if len(parts) > 1),
        )
        for (name, n, pictures, wide, high), colour in zip(of_classes(boxed), shades, strict=True)
    ]
    columns = ("class", "boxes", "pictures", "middle size in pixels", *(parts if len(parts) > 1 else ()))
    said = " ".join(boxed.found)
    empty = sum(not row.boxes for row in boxed.rows)
    bare = f" {empty:,} of the pictures have no box." if empty else ""
    return blocks.Section("classes", "The classes", said, (blocks.Table(columns, rows, f"Boxes that can be used, and pictures that hold them.{bare}"),))  # fmt: skip


def of_sizes(boxed: Boxed) -> blocks.Section:
    """How large boxes are, beside their pictures, and how many a picture has."""
    share = shares(boxed)
    which = np.digitize(share, BOUNDS)
    names = ["below 2 %", *(f"{100 * a:.0f} to {100 * b:.0f} %" for a, b in pairwise(BOUNDS)), "above 70 %"]
    often = [(name, int((which == k).sum())) for k, name in enumerate(names)]
    bars = blocks.Bars(tuple(often), "Boxes by their size: the root of their area, in % of the root of the picture's.", unit="")
    counts = np.array([len(row.boxes) for row in boxed.rows])
    groups = [(a, b) for a, b in COUNTS if a <= counts.max()]
    each = [(f"{a}" if a == b else f"{a} to {b}" if b else f"{a} or more", int(((counts >= a) & ((counts <= b) | (not b and a > 0))).sum())) for a, b in groups]  # fmt: skip
    of_counts = blocks.Bars(tuple(each), "Pictures by how many boxes they have.", unit="")
    sides = np.array([row.hw for row in boxed.rows])
    lead = f"Pictures are {extent(sides[:, 1])} pixels wide and {extent(sides[:, 0])} high."
    return blocks.Section("sizes", "Sizes", lead, (bars, of_counts))


def shares(boxed: Boxed) -> npt.NDArray[np.float64]:
    """(n,): of each box the root of its share of the picture's area."""
    return np.sqrt([box.w * box.h / (row.hw[0] * row.hw[1]) for row in boxed.rows for box in row.boxes])


def extent(values: npt.NDArray[np.int64]) -> str:
    low, high = int(values.min()), int(values.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"
