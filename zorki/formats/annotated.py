"""What annotations say, whatever format they came in: pictures, the things in each with their outlines and boxes, or a mask."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from zorki.core.errors import InputError
from zorki.formats import texts
from zorki.formats.naming import names_of
from zorki.formats.shapes import Shape
from zorki.io import Facts, Label, Photo, facts, open_photo
from zorki.io.kinds import ENDINGS, HEAD, sniff
from zorki.io.opening import contents, open_handle

Over = Literal["later", "smaller"]
Written = Literal["size", "corners", "middle"]  # left, top, width, height; left, top, right, bottom; the middle, width, height
BACKGROUND = ("background", "_background_", "__background__")  # names of what is left where nothing is
NOWHERE = ("void", "__ignore__", "_ignore_")  # names of what counts nowhere


@dataclass(frozen=True, eq=False)
class Thing:
    """label: its class, as the format names it. shape: its outline; None where it has only a box, or none that can be drawn, and `flaw` says why.

    box: left, top, width, height in pixels, where the format says it, as they stand: they may be without area, or negative. crowd: many of them, outlined
    as one. number: which of its file, for sentences. group: those of one picture that have the same are parts of one thing.
    """

    label: str
    shape: Shape | None = None
    box: tuple[float, float, float, float] | None = None
    crowd: bool = False
    flaw: str = ""
    number: str = ""
    group: int | None = None

    @property
    def nowhere(self) -> bool:
        """Whether what it covers counts nowhere."""
        return self.label.lower() in NOWHERE

    def scaled(self, x: float, y: float) -> Thing:
        """In pixels, where all of it is in shares of the picture's width and height."""
        box = None if self.box is None else (self.box[0] * x, self.box[1] * y, self.box[2] * x, self.box[3] * y)
        return replace(self, shape=None if self.shape is None else self.shape.scaled(x, y), box=box)


@dataclass(frozen=True)
class Embedded:
    """A picture inside of a JSON file, as base64 under a key."""

    file: Path
    key: str = "imageData"

    @property
    def name(self) -> str:
        return f"the picture in {self.file.name}"

    def data(self) -> bytes:
        """The bytes of its file. Raises InputError."""
        return decoded(self.file, self.key, self.file.stat().st_mtime_ns)


@lru_cache(maxsize=1)  # size, ending and content of one are asked for in turn
def decoded(file: Path, key: str, changed: int) -> bytes:  # noqa: ARG001  # of another time it is another file
    try:
        return base64.b64decode(texts.json_of(file)[key], validate=False)
    except (binascii.Error, ValueError, TypeError, KeyError) as e:
        raise InputError(f"{file.name} holds no whole picture.", f"{key} is one in base64.", "Save it anew.") from e


@dataclass(frozen=True)
class Picture:
    """A picture's file, or one that a JSON file holds."""

    where: Path | Embedded

    @property
    def name(self) -> str:
        return self.where.name

    def ending(self) -> str:
        """Of its file: as it is called, else by what it holds, as .jpg."""
        if isinstance(self.where, Path):
            return self.where.suffix
        kind, _ = sniff(self.where.data()[:HEAD])
        return next((ending for ending, known in ENDINGS.items() if known == kind), "")

    def facts(self) -> Facts:
        """Its size and how it is turned, all of it having been read. Raises InputError."""
        return facts(self.where) if isinstance(self.where, Path) else facts(self.where.data(), self.name)

    def open(self) -> Photo:
        """Raises InputError."""
        if isinstance(self.where, Path):
            return open_photo(self.where)
        with contents(self.where.data(), self.name) as (handle, name):
            return open_handle(handle, name)

    def write(self, path: Path) -> None:
        """The file as it is."""
        path.write_bytes(self.where.read_bytes() if isinstance(self.where, Path) else self.where.data())


@dataclass(frozen=True, eq=False)
class Annotated:
    """One picture with what is known of it.

    name: without ending, another one for each picture of its split; `parted` gives it. wanted: its file as the annotations call it, or "". source: the file that says so.
    hw: the size that they say it has. things: in the file's order. mask: a file that says the class of each pixel. relative: sizes and places of the
    things are shares of its width and height. picture: where it is; None where it is not found, and `lost` says why.
    """

    wanted: str
    source: Path
    hw: tuple[int, int] | None = None
    things: tuple[Thing, ...] = ()
    mask: Path | None = None
    relative: bool = False
    picture: Picture | None = None
    lost: str = ""
    name: str = ""


def parted(splits: Mapping[str, Iterable[Annotated]], by: Callable[[Annotated], str]) -> dict[str, tuple[Annotated, ...]]:
    """The pictures of each part, each under a name of its own there, made of what `by` says, a path. Where some are of no part, or all are of one, they
    are one: "all". Raises InputError for two that cannot be told apart."""
    parts = {part: [*some] for part, some in splits.items()}
    if len(parts) == 1 or "all" in parts:
        parts = {"all": [one for some in parts.values() for one in some]}
    out = {}
    for part, some in parts.items():
        there = [one for one in some if not one.lost]
        names = iter(names_of([by(one) for one in there]))
        out[part] = tuple(one if one.lost else replace(one, name=next(names)) for one in some)
    return out


@dataclass(frozen=True, eq=False)
class Annotations:
    """title: the format's name. splits: train, val and test as far as they are told apart, or all as "all". classes: number, name, colour; of masks the
    numbers that they hold, empty where nobody says what these mean. over: of two things which lies on top. said: sentences about what was found.
    masked: each picture has a mask, and its things, if it has any, are boxes. written: what a box's four numbers are as the format has them. whole: pictures
    of which nothing is said are known to hold nothing, as those of a table."""

    title: str
    splits: Mapping[str, tuple[Annotated, ...]]
    classes: tuple[Label, ...] = ()
    over: Over = "later"
    said: tuple[str, ...] = ()
    masked: bool = False
    written: Written = "size"
    whole: bool = False

    def __len__(self) -> int:
        return sum(map(len, self.splits.values()))
