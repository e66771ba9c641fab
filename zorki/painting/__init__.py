"""What several methods of painting share: statistics of layers, what a painting is judged by, regions, matting, carrying up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.painting import checkpoint as checkpoint
    from zorki.painting import enlarging as enlarging
    from zorki.painting import features as features
    from zorki.painting import matting as matting
    from zorki.painting import moments as moments
    from zorki.painting import optimiser as optimiser
    from zorki.painting import painter as painter
    from zorki.painting import problem as problem
    from zorki.painting import regions as regions

__getattr__, __dir__, __all__ = attach(
    __name__, dict.fromkeys(["checkpoint", "enlarging", "features", "matting", "moments", "optimiser", "painter", "problem", "regions"], "")
)
