"""What a page is made of: pictures, curves, tables and notes, each with a sentence and the command that makes it.

Plain data. How it looks is decided in `report`; what it holds is decided by whoever made it.
A formula is plain Unicode ("L = Σᵢⱼ (Fᵢⱼ − Pᵢⱼ)²"); what Unicode cannot lower or raise is written F_{content}, e^{−x}.
"""

from __future__ import annotations

from zorki.blocks.charts import Bars, Cell, Cells, Curve, Key, Matrix, Numbers, Reliability, Swatch, Table
from zorki.blocks.pages import Ahead, Block, Note, Page, Section
from zorki.blocks.pictures import Entry, Figure, FilmMedia, Gallery, Grid, Mosaic, Pixels, Plate, Row, Slide, Tile
from zorki.blocks.timelines import Lane, Shot, Timeline
from zorki.blocks.trials import Runtime, Trial

__all__ = [
    "Ahead",
    "Bars",
    "Block",
    "Cell",
    "Cells",
    "Curve",
    "Entry",
    "Figure",
    "FilmMedia",
    "Gallery",
    "Grid",
    "Key",
    "Lane",
    "Matrix",
    "Mosaic",
    "Note",
    "Numbers",
    "Page",
    "Pixels",
    "Plate",
    "Reliability",
    "Row",
    "Runtime",
    "Section",
    "Shot",
    "Slide",
    "Swatch",
    "Table",
    "Tile",
    "Timeline",
    "Trial",
]
