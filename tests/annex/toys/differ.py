"""Count the parameters that two networks differ by.

Source: nobody; it proves that a second network may go in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from zorki.blocks import Tile
from zorki.core.method import Input

if TYPE_CHECKING:
    from zorki import lens

INPUTS = {"other": Input("another network", kind="network", option=True)}
NETS = ("eye",)
WORDS = True


@dataclass(frozen=True)
class Settings:
    absolute: bool = False
    "without a sign"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Difference:
    """Parameters."""

    more: int

    def tiles(self) -> Sequence[Tile]:
        return (Tile(pixels=np.zeros((8, 8, 3), np.uint8), caption=f"{self.more:,}", alt="a black square"),)

    def lines(self) -> Sequence[str]:
        return (f"{self.more:,} parameters more",)

    def answer(self) -> dict[str, int]:
        return {"more": self.more}


def run(net: lens.Net, other: lens.Net | None = None, s: Settings = Settings()) -> Difference:
    """The first's less the second's."""
    first, second = (0 if n is None else sum(p.numel() for p in n.module.parameters()) for n in (net, other))
    return Difference(abs(first - second) if s.absolute else first - second)
