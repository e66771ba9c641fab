"""Options that `segment train` and `segment compare` have in common: the loss, and how squares are mirrored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from zorki.train.options import Learning


@dataclass(frozen=True)
class Squares(Learning):
    """What is learnt of squares of pictures, and how."""

    loss: str = "cross_entropy+dice"
    "what falls: names joined by +, or with weights as cross_entropy:1,dice:0.5"
    class_weights: Literal["none", "median", "enet"] = "none"
    "what rare classes weigh more: by median frequency, or as ENet has it"
    flips: Literal["none", "sideways", "any"] | None = None
    "how pictures are mirrored; not given: also upside down where nothing in them is up or down"
