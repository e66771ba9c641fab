"""Options that `segment train` and `segment compare` have in common: the net, the squares that are cut out of pictures, the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from zorki.core.settings import Least
from zorki.train.options import Learning


@dataclass(frozen=True)
class Squares(Learning):
    """What squares of pictures are learnt from, and how."""

    width: Annotated[int, Least(1)] = 64
    "channels of the way back"
    batch: Annotated[int, Least(1)] | None = None
    "squares cut out of pictures a step; not given: 8 on a processor, 16 elsewhere"
    side: Annotated[int, Least(32)] | None = None
    "pixels of their sides; not given: by the size of the pictures"
    loss: str = "cross_entropy+dice"
    "what falls: names joined by +, or with weights as cross_entropy:1,dice:0.5"
    class_weights: Literal["none", "median", "enet"] = "none"
    "what rare classes weigh more: by median frequency, or as ENet has it"
    flips: Literal["none", "sideways", "any"] | None = None
    "how pictures are mirrored; not given: also upside down where nothing in them is up or down"
