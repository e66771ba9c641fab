"""Small panels of eight bars beside the faces of a film, each on the side of its face where it was, as long as there is room.

Where they lie hangs on the faces of all frames before, and not on what was drawn: so a film that is gone on with looks as if it had never been broken off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import numpy.typing as npt

from zorki import io
from zorki.facing.drawing import COLOURS
from zorki.facing.faces import EMOTIONS, Face
from zorki.facing.labels import line
from zorki.locating.drawing import LINE, inside, strips
from zorki.pixels import palette

Pixels = npt.NDArray[np.uint8]
Side = Literal["right", "left", "below", "above", "inside"]
SIDES: tuple[Side, ...] = ("right", "left", "below", "above", "inside")
LETTERS, SMALLEST = 58, 9  # of so many pixels of the longer side a letter is one high; the smallest that can be read
NAMED = 0.16  # of the frame that a panel with words may cover
HIDDEN, NEW = 0.3, 0.05  # of a panel with words that others may cover; of one that is new
BETTER = 0.15  # of it by which the other side must be freer
DARK = 0.3  # of the frame's light that is left behind a panel
SCALE = 1.6  # bars are as long as the root of the share, so that small ones are seen: share ** (1 / SCALE)


@dataclass
class Panel:
    """Of one face. named: with the words beside the bars."""

    named: bool
    side: Side
    at: tuple[int, int] = (0, 0)
    size: tuple[int, int] = (0, 0)

    @property
    def bounds(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom."""
        return self.at[0], self.at[1], self.at[0] + self.size[1], self.at[1] + self.size[0]


class Panels:
    """hw: of the frames. Panels are known by their faces' numbers."""

    def __init__(self, hw: tuple[int, int]) -> None:
        self.hw = hw
        self.letter = max(SMALLEST, round(max(hw) / LETTERS))
        self.held: dict[int, Panel] = {}

    def place(self, faces: Sequence[tuple[int, Face]]) -> None:
        """Of the next frame: `held` are its panels, by number. A face without a place has none."""
        boxes = {number: corners(face) for number, face in faces}
        old, self.held = self.held, {}
        for number, face in faces:
            others = [*(box for n, box in boxes.items() if n != number), *(panel.bounds for panel in self.held.values())]
            before = old.get(number)
            for named in (True, False) if before is None else (before.named, False):
                found = self.best(face, named, others, before)
                if found is not None and (not named or self.hidden(found, others) <= (NEW if before is None else HIDDEN)):
                    self.held[number] = found
                    break

    def best(self, face: Face, named: bool, others: Sequence[tuple[float, ...]], before: Panel | None) -> Panel | None:
        """Where it is hidden least; where it was, if that is nearly as good."""
        size = self.measure(named)
        if named and size[0] * size[1] > NAMED * self.hw[0] * self.hw[1]:
            return None
        found = [Panel(named, side, at, size) for side in SIDES if (at := self.spot(side, face, size)) is not None]
        if not found:
            return None
        best = min(found, key=lambda panel: (self.hidden(panel, others), SIDES.index(panel.side)))
        stays = next((p for p in found if before is not None and p.side == before.side), None)
        if stays is not None and (hides := self.hidden(stays, others)) - self.hidden(best, others) < (
            HIDDEN if hides <= HIDDEN else BETTER
        ):
            return stays
        return best

    def measure(self, named: bool) -> tuple[int, int]:
        """Height and width."""
        pad = max(2, self.letter // 4)
        if not named:
            return 8 * max(3, self.letter // 3) + 2 * pad, 3 * self.letter + 2 * pad
        return 8 * (self.letter + 2) + 2 * pad, round(10.5 * self.letter) + 2 * pad

    def spot(self, side: Side, face: Face, size: tuple[int, int]) -> tuple[int, int] | None:
        """Left and top beside the face's box; None where it would lie outside of the frame."""
        (x, y, w, h), (high, wide), gap = face.box, size, self.letter // 2
        along, down = min(max(x, 0), self.hw[1] - wide), min(max(y, 0), self.hw[0] - high)
        left, top = {
            "right": (x + w + gap, down), "left": (x - gap - wide, down), "below": (along, y + h + gap), "above": (along, y - 2 * self.letter - gap - high),
            "inside": (min(max(x + w - wide, 0), self.hw[1] - wide), min(max(y + h - high, 0), self.hw[0] - high)),
        }[side]  # fmt: skip
        if left < 0 or top < 0 or left + wide > self.hw[1] or top + high > self.hw[0]:
            return None
        return round(left), round(top)

    def hidden(self, panel: Panel, others: Sequence[tuple[float, ...]]) -> float:
        """The share of it that lies on others; what lies on its own face counts too."""
        a, b, c, d = panel.bounds
        area = sum(max(0.0, min(c, z) - max(a, x)) * max(0.0, min(d, w) - max(b, y)) for x, y, z, w in others)
        return float(area / (panel.size[0] * panel.size[1])) + 0.25 * (panel.side == "inside")

    def draw(self, out: Pixels, faces: Sequence[tuple[int, Face]]) -> None:
        """Onto a frame (h, w, 3). Where there are several, a line of the face's colour leads to it, and the panel's edge has it too."""
        thick = max(1, round(max(self.hw) / LINE))
        for number, face in faces:
            if number in self.held and face.shares is not None:
                left, top, right, bottom = self.held[number].bounds
                bound, ink = inside(np.array(face.box, np.float64), self.hw), palette.rgb(palette.nth(number - 1))
                if len(faces) > 1 and bound is not None:
                    line(out, (left, top, right, bottom), bound, ink, thick)
                self.bars(out[top:bottom, left:right], face.shares, self.held[number].named)
                if len(faces) > 1:
                    for edge in strips(out, (left, top, right, bottom), max(1, thick // 2)):
                        edge[:] = ink

    def bars(self, ground: Pixels, shares: Sequence[float], named: bool) -> None:
        """Eight of them, onto a part of a frame."""
        pad = max(2, self.letter // 4)
        ground[:] = np.rint(ground * DARK)
        inner = ground[pad:-pad, pad:-pad]
        high = inner.shape[0] // 8
        begin = round(6.3 * self.letter) if named else 0
        for n, (name, share) in enumerate(zip(EMOTIONS, shares, strict=True)):
            row = inner[n * high : (n + 1) * high]
            gap = 1 if high > 3 else 0
            if named:
                word = strength(name, self.letter, begin)[: len(row)]
                row[: len(word), :begin] += np.rint(word[..., None] * (235 - row[: len(word), :begin].astype(np.float32))).astype(np.uint8)
            long = round((row.shape[1] - begin) * min(1.0, max(0.0, share)) ** (1 / SCALE))
            ink = palette.rgb(COLOURS[name]).astype(int)
            row[gap : len(row) - gap, begin : begin + max(1, long)] = np.minimum(255, ink + 40)  # lighter: the ground is dark


@cache
def strength(name: str, size: int, wide: int) -> npt.NDArray[np.float32]:
    """(h, wide) in 0..1: a word."""
    line = (255 - io.lettered(name, wide, size=size, ink=(0, 0, 0))[..., 0].astype(np.float32)) / 255
    return np.pad(line, ((0, 0), (0, max(0, wide - line.shape[1]))))[:, :wide].astype(np.float32)


def corners(face: Face) -> tuple[float, float, float, float]:
    """Left, top, right, bottom."""
    x, y, w, h = face.box
    return x, y, x + w, y + h
