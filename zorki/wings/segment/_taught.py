"""One run from its beginning to its best weights, and what is written beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki import io
from zorki.segmenting import preview, record
from zorki.train import Folder, setup
from zorki.train.taught import to_the_end
from zorki.wings.segment import _kept, _learnt, _setup

if TYPE_CHECKING:
    from zorki.nets.segmenter import Segmenter
    from zorki.wings.segment.train import Settings


@dataclass(frozen=True)
class Taught:
    """start: how it began, the batch as it was halved; net: with its best weights; s: what was asked for."""

    folder: Folder
    parts: _setup.Parts
    start: setup.Start
    net: Segmenter
    s: Settings

    def answers(self) -> _learnt.Answers:
        """To what was held back."""
        return _learnt.answered(self.net, self.parts.judged)

    def verdict(self, answers: _learnt.Answers) -> _learnt.Verdict:
        """These answers beside guesses."""
        return _learnt.verdict(answers, self.parts.stock, self.parts.judged, self.start.lesson.recipe.classes)

    def card(self, found: _learnt.Verdict | None) -> Mapping[str, Any]:
        """Written into the run folder. found: once it is known."""
        return carded(self.folder, self.parts, self.start, self.s, found)


def taught(parts: _setup.Parts, out: Path, s: Settings, begun: float, look: int | None = None) -> Taught:
    """Goes on from the state in `out`, to the last step or until it gets no better. begun, look: as `_setup.start` takes them.

    Raises InputError for a folder of another run, Stopped for a full disk, for a loss that is no number, for too little memory.
    """
    folder = Folder(out)
    first = _setup.start(parts, folder, s, begun, look)
    folder.open({**asdict(first.plan), **first.config}, _setup.WORDS, s.change)
    record.write(out, parts.learnt, parts.held, first.why)
    io.save_photo(out / "preview.jpg", preview.preview(parts.learnt, seed=s.seed).picture, force=True)
    carded(folder, parts, first, s, None)
    first, best = to_the_end(first, folder, s)
    return Taught(folder, parts, first, best, s)


def carded(folder: Folder, parts: _setup.Parts, first: setup.Start, s: Settings, found: _learnt.Verdict | None) -> Mapping[str, Any]:
    said = _kept.card(first.lesson.net, parts.learnt, first.plan.steps, first.config["side"], s, found)
    folder.card(said)
    return said
