"""Teach a network to cut pictures apart, from a folder of pictures and masks; no option is needed.

Source: Lin et al. 2017 (the net, a feature pyramid); Loshchilov and Hutter 2017, 2019 (cosine, AdamW); Polyak and Juditsky 1992 (averaged weights).
Differs: squares, batch, encoder, ways up and steps follow from the pictures and from the time there is.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from zorki.core import events
from zorki.core.errors import InputError, UnknownName
from zorki.core.method import Input
from zorki.core.settings import Among, Least

if TYPE_CHECKING:
    from zorki import io
    from zorki.segmenting.sets import Set
    from zorki.train import Folder, Plan
    from zorki.wings.segment._learnt import Verdict
    from zorki.wings.segment._lesson import Pixels

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
    seed: int = 0
    "the same number teaches the same"


PRESETS: dict[str, Settings] = {}
FOLLOWS = ("encoder", "side", "batch", "flips", "steps")  # options that, where nobody gives them, follow from the data and the time
FIXED = ("net", "encoder", "width", "classes", "channels")  # what makes the net, which a run keeps


@dataclass(frozen=True)
class Run:
    """What was learnt: the run folder, which is a --model, its card, and what came of it on pictures that were held back."""

    folder: Path
    card: Mapping[str, Any]
    found: Verdict

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
    from safetensors.torch import load_file

    from zorki import scores
    from zorki.nets import encoders
    from zorki.segmenting import sets, starting
    from zorki.train import Folder, needs, out_of_memory, teach
    from zorki.wings.segment import _choice, _kept, _learnt

    begun = time.monotonic()
    needs("lightning", "Lightning")
    needs("kornia", "kornia")
    scores.summed(s.loss)
    _choice.seconds(s.within)
    if s.encoder is not None and s.encoder not in encoders.names():
        raise UnknownName.among("encoder", s.encoder, encoders.names())
    folder = Folder(out)
    learnt, held = sets.splits(data, s.seed, s.share, s.groups)
    for line in learnt.table.lines():
        events.note(line)
    lesson, plan, config = prepared(learnt, held, data.mark, folder, s, begun)
    folder.open({**asdict(plan), **config}, s.change)
    _kept.write_data(folder, data, learnt, held)
    said = _kept.card(lesson.net, learnt, plan.steps, config["side"], s, None)
    _kept.write_card(folder, said)
    device = _choice.device(s.device)
    while True:
        try:
            teach(lesson, folder, plan, config, device, s.processes)
            break
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
        config |= {"batch": _choice.smaller(config["batch"], s.processes), "halved": True}
        folder.open({**asdict(plan), **config}, change=True)
        lesson = again(lesson, config["batch"], s)
    best = starting.empty(lesson.net)
    best.load_state_dict(load_file(out / "best.safetensors"))
    found = _learnt.verdict(best, lesson.stock, lesson.held, len(learnt.table.names))
    if not found.learnt:
        events.note(found.sentence())
    said = _kept.card(lesson.net, learnt, plan.steps, config["side"], s, found)
    _kept.write_card(folder, said)
    return Run(out, said, found)


def prepared(learnt: Set, held: Set, mark: str, folder: Folder, s: Settings, begun: float) -> tuple[Pixels, Plan, dict[str, Any]]:
    """The lesson, how long it is, and what makes the run what it is: what nobody gave as the run has it already, else as it follows from the data."""
    from zorki.segmenting import starting
    from zorki.train import Plan
    from zorki.train.running import rough
    from zorki.wings.segment import _choice
    from zorki.wings.segment._augment import Changes
    from zorki.wings.segment._lesson import Pixels, Recipe
    from zorki.wings.segment._stock import Stock

    known = folder.known()
    had = {k: known[k] for k in (*FOLLOWS, "check") if k in known and (k in known.get("followed", ()) or (k == "batch" and "halved" in known))}
    if known.get("within") != s.within:
        had.pop("steps", None)
    asked = {k: v for k in FOLLOWS if (v := getattr(s, k)) is not None} | ({"batch": known["batch"]} if "halved" in known else {})
    given, device = had | asked, _choice.device(s.device)
    stock, judged = Stock(learnt), Stock(held)
    classes, channels = len(learnt.table.names), learnt.table.pictures.channels
    encoder = given.get("encoder") or starting.best_encoder()
    side = given.get("side") or _choice.side_for(stock, device)
    flips = given.get("flips") or _choice.flips_for(stock)
    batch = given.get("batch") or _choice.batch_for(len(stock), s.processes, device, None)
    if s.batch and "halved" not in known:
        batch = _choice.batch_for(len(stock), s.processes, device, s.batch)
    net = starting.started(s.net, encoder, classes, channels, s.width, s.seed)
    recipe = Recipe(classes, batch, s.loss, _choice.weights_for(stock, classes, s.class_weights), seed=s.seed)
    changes = Changes(side, flips=flips, light=0.25, colour=0.5 if channels == 3 else 0.0)
    lesson = Pixels(net, stock, judged, recipe, changes)
    steps, check = given.get("steps"), had.get("check")
    if steps is None:
        events.note("Measuring how fast it learns …")
        fitting, pace = _choice.halving(lesson, rough(Plan(), device), device, s.processes)
        if fitting != batch:
            batch, lesson = fitting, again(lesson, fitting, s)
        steps, check = _choice.planned(_choice.seconds(s.within) - (time.monotonic() - begun), pace, batch, len(stock))
    if check is None or "steps" not in given:
        check = check or max(1, -(-steps // 20))
    plan = Plan(
        steps, s.rate, warm=min(200, max(1, steps // 10)), average=min(0.999, max(0.9, 1 - 10 / steps)), seed=s.seed,
        tell=min(max(1, steps // 100), 100), keep=60.0, decay=0.01, check=check, patience=s.patience,
    )  # fmt: skip
    events.note(
        f"It learns from {len(learnt):,} pictures and is judged on {len(held):,}: {steps:,} steps of {batch} squares of {side} px, mirrored "
        f"{'not at all' if flips == 'none' else 'sideways' if flips == 'sideways' else 'and turned any way'}; the encoder is {encoder}, the net {s.net}."
    )
    config = {
        "within": s.within, "net": s.net, "encoder": encoder, "width": s.width, "classes": list(learnt.table.names), "channels": channels,
        "batch": batch, "side": side, "flips": flips, "loss": s.loss, "class_weights": s.class_weights, "share": s.share, "groups": s.groups,
        "pictures": f"{len(learnt)} and {len(held)}, {mark[:12]}", "followed": [k for k in FOLLOWS if getattr(s, k) is None] + ["check"],
    }  # fmt: skip
    if "halved" in known or (s.batch and batch < s.batch):
        config["halved"] = True
    other = [k for k in FIXED if k in known and known[k] != config[k]]
    if other and folder.begun:
        raise InputError(f"{folder.path} is a run with another {other[0]}: {known[other[0]]}.", "A run keeps its net.", "Choose another folder.")
    return lesson, plan, config


def again(lesson: Pixels, batch: int, s: Settings) -> Pixels:
    """The same lesson from its beginning, with another batch."""
    from zorki.segmenting import starting
    from zorki.wings.segment._lesson import Pixels

    net = starting.started(**lesson.net.sizes(), seed=s.seed)
    return Pixels(net, lesson.stock, lesson.held, replace(lesson.recipe, batch=batch), lesson.changes)
