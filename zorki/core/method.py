"""What a method file declares, beside `Settings`, `PRESETS` and `run`: what it takes, and what it may hand out.

    INPUTS = {"photo": Input("the photo to dream on"), "guide": Input("what to dream of", option=True)}

`run(net, photo, guide=None, s=Settings())` then gets each opened, as its kind says (`KINDS`). What `run` gives, and which protocol that is,
stands in `zorki/jobs/contract.py`.

`refuse(s, given, film)`, where a file has it, raises InputError for options that do not go together or would change nothing, before anything is opened. given: what was given for
inputs, the network and `out`, by name, as it was typed; film: whether the first picture is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from zorki.core.errors import InputError

Kind = Literal["picture", "photo", "mask", "vector", "pictures", "film", "labelled", "annotated", "network", "run", "boxes", "word"]
KINDS: Mapping[Kind, str] = {
    "picture": "a tensor (1, 3, h, w), float32 sRGB in 0..1",
    "photo": "an `io.Photo`: the same with its transparency, profile and EXIF",
    "mask": "a tensor (1, 3, h, w) that counts by its brightness; what is transparent in it is black",
    "vector": "an `io.Vector`: a row of numbers",
    "pictures": "an `io.PhotoSet`: files, folders, zips, patterns, as a sequence whose photographs are opened when they are needed",
    "film": "an `io.Video`: frames in their order with their times, read as they are asked for",
    "labelled": "an `io.LabelledFolder`: pictures with masks or boxes, in splits",
    "annotated": "a `formats.Place`: a folder or file of annotations in whatever format, read when the method says how",
    "network": "a `lens.Net`, named as `--model` is",
    "run": "an `io.RunFolder`: what a training left",
    "boxes": "a `formats.Rectangles`: left, top, width, height as numbers, a list, or in a JSON or CSV file, of one picture or by its name",
    "word": "a str: one of the words that the method knows",
}
Given = Literal["drawn", "measured", "trained", "written"]


@dataclass(frozen=True)
class Input:
    """help: one line. kind: how it comes to `run` (KINDS). option: given as --name, and may be missing; pictures always are given so.

    rest: pictures that the command line takes by their place, behind all others. twice: of pictures each counts by its place, also one that
    was given before. large: of a TIFF that is too large to be opened at once it is an `io.Large`, which is read in rows. last: of a film, frame by frame, it is what came of the frame before, moved as what is seen moves.
    """

    help: str
    kind: Kind = "picture"
    option: bool = False
    rest: bool = False
    twice: bool = False
    last: bool = False
    large: bool = False

    @property
    def many(self) -> bool:
        """Whether it is as many as the user likes."""
        return self.kind == "pictures"

    @property
    def placed(self) -> bool:
        """Whether the command line takes it by its place, without a name."""
        return self.rest or not (self.option or self.many)

    @property
    def plain(self) -> bool:
        """Whether it is one picture: for such a place a folder of them is a command for each."""
        return self.kind in ("picture", "photo", "mask")


@dataclass(frozen=True)
class File:
    """One file that a method writes. name: with its ending, perhaps with a folder before it, as masks/1.png; write: is given a temporary path of that ending, which is renamed when it returns.

    said: what --json tells of it."""

    name: str
    write: Callable[[Path], None]
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Leaf:
    """A page beside the files that a method writes. page: a `blocks.Page`; option: the one of its options, a file that is written to, that asked for it. Its value says
    where it goes: a page (.html), a folder, which gets index.html, or just yes: called after the network and the option.

    said: what --json tells of it."""

    page: Any
    option: str
    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """One picture of a film that a method writes: (h, w, 3), uint8 or float in 0..1."""

    picture: Any


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
    return placed[0] if len(placed) == 1 and inputs[placed[0]].plain else None
