"""Nets taught one after another, each as often as planned: what is finished is kept, what fails is listed, and the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from zorki import weights
from zorki.core import durations, events
from zorki.core.errors import InputError
from zorki.core.events import Event
from zorki.io.runs import CONFIG
from zorki.lens.table import short
from zorki.train import Folder, choosing, setup
from zorki.wings.segment import _asked, _budget, _choice, _found, _setup
from zorki.wings.segment._budget import Budget, Entrant, Share
from zorki.wings.segment.compare import Settings

OVER = 1.1  # times the time there is: longer is said to be too long
ASKED = ("within", "width", "rate", "loss", "class_weights", "share", "groups", "seed")  # options that are kept as they are given
WORDS = {
    "nets": "the nets",
    "pictures": "the pictures",
    "classes": "what the masks tell apart",
    "followed": "which options are given",
    "trainings": "how often each net is trained",
} | {
    f"each_{name}": "how much each net learns" for name in (*_budget.OF_ENTRANT, *_budget.OF_SHARE)
}  # settings that are no options, as a person would call them


@dataclass(frozen=True)
class Contest(Folder):
    """The folder of a comparison, in which each training has one of its own."""

    @property
    def begun(self) -> bool:
        return any(self.path.glob(f"*/{CONFIG}"))

    def of(self, net: str, seed: int) -> Path:
        return self.path / f"{net}-{seed}"


def compared(parts: _setup.Parts, names: tuple[str, ...], out: Path, s: Settings, begun: float) -> _found.Comparison:
    """begun: when, by time.monotonic, the time that all may take began."""
    contest = Contest(out)
    settings = settled(contest, parts, names, s, begun)
    budget = planned(contest, parts, settings, s, begun)
    contest.open(settings | budget.config(), WORDS)
    said(budget, settings)
    chosen = replace(s, **{name: settings[name] for name in ("encoder", "side", "flips")})
    progress = Progress(budget)
    for seed in budget.seeds:
        for entrant, share in zip(budget.entrants, budget.shares, strict=True):
            if not entrant.failed:
                with events.translated(progress.of(entrant, share, seed)):
                    teach(contest.of(entrant.net, seed), parts, entrant, share, seed, chosen)
                progress.done(entrant, share)
    return _found.comparison(out)


def settled(contest: Contest, parts: _setup.Parts, names: tuple[str, ...], s: Settings, begun: float) -> dict[str, Any]:
    """What is asked for; what nobody asks for is as the comparison has it, else as it follows from the data. Raises InputError for another kind of run."""
    if (known := contest.asked()) and "nets" not in known:
        raise InputError(f"{contest.path} is a run, and no comparison.", "A comparison keeps its trainings there.", "Choose another name.")
    known, stock = known if contest.begun else {}, parts.stock

    def chosen(name: str, made: Callable[[], Any]) -> Any:
        given = getattr(s, name)
        return given if given is not None else known.get(name) or made()

    followed = {
        "encoder": chosen("encoder", lambda: weights.installed(setup.ENCODERS)),
        "flips": chosen("flips", lambda: _choice.flips_for(stock)),
        "batch": choosing.batch_for(len(stock), 1, choosing.device(s.device), s.batch),
    }
    with events.translated(probing):
        followed["side"] = chosen("side", lambda: _budget.side_for(parts, names, replace(s, **followed), contest.path, begun))
    asked = {name: getattr(s, name) for name in ASKED} | {
        "nets": list(names),
        "budget": "steps" if s.steps else s.budget,
        "steps": s.steps,
        "seeds": s.seeds,
        "followed": [name for name in followed if getattr(s, name) is None],
        "classes": list(parts.learnt.table.names),
        "pictures": str(parts),
    }
    return {name: value for name, value in (asked | followed).items() if value is not None}


def planned(contest: Contest, parts: _setup.Parts, settings: dict[str, Any], s: Settings, begun: float) -> Budget:
    """What was decided before the first training began, else what is measured now."""
    if contest.begun:
        return Budget.of(contest.asked())
    within = durations.seconds("--within", s.within)
    timed = within if s.steps is None or s.seeds is None else 0.0
    chosen = replace(s, **{name: settings[name] for name in ("encoder", "side", "flips", "batch")})
    entrants = []
    for k, net in enumerate(settings["nets"]):
        with events.translated(measuring(k, len(settings["nets"]), net)):
            entrants.append(_budget.measured(parts, net, chosen, contest.path, begun, timed / len(settings["nets"])))
    most = max(choosing.ENOUGH, choosing.EPOCHS * len(parts.learnt) // settings["batch"])
    left = within - (time.monotonic() - begun)
    return _budget.shared(entrants, left, settings["budget"], s.seeds, s.seed, most, s.steps)


def teach(place: Path, parts: _setup.Parts, entrant: Entrant, share: Share, seed: int, s: Settings) -> None:
    """One net, from one seed, to its judgement; nothing where that is there."""
    from zorki.wings.segment import _taught

    if _found.outcome(place, entrant.net, seed) is not None:
        return
    one = _asked.single(s, entrant.net, seed=seed, steps=share.steps, batch=entrant.batch)
    try:
        taught = _taught.taught(parts, place, one, time.monotonic(), share.check)
        answers = taught.answers()
        taught.card(taught.verdict(answers))
        _found.keep(taught, answers, choosing.device(s.device))
    except _budget.FAILS as error:
        why = _budget.reason(error)
        _found.fail(place, why)
        events.note(f"It fails: {why} The others go on.")


def said(budget: Budget, s: dict[str, Any]) -> None:
    """What will be compared, in a sentence."""
    alive = [(e, share) for e, share in zip(budget.entrants, budget.shares, strict=True) if not e.failed]
    if not alive:
        return
    steps = [share.steps for _, share in alive]
    spent = short(alive[0][0].multiply_adds * steps[0])
    each = {"steps": f"{steps[0]:,} steps", "time": "as long as any other", "multiply-adds": f"{spent} multiply-adds"}[s["budget"]]
    spread = f"{min(steps):,} to {max(steps):,} steps of" if min(steps) < max(steps) else f"{steps[0]:,} steps of"
    takes, within = budget.seconds(), s["within"]
    long = f", more than --within={within}, as fewer steps teach nothing" if takes > OVER * durations.seconds("--within", within) else ""
    events.note(
        f"{len(alive)} net{'s learn' if len(alive) > 1 else ' learns'} for {each} each ({spread} {s['batch']} squares of {s['side']} px), "
        f"{trained(len(budget.seeds))}" + (f": about {events.spoken(takes)} in all{long}." if takes else ".")
    )


def trained(times: int) -> str:
    return {1: "once", 2: "twice"}.get(times, f"{times} times")


def probing(e: Event) -> Event | None:
    """Of finding the side what is said of it."""
    return e if e.stage == "measuring" or e.note.startswith("Squares") or "memory" in e.note else None


def measuring(k: int, count: int, net: str) -> Callable[[Event], Event | None]:
    """Events of measuring the k-th of so many nets as parts of the whole; of notes only that memory is short."""

    def change(e: Event) -> Event | None:
        if e.note:
            return replace(e, note=f"{net}: {e.note}") if "memory" in e.note else None
        return replace(e, step=k * e.of + e.step, of=count * e.of) if e.stage == "measuring" else None

    return change


class Progress:
    """What is told of each training as a part of them all, by the time that it was measured to take, else by its steps."""

    def __init__(self, budget: Budget) -> None:
        self.timed = budget.seconds() > 0
        pairs = zip(budget.entrants, budget.shares, strict=True)
        self.total = len(budget.seeds) * sum(self.part(e, share) for e, share in pairs) or 1.0
        self.before, self.heard = 0.0, set[tuple[str, str]]()
        self.first: tuple[float, float] | None = None  # when the first step was told, and what was done by then

    def part(self, e: Entrant, share: Share) -> float:
        return _budget.taking(e, share) if self.timed else float(share.steps)

    def done(self, e: Entrant, share: Share) -> None:
        self.before += self.part(e, share)

    def of(self, entrant: Entrant, share: Share, seed: int) -> Callable[[Event], Event | None]:
        name, part = f"{entrant.net}, seed {seed}", self.part(entrant, share)

        def change(e: Event) -> Event | None:
            if e.note:
                new = (entrant.net, e.note) not in self.heard  # of each seed the same is said
                self.heard.add((entrant.net, e.note))
                return replace(e, note=f"{name}: {e.note}") if new else None
            if e.stage != "training":  # looks on the way are part of it
                return None
            done = self.before + part * e.step / max(1, e.of)
            left = self.left(e.at, done)
            return replace(e, stage=f"training of {name}", step=round(1000 * done / self.total), of=1000, unit="share", left=left)

        return change

    def left(self, at: float, done: float) -> float | None:
        """Seconds, by the pace since the first step that was told."""
        self.first = self.first or (at, done)
        since, work = at - self.first[0], done - self.first[1]
        return since / work * (self.total - done) if work > 0 else None
