"""Small photographs, alone and on the disk, and searches among them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from tests.toys import toy
from zorki import io, lens
from zorki.exciting import index

SHAPES = ((24, 32), (32, 24), (16, 16))


def pictures(count: int, shapes: tuple[tuple[int, int], ...] = SHAPES, seed: int = 0) -> list[np.ndarray]:
    g = np.random.default_rng(seed)
    return [g.integers(0, 256, (*shapes[i % len(shapes)], 3), dtype=np.uint8) for i in range(count)]


def net(module: nn.Module | None = None, side: int = 32) -> lens.Net:
    return lens.Net(module or toy(), name="toy", side=side)


def searched(n: lens.Net, photos: list[np.ndarray], layers: tuple[str, ...], rough: bool | None = None, **more: int) -> index.Index:
    search = index.Search(n, io.PhotoSet(photos), layers, **more)  # type: ignore[arg-type]
    return search.finish(search.start(rough))


def saved(folder: Path, count: int = 30, seed: int = 0) -> Path:
    folder.mkdir()
    for i, p in enumerate(pictures(count, seed=seed)):
        Image.fromarray(p).save(folder / f"{i}.png")
    return folder
