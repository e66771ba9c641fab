"""Walks through the sections. The page is there from the beginning, grows while it is made, and is finished however that ends."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType

import torch

import zorki
from zorki import blocks, io, report
from zorki.core import events
from zorki.core.errors import Stopped, ZorkiError
from zorki.core.spelling import on_command_line
from zorki.guided import plan, probe
from zorki.guided.guide import Guide
from zorki.guided.parts import Part

BETWEEN = 0.3  # seconds a section for what is no climbing: its pictures are put on the page
ROOM = 0.8  # of the time left: what needs less than that is planned anew where something is cut, else it stays as planned
GROWS = 3.0  # seconds at most between two states of the unfinished page


@dataclass
class Walk:
    """The page so far; to be used in `with`. seconds: by section; skipped: what was left out, cut: what shows less, and why.

    words: of the command that makes this page, without its sections and its time. within: seconds that all may take, counted from `began`.
    """

    guide: Guide
    page: Path
    parts: list[Part]
    words: Sequence[str]
    within: float = math.inf
    began: float = field(default_factory=time.monotonic)
    facts: tuple[tuple[str, str], ...] = ()
    sections: list[blocks.Section] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)
    cut: dict[str, str] = field(default_factory=dict)
    levels: list[int] = field(default_factory=list)
    at: int = 0  # the section that is being made
    done: list[blocks.Block] = field(default_factory=list)  # of it
    written: float = -math.inf
    note: blocks.Note | None = None
    threads: int = field(default_factory=torch.get_num_threads)  # before the tour

    def __post_init__(self) -> None:
        self.levels = [0] * len(self.parts)

    def __enter__(self) -> Walk:
        self.write()
        events.note(f"The page grows while it is made: {self.page}")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        torch.set_num_threads(self.threads)
        if error is None:
            self.write(finished=True)
            return
        missing = [part for part in self.parts if part.name not in self.seconds]
        why = "by Ctrl-C" if isinstance(error, KeyboardInterrupt) else "by an error"
        rest = f" Not made, or not to the end: {', '.join(part.module.TITLE for part in missing)}." if missing else ""
        self.note = blocks.Note(
            f"This page was stopped {why}. What was done is here.{rest}", command=command(self.words, [p.name for p in missing])
        )
        self.keep()
        with suppress(OSError, ZorkiError):  # what stopped it is told, not that its page could not be written either
            self.write(finished=True)

    def go(self) -> None:
        """Builds all sections, as much of each as the time allows. Whatever is raised passes through."""
        for at, part in enumerate(self.parts):
            self.at = at
            self.replan()
            level = self.levels[self.at]
            if level == len(part.plans):
                self.skipped[part.name] = f"Left out to keep to {self.within:g} s."
                self.done = [blocks.Note(self.skipped[part.name], command=self.rest(part))]
                self.keep()
                continue
            began = time.monotonic()
            self.guide.ledger.enter(part.tasks[level], sum(p.work(n) for p, n in self.ahead))
            with events.translated(self.onward), events.listen(self.heard):
                events.tell(part.name)
                self.write()
                try:
                    for block in part.build(self.guide, level):
                        self.done.append(block)
                        self.write()
                except Stopped as e:
                    self.done.append(blocks.Note(f"This section was stopped: {on_command_line(e.written)}"))  # as all of a page
                except ZorkiError as e:
                    self.skipped[part.name] = e.written
                    self.done.append(blocks.Note(f"This section does not fit this network: {on_command_line(e.written)}"))
            self.guide.ledger.leave()
            if level:
                self.cut[part.name] = part.plans[level].shows
                less = (
                    f"To keep to {self.within:g} s there is less here: {part.plans[level].shows}. All of it would be {part.plans[0].shows}:"
                )
                self.done.append(blocks.Note(less, command=self.rest(part)))
            taken = time.monotonic() - began
            self.began += taken if part.extra else 0
            self.seconds[part.name] = round(taken, 2)
            self.keep(f"{taken:.1f} s")

    @property
    def ahead(self) -> list[tuple[Part, int]]:
        """The sections behind this one, with their plans' numbers."""
        return list(zip(self.parts, self.levels, strict=True))[self.at + 1 :]

    def replan(self) -> None:
        """Chooses how much this section and those behind it show, from the time that is left; what fits stays as it was chosen."""
        part = self.parts[self.at]
        if not self.guide.ledger.speed and (len(part.plans) > 1 or not part.quick):
            self.measure()
        if not self.guide.ledger.speed or self.within == math.inf:
            return
        choices, levels, ledger = [p.choice for p in self.parts[self.at :]], self.levels[self.at :], self.guide.ledger
        left = self.began + self.within - time.monotonic() - BETWEEN * len(choices)
        needed = plan.total(choices, levels) / ledger.speed * ledger.slower
        if needed > left or (needed < ROOM * left and any(levels)):
            self.levels[self.at :] = plan.chosen(choices, left * ledger.speed / ledger.slower)

    def measure(self) -> None:
        """Asks the machine how fast it is, and takes fewer threads where others use it too."""
        try:
            speed = probe.probed(self.guide.net, self.guide.deep)
        except ZorkiError:  # nothing can be drawn with this network, as the sections will say
            return
        if speed.threads < self.threads:
            torch.set_num_threads(speed.threads)
            events.note(f"Others use this machine too: {speed.threads} of {self.threads} threads are faster here.")
        self.guide.ledger.speed = speed.kind

    def onward(self, e: events.Event) -> events.Event:
        """Turns what a method tells into the whole tour's progress."""
        ledger = self.guide.ledger
        return e if e.note else replace(e, stage="tour", step=round(1000 * ledger.share), of=1000, unit="share", left=ledger.left)

    def heard(self, e: events.Event) -> None:
        """Lets the unfinished page say how far it is."""
        self.guide.ledger.hear(e)
        if time.monotonic() - self.written > GROWS:
            self.write()

    def rest(self, part: Part) -> str:
        """The command that makes a section whole, with time to spare."""
        ledger = self.guide.ledger
        seconds = part.work(0) / (ledger.speed or math.inf) * ledger.slower
        return command(self.words, [part.name], 10 * math.ceil(0.15 * seconds + 1))

    def keep(self, cost: str = "") -> None:
        """Adds the section, what there is of it, to the page."""
        if self.done:
            part, self.done = self.section(cost), []
            self.sections.append(part)

    def section(self, cost: str = "") -> blocks.Section:
        """The section that is being made, as far as it is."""
        part = self.parts[self.at]
        return blocks.Section(part.name, part.module.TITLE, part.module.LEAD, tuple(self.done), cost)

    def write(self, finished: bool = False) -> None:
        """Writes the page as it is now."""
        self.written = time.monotonic()
        io.atomic_write(self.page, report.render(self.shown(finished)))

    def shown(self, finished: bool = True) -> blocks.Page:
        """The page as it is now."""
        ledger, coming = self.guide.ledger, [p.module.TITLE for p, n in self.ahead if n < len(p.plans)]
        ahead = blocks.Ahead(
            self.parts[self.at].module.TITLE, tuple(coming), ledger.share, "" if ledger.left is None else events.spoken(ledger.left)
        )
        return blocks.Page(
            title=f"What a network sees in {self.guide.photo.name}",
            lead=(
                "A convolutional network learnt to tell pictures apart, from pictures alone. "
                "Here it is opened, layer by layer, on one photo: what it answers to, what it keeps, what it dreams, and how it paints."
            ),
            sections=(*self.sections, *([self.section("being made")] if self.done else [])),
            facts=self.facts,
            foot=f"Made by Zorki {zorki.__version__} on this machine. Nothing left it.",
            note=self.note,
            ahead=None if finished else ahead,
        )


def command(words: Sequence[str], sections: Sequence[str], within: float | None = None) -> str:
    """As a person would type it."""
    more = [word for name in sections for word in ("--section", name)] + ([] if within is None else ["--within", f"{within:g}"])
    return shlex.join(["zorki", "tour", *words, *more])
