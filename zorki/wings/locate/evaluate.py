"""Say how good a network locates on pictures with boxes, by class and by picture.

Source: Lin et al. 2014 (mAP); Russakovsky et al. 2015, section 4 (class and box together).
Differs: each figure comes with the interval in which 95 of 100 such sets of pictures would put it, and with what a guess has that sees no picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import blocks, formats, lens
    from zorki.locating.judging import Judged

INPUTS = {"data": Input("a folder with pictures and boxes: images/ and boxes.csv, VOC, COCO, YOLO or LabelMe", kind="annotated")}
NETS = ("locator",)
TASK = "locate"
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    split: Literal["val", "test", "train", "all"] | None = None
    "which pictures; not given: those held back from the training where the model learnt from this folder, or val/; else all"
    least: Annotated[float, Least(0, 1)] | None = None
    "how sure a detection must be to count; not given: as it is shown by locate predict; mAP looks at all of them, and a net of one box has but one"
    worst: Annotated[int, Least(1, 200)] = 12
    "pictures shown on the page, the worst first"
    pictures: str | None = None
    "the folder of the pictures; not given: looked for where the annotations say, in their folder, and beside it"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True, repr=False)
class Evaluation:
    """judged: all figures; split: of which pictures; worst: so many pictures are shown. failed: pictures that could not be used, and why; tried: of how many."""

    judged: Judged
    split: str
    worst: int
    failed: tuple[tuple[str, str], ...] = ()
    tried: int = 0

    @property
    def figures(self) -> dict[str, float]:
        """By name, in 0..1; nan of what there is nothing of."""
        return self.judged.figures

    @cached_property
    def plates(self) -> tuple[blocks.Plate, ...]:
        """The worst pictures with their true and their found boxes; made when they are asked for."""
        from zorki.wings.locate import _page

        return _page.plates(self.judged, self.judged.worst[: self.worst])

    def lines(self) -> list[str]:
        """What the command prints: the figures, the classes, the worst pictures."""
        from zorki.locating import wording

        return wording.lines(self.judged)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, Any]:
        """What --json gives; null of what there is nothing of."""
        return {"split": self.split, **self.judged.answer()}

    def tiles(self) -> list[blocks.Tile]:
        """The worst pictures, for --out."""
        return [tile for plate in self.plates for mosaic in plate.mosaics for tile in mosaic.tiles]


def run(net: lens.Net, data: formats.Place, s: Settings = Settings()) -> Evaluation:
    """Every picture once, at its own size.

    Raises InputError for boxes that cannot be read, for a class of the data that the net does not know, for a part that is not there, and for a net that
    gives no boxes.
    """
    from zorki.locating import boxed, choosing, judging

    read = boxed.boxed(data, pictures=s.pictures)
    for sentence in read.said:
        events.note(sentence)
    part, split = choosing.part(net, read, s.split)
    found = judging.judged(net, part, s.least, choosing.learnt(net, read))
    for sentence in found.matched.said:
        events.note(sentence)
    if found.kind == "one" and any(len(one.of) > 1 for one in found.pictures):
        events.note(f"{net.name} says one box a picture; pictures have several here, and it is held against each of them.")
    return Evaluation(found, split, s.worst, tuple(data.missing), len(read) + len(data.missing))


def page(net: lens.Net, made: Evaluation, s: Settings, command: str) -> blocks.Page:  # noqa: ARG001
    """The same to be looked at, for --out report.html."""
    from zorki.wings.locate import _page

    return _page.of_evaluation(net, made.judged, made.split, made.plates, command)
