"""Options that trainings have in common; a Settings class takes them by inheriting, and says those otherwise that mean something else to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from zorki.core.settings import Least


@dataclass(frozen=True)
class Learning:
    """How the data are split, what is cut out of them, how large an update is, and where it is computed."""

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
    width: Annotated[int, Least(1)] = 64
    "channels of what stands on the encoder"
    batch: Annotated[int, Least(1)] | None = None
    "squares cut out of pictures a step; not given: 8 on a processor, 16 elsewhere"
    side: Annotated[int, Least(32)] | None = None
    "pixels of their sides; not given: by the size of the pictures"


@dataclass(frozen=True)
class Alone(Learning):
    """Of one training: its time and its encoder, when it ends, how many learn together, and whether a run may be told otherwise."""

    within: str = "30m"
    "the time it may take, as 90s, 30m or 2h; it is measured once how many steps that is"
    encoder: str | None = None
    "what reads the pictures; not given: lite0 where pip's imagenet extra is there, else eye"
    steps: Annotated[int, Least(1)] | None = None
    "updates of the weights; not given: as many as --within=30m holds"
    patience: Annotated[int, Least(1)] = 10
    "so many looks without a better one end the training"
    processes: Annotated[int, Least(1)] = 1
    "so many learn together, each on its own cores or graphics card"
    change: bool = False
    "a run that is gone on with takes the options that differ from here on"
