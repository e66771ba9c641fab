"""What masks hold, all of them together: whether that is numbers or colours, and which values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from zorki.segmenting.looking import Look
from zorki.segmenting.table import GREY

THIN = 0.25  # a value with a smaller part of its pixels in blocks of 2 × 2 has no area of its own
By = Literal["number", "colour"]


@dataclass
class Value:
    """A stored value over all masks."""

    pixels: int = 0
    solid: int = 0
    files: list[str] = field(default_factory=list)

    @property
    def thin(self) -> bool:
        return self.solid < THIN * self.pixels


def stored_as(looks: Sequence[Look]) -> By:
    """Numbers, unless there are colours that are no grey, or palettes of which one calls a number another colour, or a colour another number."""
    if any(not one.grey for one in looks):
        return "colour"
    palettes = {one.palette for one in looks if one.shown is not None}
    shown: dict[int, int] = {}
    for one in looks:
        for value, colour in zip(one.values.tolist(), [] if one.shown is None else one.shown.tolist(), strict=False):
            if shown.setdefault(value, colour) != colour:
                return "colour"
    mixed = any(one.store == "colour" for one in looks) and any(c != v * GREY for v, c in shown.items())
    return "colour" if mixed or (len(palettes) > 1 and len({*shown.values()}) < len(shown)) else "number"


def values_of(one: Look, by: By) -> list[int]:
    """A mask's values, read as numbers or as colours 0xrrggbb."""
    values = one.values
    if by == "number" and one.store == "colour":
        values = values & 255
    elif by == "colour" and one.store != "colour":
        return [int(v) for v in (values * GREY if one.shown is None else one.shown)]
    return [int(v) for v in values]


def gathered(looks: Sequence[Look], by: By) -> dict[int, Value]:
    """Of all masks together, by rising value."""
    found: dict[int, Value] = {}
    for one in looks:
        for value, pixels, solid in zip(values_of(one, by), one.pixels.tolist(), one.solid.tolist(), strict=True):
            here = found.setdefault(value, Value())
            here.pixels, here.solid = here.pixels + pixels, here.solid + solid
            here.files.append(one.name)
    return dict(sorted(found.items()))
