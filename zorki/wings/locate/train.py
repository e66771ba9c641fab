"""Teach a network what things are and where, from pictures with boxes; no option is needed.

Source: Sermanet et al. 2013 (class and one box of one trunk); Tian et al. 2019 (many boxes, without anchors); Loshchilov and Hutter 2017, 2019 (cosine, AdamW);
Polyak and Juditsky 1992 (averaged weights).
Differs: whether a picture has one box or many is found from the data; squares, batch, encoder and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Among, Least
from zorki.train.options import Alone
from zorki.train.run import Run

if TYPE_CHECKING:
    from zorki import blocks, formats, io

INPUTS = {"data": Input("images/ with boxes.csv (file, class, x, y, w, h), or VOC, COCO, YOLO, LabelMe as it lies", kind="annotated")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings(Alone):
    boxes: Literal["one", "many"] | None = None
    "of a picture; not given: one, where no picture has more"
    each: bool = False
    "with one box a picture: each class has a box of its own"
    freeze: Annotated[int, Least(0)] = 0
    "so many of the encoder's blocks stay as they are"
    box_loss: Annotated[str, Among("zorki.scores.box_losses")] = "giou"
    "what is wrong with a box"
    flips: Literal["none", "sideways", "any"] = "sideways"
    "how pictures are mirrored; any: also upside down and by quarters, for what has no way up, as seen from above or in a microscope"
    mend: str | None = field(default=None, metadata={"file": True})
    "a folder that gets a cleaned copy of the data, and a list of what was changed"


PRESETS: dict[str, Settings] = {}


def run(data: formats.Place, out: Path, s: Settings = Settings()) -> Run:
    """Goes on from the state in `out`, to the last step or until it gets no better.

    Raises InputError for data that cannot be learnt from, for a folder of another run, for options that make no sense; Stopped for a full disk,
    for a loss that is no number, for too little memory. That nothing was learnt is a note, and stands in the card.
    """
    begun = time.monotonic()
    from zorki.train import asked

    asked.check(s)
    if s.each and s.boxes == "many":
        raise InputError("--each goes with one box a picture.", "Of many boxes each has its class anyway.", "Leave one of both out.")
    from zorki.wings.locate import _read, _taught

    taught = _taught.taught(_read.parts(data, s), out, s, begun)
    found = taught.verdict()
    if not found.learnt:
        events.note(found.sentence())
    return Run(out, taught.card(found), found)


def report(run: io.RunFolder, finished: bool, data: formats.Place) -> blocks.Page:
    """What the run's report.html shows."""
    from zorki.wings.locate import _report

    return _report.page(run, finished, data)
