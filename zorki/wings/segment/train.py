"""Teach a network to cut pictures apart, from a folder of pictures and masks; no option is needed.

Source: Lin et al. 2017 (the net, a feature pyramid); Loshchilov and Hutter 2017, 2019 (cosine, AdamW); Polyak and Juditsky 1992 (averaged weights).
Differs: squares, batch, encoder, ways up and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Among, Least
from zorki.train.options import Alone
from zorki.wings.segment import _options

if TYPE_CHECKING:
    from zorki import blocks, io
    from zorki.wings.segment import _learnt

INPUTS = {"data": Input("images/ with masks/ of the same names, or train/ and val/ of these", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings(_options.Squares, Alone):
    within: str = "30m"
    "the time it may take, as 90s, 30m or 2h; it is measured once how many steps that is"
    net: Annotated[str, Among("zorki.nets.decoders")] = "pyramid"
    "the way back to full size"
    encoder: str | None = None
    "what reads the pictures; not given: lite0 where pip's imagenet extra is there, else eye"
    steps: Annotated[int, Least(1)] | None = None
    "updates of the weights; not given: as many as --within=30m holds"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Run:
    """What was learnt: the run folder, which is a --model, its card, and what came of it on pictures that were held back."""

    folder: Path
    card: Mapping[str, Any]
    found: _learnt.Verdict

    def answer(self) -> dict[str, object]:
        """What --json gives."""
        from zorki.wings.segment import _kept

        return _kept.plain(self.found) | {"classes": list(self.card["classes"])}

    def lines(self) -> list[str]:
        """What the command prints."""
        said = [f"{what}: {text}" for what, text in self.card["figures"].items()]
        return [*said, f"zorki segment predict PHOTO --model {self.folder}"]


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
