"""Say how good a segmenter is on pictures with masks, by class and by picture.

Source: Long, Shelhamer, Darrell 2015, section 5 (the figures); Csurka, Larlus, Perronnin 2013 (outlines); Guo et al. 2017 (calibration).
Differs: each figure comes with the interval in which 95 of 100 such sets of pictures would put it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import blocks, io, lens
    from zorki.segmenting.judging import Judged

INPUTS = {"data": Input("a folder with images/ and masks/, perhaps in train/, val/ and test/", kind="labelled")}
NETS = ("road", "people")
TASK = "segment"
WORDS = True  # the answer is what is printed; a page is written only where one is asked for


@dataclass(frozen=True)
class Settings:
    split: Literal["val", "test", "train", "all"] | None = None
    "which pictures; not given: those held back from the training where the model learnt from this folder, or val/; else all"
    worst: Annotated[int, Least(1, 200)] = 12
    "pictures shown on the page, the worst first"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True, repr=False)
class Evaluation:
    """judged: all figures; split: of which pictures; net: what was judged; worst: so many pictures are shown."""

    judged: Judged
    split: str
    net: lens.Net
    worst: int

    @property
    def figures(self) -> dict[str, float]:
        """By name, in 0..1 (Brier's score to 2); nan of what there is nothing of."""
        return self.judged.figures

    @cached_property
    def plates(self) -> tuple[blocks.Plate, ...]:
        """The worst pictures: truth, prediction, and where it is unsure; made when they are asked for."""
        from zorki.wings.segment import _page

        return _page.plates(self.net, self.judged, self.judged.worst[: self.worst])

    def lines(self) -> list[str]:
        """What the command prints: the figures, the classes, the worst pictures."""
        from zorki.segmenting import wording

        return wording.lines(self.judged)

    def __repr__(self) -> str:
        return "\n".join(self.lines())

    def answer(self) -> dict[str, Any]:
        """What --json gives; null of what there is nothing of."""
        return {"split": self.split, **self.judged.answer()}

    def tiles(self) -> list[blocks.Tile]:
        """The worst pictures, for --out."""
        return [tile for plate in self.plates for mosaic in plate.mosaics for tile in mosaic.tiles]


def run(net: lens.Net, data: io.LabelledFolder, s: Settings = Settings()) -> Evaluation:
    """One confusion matrix over all pictures, each at its own size.

    Raises InputError for masks that cannot be read, for a class of the data that the net does not know, and for a part that is not there.
    """
    from zorki.segmenting import choosing, judging, matching

    part, split = choosing.part(net, data, s.split)
    matched = matching.matched(part.table, bool(data.classes), net.classes, judging.counted(net, part), net.name)
    for sentence in matched.said:
        events.note(sentence)
    return Evaluation(judging.judged(net, matched, part), split, net, s.worst)


def page(net: lens.Net, made: Evaluation, s: Settings, command: str) -> blocks.Page:  # noqa: ARG001
    """The same to be looked at, for --out report.html."""
    from zorki.wings.segment import _page

    return _page.of_evaluation(net, made.judged, made.split, made.plates, command)
