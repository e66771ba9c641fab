"""What a set is, to be looked at before anything is learnt: pictures with their boxes drawn, and boxes with which something is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as Set_
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zorki import blocks, io
from zorki.core.seeds import seed_for
from zorki.formats import Picture
from zorki.locating import drawing
from zorki.locating.boxed import Boxed
from zorki.locating.faults import Fault
from zorki.locating.sets import Set
from zorki.pixels import palette

COUNT = 6  # pictures shown
AMONG = 400  # pictures of which such are chosen that show all classes
SIDE = 360  # a picture's longer side
OTHER = "#999999"  # boxes beside the one that is meant
WRONG, RIGHT = "#cc3311", "#009988"  # a box as it stands, and what became of it
BEYOND = 0.35  # of a side: so much is shown around a picture, where a box sticks out
EDGE = 12  # pixels
DOT = 7  # pixels, as which a box without area is shown
AROUND = 96  # grey levels of it
Pixels = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]


def colours(names: Sequence[str]) -> tuple[str, ...]:
    """#rrggbb for each class."""
    return tuple(palette.nth(n) for n in range(len(names)))


def preview(data: Set, count: int = COUNT, seed: int = 0) -> Pixels:
    """(h, w, 3) uint8: a few of a set's pictures with their boxes, chosen so that rare classes are seen too; the same seed shows the same. For preview.jpg.

    Raises InputError for a picture that cannot be read.
    """
    some = [data.examples[i] for i in drawn_from([e.boxes for e in data.examples], count, seed)]
    shown = [tile(Picture(e.picture), e.picture.name, e.boxes, data.classes.names, data.classes.pictures) for e in some]
    return io.sheet([t.pixels for t in shown], [t.caption for t in shown], columns=min(3, len(shown)))


def tiles(boxed: Boxed, count: int = COUNT, seed: int = 0) -> tuple[blocks.Tile, ...]:
    """The same of all pictures that were read, also such as lie inside of JSON files. Raises InputError for one that cannot be read any more."""
    rows = [boxed.rows[i] for i in drawn_from([row.boxes for row in boxed.rows], count, seed)]
    return tuple(tile(row.picture, row.called, row.boxes, boxed.classes.names, boxed.classes.pictures) for row in rows)


def grid(tiles: Sequence[blocks.Tile]) -> blocks.Grid:
    return blocks.Grid(tuple(tiles), "Some of the pictures, and the boxes in them. Do they fit?", tile_width=260)


def drawn_from(boxes: Sequence[Sequence[io.Box]], count: int, seed: int) -> list[int]:
    """The numbers of a few pictures, drawn by the seed: first such that show a class which none before them shows, then such with boxes."""
    order = np.random.default_rng(seed_for(seed, "preview")).permutation(len(boxes))[:AMONG]
    return telling({int(i): {box.label for box in boxes[i]} for i in order}, count)


def telling(holds: Mapping[int, Set_[str]], count: int) -> list[int]:
    """So many of these numbers, rising: those first that hold something which none before them does."""
    out: list[int] = []
    seen: set[str] = set()
    while len(out) < min(count, len(holds)):
        best = max((i for i in holds if i not in out), key=lambda i: (len(holds[i] - seen), bool(holds[i])))
        seen |= holds[best]
        out.append(best)
    return sorted(out)


def tile(picture: Picture, name: str, boxes: Sequence[io.Box], names: Sequence[str], how: io.Pictures) -> blocks.Tile:
    """A picture, at most SIDE long, with its boxes in the colours of their classes. Raises InputError."""
    small, scale = fitted(pixels(picture, how))
    shades = dict(zip(names, colours(names), strict=True))
    where = np.array([box[1:] for box in boxes], np.float64).reshape(-1, 4) * scale
    shown = drawing.drawn(small, where, [box.label for box in boxes], [shades.get(box.label, OTHER) for box in boxes])
    caption = f"{name}: {content(boxes)}"
    return blocks.Tile(shown, caption, f"A picture with boxes around what is in it. {caption}")


def of_fault(fault: Fault, picture: Picture, boxes: Sequence[io.Box], how: io.Pictures) -> blocks.Tile:
    """A picture with the box that is meant: red as it stands, green as it became; all others grey. Where it sticks out, so does what is shown."""
    assert fault.box is not None
    small, scale = fitted(pixels(picture, how))
    h, w = small.shape[:2]
    raw = np.array(fault.box[1:], np.float64) * scale
    raw[:2], raw[2:] = np.minimum(raw[:2], raw[:2] + raw[2:]), np.abs(raw[2:])
    raw[:2], raw[2:] = raw[:2] - np.maximum(0, DOT - raw[2:]) / 2, np.maximum(raw[2:], DOT)
    left, top = (int(np.clip(-v, 0, BEYOND * side)) + 2 * (v < 0) for v, side in zip(raw[:2], (w, h), strict=True))
    ends = raw[:2] + raw[2:]
    right, bottom = (int(np.clip(v - side, 0, BEYOND * side)) + 2 * (v > side) for v, side in zip(ends, (w, h), strict=True))
    paper = np.full((h + top + bottom, w + left + right, 3), AROUND / 255, np.float32)
    paper[top : top + h, left : left + w] = small
    low, high = np.array((-left, -top)), np.array((w + right, h + bottom))
    ends = np.maximum(raw[:2] + raw[2:], low + EDGE)
    raw[:2] = np.minimum(raw[:2], high - EDGE)  # of one that is far away an edge is seen
    raw[2:] = ends - raw[:2]
    meant = [(raw, "?" if fault.kind == "nameless" else fault.box.label, WRONG)]
    if fault.mended is not None:
        meant.append((np.array(fault.mended[1:], np.float64) * scale, "", RIGHT))
    others = [box for box in boxes if box not in (fault.box, fault.mended)]
    where = [sides for sides, _, _ in meant] + [np.array(box[1:], np.float64) * scale for box in others]
    texts = [text for _, text, _ in meant] + [""] * len(others)
    inks = [ink for _, _, ink in meant] + [OTHER] * len(others)
    shown = drawing.drawn(paper, np.array(where) + np.array((left, top, 0, 0)), texts, inks)
    return blocks.Tile(shown, fault.sentence(), f"A picture with the box that is meant in red. {fault.sentence()}")


def pixels(picture: Picture, how: io.Pictures) -> Floats:
    """(h, w, 3) in 0..1: of many bands the first three, of less than three the first."""
    if isinstance(picture.where, Path):
        seen: Floats = np.moveaxis(how.read(picture.where).numpy(), 0, -1)
    else:
        seen = picture.open().seen
    return seen[..., :3] if seen.shape[2] >= 3 else np.repeat(seen[..., :1], 3, axis=2)


def fitted(picture: Floats) -> tuple[Floats, npt.NDArray[np.float64]]:
    """At most SIDE long; and by how much left, top, width and height shrink."""
    h, w = picture.shape[:2]
    scale = min(1.0, SIDE / max(h, w))
    hw = max(1, round(h * scale)), max(1, round(w * scale))
    small = picture if hw == (h, w) else io.resize(picture, hw)
    return small, np.array([hw[1] / w, hw[0] / h] * 2)


def content(boxes: Iterable[io.Box], most: int = 4) -> str:
    """What is in a picture, the most frequent first: 12 RBC, 1 WBC …"""
    often: dict[str, int] = {}
    for box in boxes:
        often[box.label] = often.get(box.label, 0) + 1
    order = sorted(often, key=lambda name: -often[name])
    return ", ".join(f"{often[name]:,} {name}" for name in order[:most]) + (" …" if len(order) > most else "") if often else "nothing"
