"""Examples as small arrays, kept in memory as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zorki import train
from zorki.locating.guessing import Truth
from zorki.locating.pictured import sized
from zorki.train.stock import small

Example = tuple[NDArray[Any], NDArray[np.float32], NDArray[np.int64]]


class Stock(train.Stock[Example]):
    """examples: each a picture (c, h, w) float in 0..1, boxes (n, 4) left, top, width, height in its pixels, and their class numbers (n,), as a
    `locating.sets.Set` gives them. stock[i] is (h, w, c), uint8 where that says all, (n, 4) float32, and (n,) int64.
    """

    def of(self, example: Any) -> Example:
        picture, boxes, labels = (np.asarray(x) for x in example)
        return small(picture), boxes.astype(np.float32).reshape(-1, 4), labels.astype(np.int64).reshape(-1)

    def arrays(self, made: Example) -> Iterator[NDArray[Any]]:
        yield from made


class OfStock(Sequence[Truth]):
    """What is true of the pictures of a stock, read when it is asked for."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock

    def __len__(self) -> int:
        return len(self.stock)

    def __getitem__(self, i: Any) -> Any:
        picture, boxes, labels = self.stock[i]
        return Truth(boxes / sized(picture.shape[:2]), labels)
