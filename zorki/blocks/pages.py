"""Prose, sections, pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from zorki.blocks.charts import Bars, Curve, Table
from zorki.blocks.pictures import Figure, Gallery, Grid, Row, Slide

__all__ = ["Block", "Note", "Page", "Section"]


@dataclass(frozen=True)
class Note:
    """Prose; a blank line begins a new paragraph."""

    text: str
    formula: str = ""


Block: TypeAlias = Figure | Gallery | Grid | Row | Slide | Curve | Bars | Table | Note


@dataclass(frozen=True)
class Section:
    """A numbered part of a page. `key` becomes its anchor (#key), `lead` is one or two sentences, `cost` reads "4 s"."""

    key: str
    title: str
    lead: str
    blocks: tuple[Block, ...]
    cost: str = ""


@dataclass(frozen=True)
class Page:
    """`facts` are name and value pairs under the lead; `foot` is the last, small line."""

    title: str
    lead: str
    sections: tuple[Section, ...]
    facts: tuple[tuple[str, str], ...] = ()
    hero: Figure | None = None
    foot: str = ""
