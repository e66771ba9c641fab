"""Look over pictures with boxes before anything learns from them: what is there, what is wrong.

Source: the faults are those that people report of COCO, VOC, YOLO and CSV (pytorch/vision 2740, 3169; ultralytics/yolov5 3656; convert2Yolo 16).
Differs: nothing is dropped or moved without a word; what only seems wrong is named and stays.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any

from zorki.core.method import Input
from zorki.core.settings import Among, Least

if TYPE_CHECKING:
    from zorki import blocks, formats
    from zorki.locating.boxed import Boxed
    from zorki.locating.mending import Mended

INPUTS = {
    "data": Input("pictures with boxes: images/ with boxes.csv (file, class, x, y, w, h), or COCO, VOC, YOLO, LabelMe", kind="annotated")
}
NETS: tuple[str, ...] = ()
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    mend: str | None = field(default=None, metadata={"file": True})
    "a folder for a cleaned copy: the pictures as they are, boxes.csv, and changes.csv, which lists all that was changed"
    from_: Annotated[str, Among("zorki.formats.readers")] | None = None
    "the format that is read; not given: the one that lies there"
    pictures: str | None = None
    "the folder of the pictures; not given: looked for where the annotations say, in their folder, and beside it"
    shown: Annotated[int, Least(1, 200)] = 12
    "pictures shown on the page with their boxes"
    seed: Annotated[int, Least(0)] = 0
    "which pictures these are"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True, repr=False)
class Checked:
    """boxed: all that was read, with its faults; mended: the copy, where one was asked for."""

    boxed: Boxed
    mended: Mended | None
    s: Settings

    @cached_property
    def pictures(self) -> tuple[blocks.Tile, ...]:
        """Some of the pictures with their boxes; made when they are asked for."""
        from zorki.locating import preview

        return preview.tiles(self.boxed, self.s.shown, self.s.seed)

    def tiles(self) -> list[blocks.Tile]:
        """The same, for --out."""
        return list(self.pictures)

    def lines(self) -> list[str]:
        """What the command prints: what was found, the classes, what is wrong, where the copy is."""
        from zorki.wings.locate import _checked

        return _checked.lines(self.boxed, self.mended)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, Any]:
        """What --json gives."""
        from zorki.wings.locate import _checked

        return _checked.answer(self.boxed, self.mended)


def run(data: formats.Place, s: Settings = Settings()) -> Checked:
    """Reads the annotations and every picture, and mends a copy where one is asked for; what was given stays as it is.

    Raises InputError for data without any box, for damaged tables, for several formats in one place, and for a folder that cannot be mended to; Stopped for
    a full disk. Pictures that cannot be used are left out and named.
    """
    from zorki.locating import mending
    from zorki.locating.boxed import boxed

    if s.mend is not None:
        mending.check(s.mend, data)
    found = boxed(data, s.from_, s.pictures)
    mended = None if s.mend is None else mending.mend(found, s.mend)
    return Checked(found, mended, s)


def page(_net: None, made: Checked, s: Settings, command: str) -> blocks.Page:  # noqa: ARG001
    """The same to be looked at, for --out page.html."""
    from zorki.wings.locate import _checked

    return _checked.page(made.boxed, made.mended, made.pictures, command)
