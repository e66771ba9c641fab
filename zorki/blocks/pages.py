"""Prose, sections, pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from zorki.blocks.charts import Bars, Curve, Key, Matrix, Numbers, Reliability, Table
from zorki.blocks.pictures import Figure, Gallery, Grid, Row, Slide
from zorki.blocks.timelines import Timeline
from zorki.blocks.trials import Trial

__all__ = ["Ahead", "Block", "Note", "Page", "Section"]


@dataclass(frozen=True)
class Note:
    """Prose; a blank line begins a new paragraph. title: what it is about, on a line above."""

    text: str
    formula: str = ""
    command: str = ""
    title: str = ""


Block: TypeAlias = (
    Figure | Gallery | Grid | Row | Slide | Curve | Bars | Matrix | Numbers | Reliability | Timeline | Table | Key | Note | Trial
)


@dataclass(frozen=True)
class Section:
    """A numbered part of a page. `key` becomes its anchor (#key), `lead` is one or two sentences, `cost` reads "4 s"."""

    key: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    cost: str = ""


@dataclass(frozen=True)
class Ahead:
    """What an unfinished page still gets: the title of what is being made, those of what follows.

    share: of all that is done, in 0..1; left: how long the rest takes, "20 s".
    """

    doing: str
    then: tuple[str, ...]
    share: float
    left: str


@dataclass(frozen=True)
class Page:
    """`facts` are name and value pairs under the lead; `foot` is the last, small line.

    note: what is to be said of the whole page, above its sections. ahead: the page is unfinished, and looks every few seconds whether there is more.
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    hero: Figure | None = None
    foot: str = ""
    note: Note | None = None
    ahead: Ahead | None = None
