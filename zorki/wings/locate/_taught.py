"""One run from its beginning to its best weights, with half the batch where memory runs out."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import load_file

from zorki import io
from zorki.locating import preview, record
from zorki.train import Folder, choosing, out_of_memory, teach
from zorki.wings.locate import _kept, _setup

if TYPE_CHECKING:
    from torch import nn

    from zorki.wings.locate import _learnt
    from zorki.wings.locate.train import Settings


@dataclass(frozen=True)
class Taught:
    """start: how it began, the batch as it was halved; net: with its best weights; s: what was asked for."""

    folder: Folder
    parts: _setup.Parts
    start: _setup.Start
    net: nn.Module
    s: Settings

    def verdict(self) -> _learnt.Verdict:
        """What it says of what was held back, beside guesses."""
        lesson = self.start.lesson
        if self.parts.kind == "one":
            from zorki.wings.locate import _one_learnt as learnt
        else:
            from zorki.wings.locate import _many_learnt as learnt  # type: ignore[no-redef]
        return learnt.verdict(self.net, lesson.stock, lesson.held, lesson.changes.side)

    def card(self, found: _learnt.Verdict | None) -> Mapping[str, Any]:
        """Written into the run folder. found: once it is known."""
        return carded(self.folder, self.parts, self.start, self.s, found)


def taught(parts: _setup.Parts, out: Path, s: Settings, begun: float) -> Taught:
    """Goes on from the state in `out`, to the last step or until it gets no better. begun: as `_setup.start` takes it.

    Raises InputError for a folder of another run, Stopped for a full disk, for a loss that is no number, for too little memory.
    """
    folder = Folder(out)
    first = _setup.start(parts, folder, s, begun)
    folder.open({**asdict(first.plan), **first.config}, _setup.WORDS, s.change)
    record.write(out, parts.learnt, parts.held, first.why, parts.ids)
    io.save_photo(out / "preview.jpg", preview.preview(parts.learnt, seed=s.seed), force=True)
    carded(folder, parts, first, s, None)
    first, best = to_the_end(first, folder, s)
    return Taught(folder, parts, first, best, s)


def carded(folder: Folder, parts: _setup.Parts, first: _setup.Start, s: Settings, found: _learnt.Verdict | None) -> Mapping[str, Any]:
    said = _kept.card(first, parts.learnt, s, found)
    _kept.write_card(folder, said)
    return said


def to_the_end(first: _setup.Start, folder: Folder, s: Settings) -> tuple[_setup.Start, nn.Module]:
    """Taught; the batch as it was at last, and the best weights."""
    while True:
        try:
            teach(first.lesson, folder, first.plan, first.config, choosing.device(s.device), s.processes)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        first = first.smaller(s)
        folder.open({**asdict(first.plan), **first.config}, change=True)
    best: nn.Module = copy.deepcopy(first.lesson.net)
    best.load_state_dict(load_file(folder.path / "best.safetensors"))
    return first, best
