"""Examples as small arrays, kept in memory as far as there is room."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from zorki import train
from zorki.train.stock import small

Example = tuple[NDArray[Any], list[NDArray[np.uint8]]]


class Stock(train.Stock[Example]):
    """examples: each a picture (c, h, w) float in 0..1 and class numbers (h, w), 255 = void; perhaps shares of the classes (k, h, w) uint8 in 255ths, too,
    which are learnt from where the class number is void. stock[i] is (h, w, c), uint8 where that says all, and [(h, w)], or [(h, w), (h, w, k)].
    """

    def of(self, example: Any) -> Example:
        picture, *maps = (np.asarray(x) for x in example)
        return small(picture), [np.ascontiguousarray(m if m.ndim == 2 else m.transpose(1, 2, 0), np.uint8) for m in maps]

    def arrays(self, made: Example) -> Iterator[NDArray[Any]]:
        yield made[0]
        yield from made[1]
