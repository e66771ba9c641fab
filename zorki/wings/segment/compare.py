"""Hold ways back to full size against one another: the same start, the same budget, one page.

Source: Badrinarayanan, Kendall, Cipolla 2017, section 4 (decoders compared, all else equal); Long, Shelhamer, Darrell 2015; Ronneberger, Fischer, Brox
2015; Owen 2007 (intervals over pictures and trainings).
Differs: each net learns for as many multiply-adds (or as long) as any other, not for as many steps.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from zorki.core import events
from zorki.core.method import Input
from zorki.core.settings import Least
from zorki.wings.segment import _options

if TYPE_CHECKING:
    from zorki import blocks, io
    from zorki.wings.segment import _found

INPUTS = {"data": Input("images/ with masks/ of the same names, or train/ and val/ of these", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "trained"
ENDING = ".html"  # the page is the result; the trainings lie in a folder beside it


@dataclass(frozen=True)
class Settings(_options.Squares):
    nets: str = "naive,nearest,maxunpool,transpose,hourglass,fcn,unet"
    "the ways back to full size, with commas between"
    within: str = "2h"
    "the time that all of it may take, as 30m or 2h; it is measured once how much learning that is"
    budget: Literal["multiply-adds", "time"] = "multiply-adds"
    "what each net gets as much of as any other"
    steps: Annotated[int, Least(1)] | None = field(default=None, metadata={"instead": "budget"})
    "updates of the weights, for each net as many, whatever they cost"
    seeds: Annotated[int, Least(1)] | None = None
    "trainings of each net, from other random numbers each; not given: three where there is time"
    encoder: str | None = None
    "what reads the pictures; not given: lite0 where pip's imagenet extra is there, else eye; plain knows nothing yet"
    seed: Annotated[int, Least(0)] = 0
    "the same number splits and teaches the same; the trainings count on from it"


PRESETS: dict[str, Settings] = {}


def run(data: io.LabelledFolder, out: Path, s: Settings = Settings()) -> _found.Comparison:
    """Goes on from what lies in `out`: trainings that are finished are kept, one that was broken off goes on bit by bit.

    A net that fails (memory, a loss that is no number, a size it cannot take) is listed as such, and the others go on. Raises InputError for data that cannot
    be learnt from, for a folder of another comparison, for options that make no sense; Stopped for a full disk.
    """
    begun = time.monotonic()
    from zorki.wings.segment import _asked

    names = _asked.nets(s.nets)
    _asked.check(_asked.single(s, names[0]))
    from zorki.segmenting import sets
    from zorki.wings.segment import _comparing, _setup

    parts = _setup.Parts(*sets.splits(data, s.seed, s.share, s.groups), data.mark)
    for line in parts.learnt.table.lines():
        events.note(line)
    return _comparing.compared(parts, names, out, s, begun)


def report(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """What the page shows: while they learn figures and curves as far as they are known, in the end also what the nets make of pictures."""
    from zorki.wings.segment import _compared

    return _compared.page(run, finished, data)
