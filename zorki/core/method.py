"""What a method file declares, beside `Settings`, `PRESETS` and `run`: the pictures that it takes.

    INPUTS = {"photo": Input("the photo to dream on"), "guide": Input("what to dream of", option=True)}

`run(net, photo, guide=None, s=Settings())` then gets each as a tensor (1, 3, h, w), float32 sRGB in 0..1; what is `many`
comes as an `io.PhotoSet`, a sequence whose photographs are opened when they are needed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Input:
    """help: one line. option: given as --name, and may be missing. many: photographs (folders, zips, files), given as --name, once or more."""

    help: str
    option: bool = False
    many: bool = False

    @property
    def placed(self) -> bool:
        """Whether the command line takes it by its place, without a name."""
        return not (self.option or self.many)
