"""What several methods of segmenting share: what masks mean, sets of pictures with masks, previews, encoders that know something, what a net costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.segmenting import overlay as overlay
    from zorki.segmenting import polygons as polygons
    from zorki.segmenting import preview as preview
    from zorki.segmenting import regions as regions
    from zorki.segmenting import sets as sets
    from zorki.segmenting import table as table
    from zorki.segmenting import tiles as tiles

__getattr__, __dir__, __all__ = attach(__name__, dict.fromkeys(["overlay", "polygons", "preview", "regions", "sets", "table", "tiles"], ""))
