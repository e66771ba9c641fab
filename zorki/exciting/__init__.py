"""What photographs excite: which of many, where in them, cut out; and which classes a channel speaks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.exciting import channel_classes as channel_classes
    from zorki.exciting import crops as crops
    from zorki.exciting import index as index
    from zorki.exciting import index_files as index_files
    from zorki.exciting import ranking as ranking
    from zorki.exciting import units as units

__getattr__, __dir__, __all__ = attach(
    __name__, dict.fromkeys(["channel_classes", "crops", "index", "index_files", "ranking", "units"], "")
)
