"""Walks through the sections and writes the page again after each: what was done is always there, whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType

import zorki
from zorki import blocks, io, report
from zorki.core import events, shelf
from zorki.core.errors import InputError, Stopped, ZorkiError
from zorki.tour.guide import Guide

SECTIONS = "zorki.tour.sections"
SHORT = 60  # seconds in all that a tour may cost unless --long


@dataclass
class Walk:
    """The page so far. seconds: by section; skipped: what was left out, and why."""

    guide: Guide
    page: Path
    facts: tuple[tuple[str, str], ...] = ()
    sections: list[blocks.Section] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    skipped: dict[str, str] = field(default_factory=dict)

    def go(self, only: Sequence[str] = ()) -> None:
        """Builds every section that is on the shelf and affordable. Ctrl-C passes through, the page is valid then."""
        chosen = planned(self.guide.long, only, photos=self.guide.photos is not None)
        total = sum(m.SECONDS for _, m in chosen)
        spent = 0.0
        for name, module in chosen:
            done: list[blocks.Block] = []
            began = time.monotonic()
            with events.translated(self.onward(module, spent, total)):
                try:
                    for block in module.build(self.guide):
                        done.append(block)
                except Stopped as e:
                    done.append(blocks.Note(f"This section was stopped: {e}"))
                except ZorkiError as e:
                    self.skipped[name] = str(e)
                    done.append(blocks.Note(f"This section does not fit this network: {e}"))
                finally:
                    self.keep(name, module, done, time.monotonic() - began)
            spent += module.SECONDS

    def onward(self, module: ModuleType, spent: float, total: float) -> Callable[[events.Event], events.Event]:
        """Turns a method's steps into the whole tour's progress, by what the sections say they cost."""
        began = time.monotonic()

        def change(e: events.Event) -> events.Event:
            here = min(module.SECONDS, time.monotonic() - began)
            return e if e.note else replace(e, stage="tour", step=round(spent + here), of=round(total))

        return change

    def keep(self, name: str, module: ModuleType, done: list[blocks.Block], seconds: float) -> None:
        """Adds the section (what there is of it) and writes the page."""
        self.seconds[name] = round(seconds, 2)
        if done:
            self.sections.append(blocks.Section(name, module.TITLE, module.LEAD, tuple(done), f"{seconds:.1f} s"))
        self.write()

    def write(self) -> None:
        page = blocks.Page(
            title=f"What a network sees in {self.guide.photo.name}",
            lead=(
                "A convolutional network learnt to tell pictures apart, from pictures alone. "
                "Here it is opened, layer by layer, on one photo: what it answers to, what it keeps, what it dreams, and how it paints."
            ),
            sections=tuple(self.sections),
            facts=self.facts,
            foot=f"Made by Zorki {zorki.__version__} on this machine. Nothing left it.",
        )
        io.atomic_write(self.page, report.render(page))


def planned(long: bool, only: Sequence[str] = (), photos: bool = False) -> list[tuple[str, ModuleType]]:
    """The sections to build, in order; dear ones only when `long`, or when they are asked for by name.

    photos: whether there are many photographs, which some sections need. Raises InputError for one of these asked for without them.
    """
    modules = [(n, shelf.take(SECTIONS, n, "section of the tour")) for n in only or shelf.names(SECTIONS)]
    modules.sort(key=lambda m: m[1].ORDER)
    out, spent = [], 0.0
    for name, module in modules:
        many = getattr(module, "PHOTOS", False)
        if many and not photos:
            if only:
                raise InputError(f"The section {name} needs many photographs.", "", "Give them with --photos.")
            continue
        dear = getattr(module, "LONG", False) or spent + module.SECONDS > SHORT
        if only or long or many or not dear:
            out.append((name, module))
            spent += 0 if many else module.SECONDS
    return out
