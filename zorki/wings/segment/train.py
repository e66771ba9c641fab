"""Teach a network to cut pictures apart, from a folder of pictures and masks; no option is needed.

Source: Lin et al. 2017 (the net, a feature pyramid); Loshchilov and Hutter 2017, 2019 (cosine, AdamW); Polyak and Juditsky 1992 (averaged weights).
Differs: squares, batch, encoder, ways up and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Among
from zorki.train.options import Alone
from zorki.train.run import Run
from zorki.wings.segment import _options

if TYPE_CHECKING:
    from zorki import blocks, io

INPUTS = {"data": Input("images/ with masks/ of the same names, or train/ and val/ of these", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings(_options.Squares, Alone):
    net: Annotated[str, Among("zorki.nets.decoders")] = "pyramid"
    "the way back to full size"


PRESETS: dict[str, Settings] = {}


def run(data: io.LabelledFolder, out: Path, s: Settings = Settings()) -> Run:
    """Goes on from the state in `out`, to the last step or until it gets no better.

    Raises InputError for data that cannot be learnt from, for a folder of another run, for options that make no sense; Stopped for a full disk,
    for a loss that is no number, for too little memory. That nothing was learnt is a note, and stands in the card.
    """
    begun = time.monotonic()
    from zorki.wings.segment import _asked

    _asked.check(s)
    from zorki.segmenting import sets
    from zorki.wings.segment import _setup, _taught

    parts = _setup.Parts(*sets.splits(data, s.seed, s.share, s.groups), data.mark)
    for line in parts.learnt.table.lines():
        events.note(line)
    taught = _taught.taught(parts, out, s, begun)
    found = taught.verdict(taught.answers())
    if not found.learnt:
        events.note(found.sentence())
    return Run(out, taught.card(found), found)


def report(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """What the run's report.html shows."""
    from zorki.wings.segment import _report

    return _report.page(run, finished, data)
