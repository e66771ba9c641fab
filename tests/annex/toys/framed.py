"""Measure how much of a picture boxes cover.

Source: nobody; it proves that boxes may go in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zorki.blocks import Tile
from zorki.core.method import Input

if TYPE_CHECKING:
    from zorki import io
    from zorki.formats import Rectangles

INPUTS = {"photo": Input("the picture", kind="photo"), "boxes": Input("boxes on it", kind="boxes", option=True)}
NETS: tuple[str, ...] = ()
WORDS = True


@dataclass(frozen=True)
class Settings:
    twice: bool = False
    "count each twice"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Covered:
    """Pixels, one by one."""

    areas: tuple[float, ...]
    photo: io.Photo

    def tiles(self) -> Sequence[Tile]:
        return (Tile(pixels=np.rint(255 * self.photo.seen).astype(np.uint8), caption=self.photo.name, alt="the picture"),)

    def lines(self) -> Sequence[str]:
        return (f"{sum(self.areas):g} pixels",)

    def answer(self) -> dict[str, list[float]]:
        return {"areas": list(self.areas)}


def run(photo: io.Photo, boxes: Rectangles | None = None, s: Settings = Settings()) -> Covered:
    """Of each box."""
    some = () if boxes is None else boxes.of_picture(photo.name) or ()
    return Covered(tuple((1 + s.twice) * w * h for _, _, w, h in some), photo)
