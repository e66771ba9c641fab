"""Say how red a run found its pictures to be, beside those that are given now.

Source: nobody; it proves that a measurement may take a run and labelled data, and no network.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from zorki import io
from zorki.blocks import Tile
from zorki.core.method import Input

INPUTS = {"run": Input("what a training left", kind="run"), "data": Input("pictures with boxes", kind="labelled")}
NETS: tuple[str, ...] = ()
WORDS = True


@dataclass(frozen=True)
class Settings:
    split: str = "all"
    "which part of the data"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Redness:
    """Means over the pictures, in 0..1."""

    then: float
    now: float

    def tiles(self) -> Sequence[Tile]:
        return (Tile(pixels=np.full((8, 8, 3), round(255 * self.now), np.uint8), caption=f"red {self.now:.2f}", alt="a grey square"),)

    def lines(self) -> Sequence[str]:
        return (f"then {self.then:.3f}", f"now  {self.now:.3f}")

    def answer(self) -> dict[str, float]:
        return {"then": self.then, "now": self.now}


def run(run: io.RunFolder, data: io.LabelledFolder, s: Settings = Settings()) -> Redness:
    """Both numbers."""
    now = np.mean([io.open_photo(e.picture).pixels[..., 0].mean() for e in data.splits[s.split]])
    return Redness(run.figures()[-1]["red"], float(now))
