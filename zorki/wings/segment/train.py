"""Teach a network to cut pictures apart, from a folder of pictures and masks; no option is needed.

Source: Lin et al. 2017 (the net, a feature pyramid); Loshchilov and Hutter 2017, 2019 (cosine, AdamW); Polyak and Juditsky 1992 (averaged weights).
Differs: squares, batch, encoder, ways up and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import durations, events
from zorki.core.errors import InputError, UnknownName
from zorki.core.method import Input
from zorki.core.settings import Among, Least

if TYPE_CHECKING:
    from zorki import blocks, io
    from zorki.train import Folder
    from zorki.wings.segment import _learnt, _setup

INPUTS = {"data": Input("images/ with masks/ of the same names, or train/ and val/ of these", kind="labelled")}
NETS: tuple[str, ...] = ()
GIVES = "trained"


@dataclass(frozen=True)
class Settings:
    within: str = "30m"
    "the time it may take, as 90s, 30m or 2h; it is measured once how many steps that is"
    net: Annotated[str, Among("zorki.nets.decoders")] = "pyramid"
    "the way back to full size"
    encoder: str | None = None
    "what reads the pictures; not given: lite0 where pip's imagenet extra is there, else eye"
    width: Annotated[int, Least(1)] = 64
    "channels of the way back"
    steps: Annotated[int, Least(1)] | None = None
    "updates of the weights; not given: as many as --within=30m holds"
    batch: Annotated[int, Least(1)] | None = None
    "squares cut out of pictures a step; not given: 8 on a processor, 16 elsewhere"
    side: Annotated[int, Least(32)] | None = None
    "pixels of their sides; not given: by the size of the pictures"
    rate: Annotated[float, Least(0)] = 1e-3
    "size of an update (AdamW)"
    loss: str = "cross_entropy+dice"
    "what falls: names joined by +, or with weights as cross_entropy:1,dice:0.5"
    class_weights: Literal["none", "median", "enet"] = "none"
    "what rare classes weigh more: by median frequency, or as ENet has it"
    flips: Literal["none", "sideways", "any"] | None = None
    "how pictures are mirrored; not given: also upside down where nothing in them is up or down"
    patience: Annotated[int, Least(1)] = 10
    "so many looks without a better one end the training"
    share: Annotated[float, Least(0.01, 0.9)] = 0.2
    "of the pictures, what is judged on, where there is no val/"
    groups: str | None = None
    "what must not be torn apart by that: so many letters of the names, or a regular expression for them"
    processes: Annotated[int, Least(1)] = 1
    "so many learn together, each on its own cores or graphics card"
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    "where it is computed"
    change: bool = False
    "a run that is gone on with takes the options that differ from here on"
    seed: Annotated[int, Least(0)] = 0
    "the same number teaches the same"


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
    check(s)
    from zorki import io
    from zorki.segmenting import preview, record, sets
    from zorki.train import Folder
    from zorki.wings.segment import _kept, _setup

    folder = Folder(out)
    learnt, held = sets.splits(data, s.seed, s.share, s.groups)
    for line in learnt.table.lines():
        events.note(line)
    first = _setup.start(learnt, held, data.mark, folder, s, begun)
    folder.open({**asdict(first.plan), **first.config}, _setup.WORDS, s.change)
    record.write(out, learnt, held, first.why)
    io.save_photo(out / "preview.jpg", preview.preview(learnt, seed=s.seed).picture, force=True)

    def card(found: _learnt.Verdict | None) -> dict[str, Any]:
        said = _kept.card(first.lesson.net, learnt, first.plan.steps, first.config["side"], s, found)
        _kept.write_card(folder, said)
        return said

    card(None)
    found = taught(first, folder, s)
    if not found.learnt:
        events.note(found.sentence())
    return Run(out, card(found), found)


def check(s: Settings) -> None:
    """Raises InputError and UnknownName for options that make no sense, and for packages that are not here."""
    from zorki import scores
    from zorki.nets import encoders
    from zorki.segmenting import encoding
    from zorki.train import equipped

    equipped()
    try:
        import kornia  # noqa: F401
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "kornia":
            raise
        raise InputError("Training needs kornia.", "It is not installed.", "Install it: pip install 'zorki[train]'.") from error

    scores.summed(s.loss)
    durations.seconds("--within", s.within)
    if s.encoder is not None and s.encoder not in encoders.names() and not encoding.pretrained(s.encoder):
        raise UnknownName.among("encoder", s.encoder, encoders.names())


def taught(first: _setup.Start, folder: Folder, s: Settings) -> _learnt.Verdict:
    """Taught to the end, with half the batch where memory runs out; then the best of it beside guesses."""
    from safetensors.torch import load_file

    from zorki.train import out_of_memory, teach
    from zorki.wings.segment import _choice, _learnt

    while True:
        try:
            teach(first.lesson, folder, first.plan, first.config, _choice.device(s.device), s.processes)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        first = first.smaller(s)
        folder.open({**asdict(first.plan), **first.config}, change=True)
    best = copy.deepcopy(first.lesson.net)
    best.load_state_dict(load_file(folder.path / "best.safetensors"))
    return _learnt.verdict(best, first.lesson.stock, first.lesson.held, first.lesson.recipe.classes)


def report(run: io.RunFolder, finished: bool, data: io.LabelledFolder) -> blocks.Page:
    """What the run's report.html shows."""
    from zorki.wings.segment import _report

    return _report.page(run, finished, data)
