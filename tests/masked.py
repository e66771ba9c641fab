"""Small sets of pictures with masks, written as users bring them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from zorki import io
from zorki.segmenting.table import Table, discovered

HW = (24, 32)
VOC = [0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0]  # a palette's beginning
COLOURS = np.array([[0, 0, 0], [128, 0, 0], [0, 128, 0]], np.uint8)


def areas(*values: int, hw: tuple[int, int] = HW, seed: int = 0) -> np.ndarray:
    """(h, w) uint8 or uint16: upright stripes of the values, their bounds moved by the seed."""
    edges = np.linspace(0, hw[1], len(values) + 1).round().astype(int)
    edges[1:-1] += seed % 3
    out = np.zeros(hw, np.uint16 if max(values) > 255 else np.uint8)
    for value, left, right in zip(values, edges[:-1], edges[1:], strict=True):
        out[:, left:right] = value
    return out


def indexed(numbers: np.ndarray, palette: Sequence[int] = VOC) -> Image.Image:
    image = Image.fromarray(numbers.astype(np.uint8))
    image.putpalette([*palette, *([0] * (768 - len(palette)))])
    return image


def photo(hw: tuple[int, int] = HW, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (*hw, 3), dtype=np.uint8))


def stored(path: Path, what: Any, **how: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    (what if isinstance(what, Image.Image) else Image.fromarray(what)).save(path, **how)
    return path


def a_set(
    folder: Path,
    masks: Mapping[str, Any] | Sequence[Any],
    classes: str = "",
    ending: str = ".png",
    picture: Callable[[int], Any] | None = None,
) -> Path:
    """images/ and masks/ of a set. masks: arrays or PIL images; by file name, or n.png in their order."""
    named = masks if isinstance(masks, Mapping) else {f"{n}{ending}": mask for n, mask in enumerate(masks)}
    for n, (name, mask) in enumerate(named.items()):
        hw = mask.size[::-1] if isinstance(mask, Image.Image) else mask.shape[:2]
        stored(folder / "images" / f"{Path(name).stem}.png", picture(n) if picture else photo(hw, n))
        stored(folder / "masks" / name, mask)
    if classes:
        (folder / "classes.csv").write_text(classes, encoding="utf-8")
    return folder


def table(folder: Path) -> Table:
    return discovered(io.open_labelled(folder))


def numbers(folder: Path, name: str = "0.png") -> np.ndarray:
    """What a mask of a set is, as class numbers."""
    return table(folder).numbers(io.open_mask(folder / "masks" / name))
