"""Small sets of pictures with boxes, written as users bring them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.formats import made
from zorki.formats import Place
from zorki.locating.boxed import Boxed, boxed

HW = (60, 100)
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
Rows = Mapping[str, Sequence[tuple[str, float, float, float, float]]]


def photos(folder: Path, names: Sequence[str], hw: tuple[int, int] = HW) -> None:
    for name in names:
        made.photo(folder / name, hw)


def own(folder: Path, rows: Rows, hw: tuple[int, int] = HW) -> Path:
    """images/ and boxes.csv: of each picture its boxes."""
    photos(folder / "images", [*rows], hw)
    with (folder / "boxes.csv").open("w", encoding="utf-8", newline="") as f:
        csv.writer(f).writerows([("file", "class", *"xywh"), *((name, *box) for name, boxes in rows.items() for box in boxes)])
    return folder


def voc(name: str, corners: Sequence[float], picture: str = "", hw: tuple[int, int] | None = HW) -> str:
    """An XML file of one object."""
    tags = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners, strict=True))
    size = "" if hw is None else f"<size><width>{hw[1]}</width><height>{hw[0]}</height></size>"
    named = f"<name>{name}</name>" if name else ""
    return f"<annotation><filename>{picture}</filename>{size}<object>{named}<bndbox>{box}</bndbox></object></annotation>"


def opened(folder: Path, **how: str) -> Boxed:
    return boxed(Place(folder), **how)


def kinds(found: Boxed) -> dict[str, int]:
    """How often each fault is there."""
    out: dict[str, int] = {}
    for fault in found.faults:
        out[fault.kind] = out.get(fault.kind, 0) + fault.count
    return out


def real(name: str) -> Path:
    """A set of real data; the test is skipped where there is none."""
    if not (DATA / name).is_dir():
        pytest.skip(f"there is no {name} here")
    return DATA / name
