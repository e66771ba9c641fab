"""One run from its beginning to its best weights, and what is written beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki import io
from zorki.locating import preview, record
from zorki.train import Folder, setup
from zorki.train.taught import to_the_end
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
    start: setup.Start
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


def carded(folder: Folder, parts: _setup.Parts, first: setup.Start, s: Settings, found: _learnt.Verdict | None) -> Mapping[str, Any]:
    said = _kept.card(first, parts.learnt, s, found)
    folder.card(said)
    return said
