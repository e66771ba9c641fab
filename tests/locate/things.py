"""Pictures with discs and squares, whose boxes and classes are known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def things(folder: Path, count: int = 12, hw: tuple[int, int] = (48, 64), most: int = 1, shuffled: bool = False, empty: int = 0) -> Path:
    """images/ and boxes.csv: dark discs and light squares, one to `most` a picture; shuffled: each picture has the boxes of another; empty: so many pictures have nothing in
    them."""
    (folder / "images").mkdir(parents=True)
    rows = list[list[str]]()
    for i in range(count):
        g = np.random.default_rng(i)
        picture = g.integers(90, 130, (*hw, 3), dtype=np.uint8)
        here = list[str]()
        for _ in range(0 if i < empty else int(g.integers(1, most + 1))):
            w, h = (int(g.integers(side // 5, side // 2)) for side in hw[::-1])
            x, y = int(g.integers(0, hw[1] - w)), int(g.integers(0, hw[0] - h))
            ys, xs = np.mgrid[: hw[0], : hw[1]]
            disc = bool(g.integers(2))
            inside = (xs >= x) & (xs < x + w) & (ys >= y) & (ys < y + h)
            if disc:
                inside &= ((xs + 0.5 - x - w / 2) / (w / 2)) ** 2 + ((ys + 0.5 - y - h / 2) / (h / 2)) ** 2 <= 1
            picture[inside] = (20, 30, 40) if disc else (230, 220, 210)
            here.append(f"{'disc' if disc else 'square'},{x},{y},{w},{h}")
        Image.fromarray(picture).save(folder / "images" / f"{i:02}.png")
        rows.append(here)
    if shuffled:
        rows = [rows[k] for k in np.random.default_rng(1).permutation(count)]
    lines = [f"{i:02}.png,{row}" for i, here in enumerate(rows) for row in here]
    (folder / "boxes.csv").write_text("\n".join(["file,class,x,y,w,h", *lines]) + "\n", encoding="utf-8")
    return folder
