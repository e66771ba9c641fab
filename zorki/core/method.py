"""What a method file declares, beside `Settings`, `PRESETS` and `run`: the pictures that it takes.

    INPUTS = {"photo": Input("the photo to dream on"), "guide": Input("what to dream of", option=True)}

`run(net, photo, guide=None, s=Settings())` then gets each as a tensor (1, 3, h, w), float32 sRGB in 0..1; what is `whole` comes
as an `io.Photo`, what is `many` as an `io.PhotoSet`, a sequence whose photographs are opened when they are needed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zorki.core.errors import InputError


@dataclass(frozen=True)
class Input:
    """help: one line. option: given as --name, and may be missing. many: photographs (folders, zips, files), given as --name, once or more.

    rest: with many, the command line takes them by their place, behind all others. whole: comes as an io.Photo, with its transparency.
    twice: with many, each counts by its place, also one that was given before. mask: counts by its brightness, where it is transparent 0.
    vector: no picture but a row of numbers, as an io.Vector.
    """

    help: str
    option: bool = False
    many: bool = False
    rest: bool = False
    whole: bool = False
    twice: bool = False
    mask: bool = False
    vector: bool = False

    @property
    def placed(self) -> bool:
        """Whether the command line takes it by its place, without a name."""
        return self.rest or not (self.option or self.many)


def by_place(inputs: Mapping[str, Input], given: Sequence[Any]) -> dict[str, Any]:
    """What was given without names, by name: pictures in their order, the rest to the last. Raises InputError for too many."""
    places = sorted((n for n, i in inputs.items() if not i.option), key=lambda n: inputs[n].many)
    out = dict(zip(places, given, strict=False))
    if places and len(given) >= len(places) and inputs[places[-1]].rest:
        rest = list(given[len(places) - 1 :])
        out[places[-1]] = rest[0] if len(rest) == 1 else rest
    elif len(given) > len(places):
        raise InputError(
            f"{len(given)} pictures are given.",
            f"There is place for {', '.join(places) or 'none'}.",
            "Leave out the rest, or give it by an option's name.",
        )
    return out


def lone(inputs: Mapping[str, Input]) -> str | None:
    """The one picture that has a place, where no other has one: of several that are given by place each is this one in turn."""
    placed = [name for name, i in inputs.items() if not i.option]
    return placed[0] if len(placed) == 1 and not inputs[placed[0]].many else None
