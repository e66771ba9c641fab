"""Blocks become one self-contained HTML page: no network, no script but a gallery's search, light and dark, phone and desk. Or one sheet."""

from __future__ import annotations

from zorki.report.page import notebook_html, render
from zorki.report.pictures import inline
from zorki.report.sheets import sheet

__all__ = ["inline", "notebook_html", "render", "sheet"]
