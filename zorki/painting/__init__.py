"""What several methods of painting share: statistics of layers, what a painting is judged by, regions, matting, carrying up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.painting import checkpoint as checkpoint
    from zorki.painting import enlarging as enlarging
    from zorki.painting import features as features
    from zorki.painting import losses as losses
    from zorki.painting import matting as matting
    from zorki.painting import moments as moments
    from zorki.painting import optimiser as optimiser
    from zorki.painting import painter as painter
    from zorki.painting import palette as palette
    from zorki.painting import regions as regions
    from zorki.painting import schedule as schedule
    from zorki.painting import terms as terms

__getattr__, __dir__, __all__ = attach(
    __name__,
    dict.fromkeys(
        [
            "checkpoint",
            "enlarging",
            "features",
            "losses",
            "matting",
            "moments",
            "optimiser",
            "painter",
            "palette",
            "regions",
            "schedule",
            "terms",
        ],
        "",
    ),
)
