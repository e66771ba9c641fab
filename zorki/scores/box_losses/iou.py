"""One minus the share that both have of what they cover together. Boxes that lie apart have no slope.

Source: Yu et al. 2016 (UnitBox), there its logarithm; as 1 − IoU: Rezatofighi et al. 2019, equation 5.
"""

from __future__ import annotations

import torch

from zorki.scores import boxes as geometry


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) in 0..1. boxes, truth: (…, 4) left, top, width, height."""
    return 1 - geometry.iou(boxes.float(), truth.float())
