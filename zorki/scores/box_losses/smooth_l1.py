"""L1 that is a parabola near 0, so that the last steps are small.

Source: Girshick 2015 (Fast R-CNN), equation 3. Differs: it bends at 0.05 of the unit and not at 1, since boxes are in shares of the picture; beyond that it is
parallel to L1.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from zorki.scores.boxes import corners

BEND = 0.05  # of the picture's side


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) ≥ 0. boxes, truth: (…, 4) left, top, width, height, in shares of the picture's sides."""
    return F.smooth_l1_loss(corners(boxes.float()), corners(truth.float()), beta=BEND, reduction="none").mean(-1)
