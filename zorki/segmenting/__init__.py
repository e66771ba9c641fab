"""What several methods of segmenting share: what masks mean, sets of pictures with masks, previews."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.segmenting import preview as preview
    from zorki.segmenting import sets as sets
    from zorki.segmenting import table as table

__getattr__, __dir__, __all__ = attach(__name__, dict.fromkeys(["preview", "sets", "table"], ""))
