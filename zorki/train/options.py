"""Options that trainings have in common; a Settings class takes them by inheriting, and says those otherwise that mean something else to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from zorki.core.settings import Least


@dataclass(frozen=True)
class Learning:
    """How the data are split, how large an update is, and where it is computed."""

    rate: Annotated[float, Least(0)] = 1e-3
    "size of an update (AdamW)"
    share: Annotated[float, Least(0.01, 0.9)] = 0.2
    "of the pictures, what is judged on, where there is no val/"
    groups: str | None = None
    "what must not be torn apart by that: so many letters of the names, or a regular expression for them"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    "where it is computed"
    seed: Annotated[int, Least(0)] = 0
    "the same number teaches the same"


@dataclass(frozen=True)
class Alone(Learning):
    """Of one training: when it ends, how many learn together, and whether a run may be told otherwise."""

    patience: Annotated[int, Least(1)] = 10
    "so many looks without a better one end the training"
    processes: Annotated[int, Least(1)] = 1
    "so many learn together, each on its own cores or graphics card"
    change: bool = False
    "a run that is gone on with takes the options that differ from here on"
