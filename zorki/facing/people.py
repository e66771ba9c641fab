"""What is known of each face of a film by now: how long it is seen, how it looks on average, and, of those seen longest, how that goes in time.

Whatever the film's length, memory holds a few hundred numbers and a few small pictures of a face: stretches of time are joined, two by two, as they become more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt

from zorki.facing import smoothing
from zorki.facing.faces import EMOTIONS, Floats

FINE = 0.05  # seconds of a stretch of a curve at first
STRETCHES = 600  # of a curve: finer than a screen shows
PICTURES = 8  # of a face
T = TypeVar("T")


class Stretches(Generic[T]):
    """Equal stretches of time with something in each; where they become more than `most` from the first to the last, each two neighbours become one."""

    def __init__(self, most: int, wide: float) -> None:
        self.most, self.wide = most, wide
        self.held: dict[int, T] = {}

    def at(self, seconds: float) -> int:
        """The stretch of that moment, which is there or may be put there now."""
        where = math.floor(seconds / self.wide)
        while self.held and where - next(iter(self.held)) >= self.most:  # time only grows: the first is the earliest
            self.wide *= 2
            where = math.floor(seconds / self.wide)
            joined = dict[int, T]()
            for n, one in self.held.items():
                half = n // 2
                joined[half] = self.both(joined[half], one) if half in joined else one
            self.held = joined
        return where

    def both(self, a: T, b: T) -> T:
        """What two neighbours come to."""
        raise NotImplementedError


class Sums(Stretches[Floats]):
    """Of each stretch the sum of what was measured, and last how often."""

    def __init__(self) -> None:
        super().__init__(STRETCHES, FINE)

    def both(self, a: Floats, b: Floats) -> Floats:
        return a + b

    def add(self, seconds: float, values: Floats) -> None:
        where, new = self.at(seconds), np.append(values, 1.0)
        self.held[where] = self.held[where] + new if where in self.held else new

    def curves(self, apart: float) -> tuple[Floats, Floats]:
        """The middles of the stretches (n,), and the means there (n, k); where more than `apart` seconds lie between two, a row without numbers."""
        x, y = list[float](), list[Floats]()
        before: int | None = None
        for n, sums in self.held.items():
            if before is not None and (n - before - 1) * self.wide > apart:
                x.append((before + n + 1) / 2 * self.wide)
                y.append(np.full(len(sums) - 1, math.nan))
            x.append((n + 0.5) * self.wide)
            y.append(sums[:-1] / sums[-1])
            before = n
        return np.array(x), np.array(y)


@dataclass(frozen=True, eq=False)
class Shot:
    """A picture of a face. worth: which of two is kept; seconds: of the film; pixels: (h, w, 3); shares: as they were then."""

    worth: float
    seconds: float
    pixels: npt.NDArray[np.uint8]
    shares: Floats


class Shots(Stretches[Shot]):
    """Of each stretch the picture that is worth most."""

    def __init__(self) -> None:
        super().__init__(PICTURES, FINE)

    def both(self, a: Shot, b: Shot) -> Shot:
        return max(a, b, key=lambda shot: shot.worth)

    def wants(self, seconds: float, worth: float) -> bool:
        """Whether a picture would be kept."""
        there = self.held.get(self.at(seconds))
        return there is None or worth > there.worth

    def add(self, shot: Shot) -> None:
        self.held[self.at(shot.seconds)] = shot


@dataclass
class Trace:
    """How a face looks in time: the smoothed shares, and some pictures."""

    sums: Sums = field(default_factory=Sums)
    shots: Shots = field(default_factory=Shots)


@dataclass
class Person:
    """A face with a number. first, last: seconds of the film at which it was seen; seconds: for how long by then; frames: in how many; shares: the sum of all
    that were read of it; smoothed: by now; read: the last one. trace: None of one that was seen too shortly for the page."""

    number: int
    first: float
    last: float
    smoothed: Floats
    read: Floats
    seconds: float = 0.0
    frames: int = 1
    shares: Floats = field(default_factory=lambda: np.zeros(len(EMOTIONS)))
    trace: Trace | None = field(default_factory=Trace)

    @classmethod
    def new(cls, number: int, seconds: float, read: Floats) -> Person:
        made = cls(number, seconds, seconds, read, read)
        made.note(read)
        return made

    def seen(self, seconds: float, read: Floats, half: float) -> None:
        """In one more frame."""
        self.smoothed = smoothing.onward(self.smoothed, self.read, read, seconds - self.last, half)
        self.last, self.read, self.frames = seconds, read, self.frames + 1
        self.note(read)

    def note(self, read: Floats) -> None:
        self.shares = self.shares + read
        if self.trace is not None:
            self.trace.sums.add(self.last, self.smoothed)

    @property
    def mean(self) -> Floats:
        """Of each emotion the share, over all frames."""
        return self.shares / self.frames
