"""Small folders of pictures with masks, in which there is something to learn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def discs(folder: Path, count: int = 12, hw: tuple[int, int] = (40, 48), shuffled: bool = False) -> Path:
    """A warm disc on cold noise, somewhere in the picture; 0 and 255 in the mask. shuffled: each picture has the mask of another."""
    for part in ("images", "masks"):
        (folder / part).mkdir(parents=True)
    rows, columns = np.mgrid[: hw[0], : hw[1]]
    for k in range(count):
        g = np.random.default_rng(k)
        (y, x), r = g.uniform((6, 6), (hw[0] - 6, hw[1] - 6)), g.uniform(7, 12)
        inside = (rows - y) ** 2 + (columns - x) ** 2 < r * r
        picture = g.integers(0, 90, (*hw, 3))
        picture[..., 2] += 80
        picture[inside] = picture[inside] + (140, 60, -60)
        name = f"{k:02}.png"
        other = f"{(k + 5) % count:02}.png" if shuffled else name
        Image.fromarray(picture.clip(0, 255).astype(np.uint8)).save(folder / "images" / name)
        Image.fromarray(np.where(inside, 255, 0).astype(np.uint8)).save(folder / "masks" / other)
    return folder
