"""Teach a network what things are and where, from pictures with boxes; no option is needed.

Source: Sermanet et al. 2013 (class and one box of one trunk); Tian et al. 2019 (many boxes, without anchors); Loshchilov and Hutter 2017, 2019 (cosine, AdamW);
Polyak and Juditsky 1992 (averaged weights).
Differs: whether a picture has one box or many is found from the data; squares, batch, encoder and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Among, Least
from zorki.train.options import Alone

if TYPE_CHECKING:
    from zorki import blocks, formats, io
    from zorki.wings.locate import _learnt

INPUTS = {"data": Input("images/ with boxes.csv (file, class, x, y, w, h), or VOC, COCO, YOLO, LabelMe as it lies", kind="annotated")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings(Alone):
    within: str = "30m"
    "the time it may take, as 90s, 30m or 2h; it is measured once how many steps that is"
    boxes: Literal["one", "many"] | None = None
    "of a picture; not given: one, where no picture has more"
    encoder: str | None = None
    "what reads the pictures; not given: lite0 where pip's imagenet extra is there, else eye"
    width: Annotated[int, Least(1)] = 64
    "channels of what tells the boxes"
    each: bool = False
    "with one box a picture: each class has a box of its own"
    freeze: Annotated[int, Least(0)] = 0
    "so many of the encoder's blocks stay as they are"
    steps: Annotated[int, Least(1)] | None = None
    "updates of the weights; not given: as many as --within=30m holds"
    batch: Annotated[int, Least(1)] | None = None
    "squares cut out of pictures a step; not given: 8 on a processor, 16 elsewhere"
    side: Annotated[int, Least(32)] | None = None
    "pixels of their sides; not given: by the size of the pictures"
    box_loss: Annotated[str, Among("zorki.scores.box_losses")] = "giou"
    "what is wrong with a box"
    flips: Literal["none", "sideways", "any"] = "sideways"
    "how pictures are mirrored; any: also upside down and by quarters, for what has no way up, as seen from above or in a microscope"
    mend: str | None = field(default=None, metadata={"file": True})
    "a folder that gets a cleaned copy of the data, and a list of what was changed"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Run:
    """What was learnt: the run folder, which is a --model, its card, and what came of it on pictures that were held back."""

    folder: Path
    card: Mapping[str, Any]
    found: _learnt.Verdict

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        from zorki.wings.locate import _kept

        return _kept.plain(self.found) | {"classes": list(self.card["classes"])}

    def lines(self) -> list[str]:
        """What the command prints."""
        said = [f"{what}: {text}" for what, text in self.card["figures"].items()]
        return [*said, f"zorki locate predict PHOTO --model {self.folder}"]


def run(data: formats.Place, out: Path, s: Settings = Settings()) -> Run:
    """Goes on from the state in `out`, to the last step or until it gets no better.

    Raises InputError for data that cannot be learnt from, for a folder of another run, for options that make no sense; Stopped for a full disk,
    for a loss that is no number, for too little memory. That nothing was learnt is a note, and stands in the card.
    """
    begun = time.monotonic()
    from zorki.wings.locate import _asked

    _asked.check(s)
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
