"""How good a prediction is, and what a training makes small: pure functions of arrays and tensors, one file each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.core.lazy import attach

if TYPE_CHECKING:
    from zorki.core.void import VOID as VOID
    from zorki.scores import box_losses as box_losses
    from zorki.scores import losses as losses
    from zorki.scores import weighting as weighting
    from zorki.scores.bootstrap import interval as interval
    from zorki.scores.boundary import boundary_f1 as boundary_f1
    from zorki.scores.calibration import Calibration as Calibration
    from zorki.scores.calibration import temperature as temperature
    from zorki.scores.confusion import Confusion as Confusion
    from zorki.scores.summing import summed as summed

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "VOID": "confusion",
        "Calibration": "calibration",
        "Confusion": "confusion",
        "boundary_f1": "boundary",
        "box_losses": "",
        "interval": "bootstrap",
        "losses": "",
        "summed": "summing",
        "temperature": "calibration",
        "weighting": "",
    },
)
