"""What nobody said follows from the data: the squares' side and how they are cut out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.train import choosing
from zorki.wings.locate._augment import Changes, Flips
from zorki.wings.locate._stock import Stock

if TYPE_CHECKING:
    from typing import Literal

    Kind = Literal["one", "many"]

SIDES = {"one": {"cpu": 160, "other": 224}, "many": {"cpu": 320, "other": 640}}  # the most of a square's side
SIDE = "near the pictures' longer side, as far as the machine bears"


def side_for(stock: Stock, device: str, kind: Kind) -> int:
    """A multiple of 32 near the pictures' longer side, as far as the device bears."""
    return choosing.side_near([max(stock[i][0].shape[:2]) for i in choosing.some(stock)], SIDES[kind], device)


def changes_for(kind: Kind, side: int, flips: Flips, channels: int) -> Changes:
    """How examples are shown. Of one box all of a picture is brought to a square, and its parts are, as they are when they are predicted."""
    colour = 0.5 if channels == 3 else 0.0
    if kind == "many":
        return Changes(side, flips=flips, colour=colour)
    return Changes(side, "stretch", 0.2, 0.8, 2.0, 1.3, flips, least=0.5, kept=True, colour=colour)
