"""What a method file declares, beside `Settings`, `PRESETS` and `run`: the pictures that it takes.

    INPUTS = {"photo": Input("the photo to dream on"), "guide": Input("what to dream of", option=True)}

`run(net, photo, guide=None, s=Settings())` then gets each as a tensor (1, 3, h, w), float32 sRGB in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """help: one line. option: given as --name, and may be missing."""

    help: str
    option: bool = False
