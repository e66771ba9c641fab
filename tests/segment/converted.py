"""Annotations to be converted, and what came of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tests.formats import made

KINDS = {
    "with background and void": (["0,background,#000000", "1,cat,#ff0000", "7,dog,#00ff00", "255,void,"], [0, 1, 7, 255], ("train", "val")),
    "all is something": (["0,sky,#808080", "1,road,#804080", "2,car,#400080"], [0, 1, 2], ("",)),
}


def mask(folder: str | Path, name: str = "0") -> np.ndarray:
    """(h, w) as the index PNG holds it."""
    with Image.open(Path(folder) / "masks" / f"{name}.png") as image:
        return np.asarray(image)


def classes(folder: str | Path) -> list[tuple[str, str, str]]:
    with (Path(folder) / "classes.csv").open(encoding="utf-8") as f:
        return [(row["index"], row["name"], row["colour"]) for row in csv.DictReader(f)]


def labelled(folder: Path, rows: list[str], values: list[int], parts: tuple[str, ...] = ("",), hw: tuple[int, int] = (37, 51)) -> Path:
    """Noise of those values in larger and smaller spots, so that regions have holes, islands in holes and single pixels."""
    g = np.random.default_rng(0)
    for part in parts:
        for k in range(3):
            name = f"{k + 10 * parts.index(part)}"
            made.photo(folder / part / "images" / f"{name}.jpg", hw)
            numbers = np.full(hw, values[0])
            for size in (9, 5, 3, 1):
                spots = g.random((hw[0] // size + 1, hw[1] // size + 1)) < 0.25
                inside = np.kron(spots, np.ones((size, size)))[: hw[0], : hw[1]] > 0
                numbers[inside] = g.choice(values, spots.shape).repeat(size, 0).repeat(size, 1)[: hw[0], : hw[1]][inside]
            made.index(folder / part / "masks" / f"{name}.png", numbers)
    made.written(folder / "classes.csv", "\n".join(["index,name,colour", *rows]) + "\n")
    return folder


def annotated(folder: Path, shapes: list[dict[str, Any]], **more: Any) -> Path:
    made.photo(folder / "0.jpg", more.get("hw", made.HW))
    made.written(folder / "0.json", made.labelme(shapes, **more))
    return folder
