"""Examples as small arrays, kept in memory as far as there is room; those beyond it are read anew whenever they are drawn."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

ROOM = 2_000_000_000  # bytes that the examples may take
Example = tuple[NDArray[Any], list[NDArray[np.uint8]]]


class Examples(Protocol):
    """What has a number of examples, and each by its own number."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> Any: ...


class Stock:
    """examples: each a picture (c, h, w) float in 0..1 and class numbers (h, w), 255 = void; perhaps shares of the classes (k, h, w) uint8 in 255ths, too,
    which are learnt from where the class number is void. stock[i] is (h, w, c), uint8 where that says all, and [(h, w)], or [(h, w), (h, w, k)].
    """

    def __init__(self, examples: Examples, room: int = ROOM) -> None:
        self.examples, self.room = examples, room
        self.kept: dict[int, Example] = {}

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, i: int) -> Example:
        if i in self.kept:
            return self.kept[i]
        picture, *maps = (np.asarray(x) for x in self.examples[i])
        found = small(picture), [np.ascontiguousarray(m if m.ndim == 2 else m.transpose(1, 2, 0), np.uint8) for m in maps]
        size = sum(x.nbytes for x in (found[0], *found[1]))
        if size <= self.room:
            self.room -= size
            self.kept[i] = found
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "kept": {}}


def small(picture: NDArray[Any]) -> NDArray[Any]:
    """(c, h, w) → (h, w, c): uint8 where the numbers are 255ths, else float32."""
    levels = picture.astype(np.float32).transpose(1, 2, 0) * 255
    whole = np.rint(levels)
    if np.abs(levels - whole).max(initial=0) < 1e-3:
        return np.ascontiguousarray(whole.astype(np.uint8))
    return np.ascontiguousarray(levels / 255)
