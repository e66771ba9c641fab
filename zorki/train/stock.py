"""Examples as small arrays, kept in memory as far as there is room; those beyond it are read anew whenever they are drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

ROOM = 2_000_000_000  # bytes that the examples may take
T = TypeVar("T")


class Examples(Protocol):
    """What has a number of examples, and each by its own number."""

    def __len__(self) -> int: ...

    def __getitem__(self, i: int, /) -> Any: ...


class Stock(ABC, Generic[T]):
    """examples: of whatever a lesson learns from. stock[i] is the i-th as `of` makes it."""

    def __init__(self, examples: Examples, room: int = ROOM) -> None:
        self.examples, self.room = examples, room
        self.kept: dict[int, T] = {}

    @abstractmethod
    def of(self, example: Any) -> T:
        """An example as small arrays."""

    @abstractmethod
    def arrays(self, made: T) -> Iterator[NDArray[Any]]:
        """Those of it, which take room."""

    def __len__(self) -> int:
        return len(self.examples)

    def __getitem__(self, i: int) -> T:
        if i in self.kept:
            return self.kept[i]
        made = self.of(self.examples[i])
        size = sum(x.nbytes for x in self.arrays(made))
        if size <= self.room:
            self.room -= size
            self.kept[i] = made
        return made

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "kept": {}}


def small(picture: NDArray[Any]) -> NDArray[Any]:
    """(c, h, w) in 0..1 → (h, w, c): uint8 where the numbers are 255ths, else float32."""
    levels = picture.astype(np.float32).transpose(1, 2, 0) * 255
    whole = np.rint(levels)
    if np.abs(levels - whole).max(initial=0) < 1e-3:
        return np.ascontiguousarray(whole.astype(np.uint8))
    return np.ascontiguousarray(levels / 255)


def which(seed: int, place: int, count: int) -> int:
    """The example at a place of the endless row in which each of so many comes once before any comes again."""
    turn, at = divmod(place, count)
    return int(order(seed, turn, count)[at])


@cache
def order(seed: int, turn: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng((seed, turn, count)).permutation(count)
