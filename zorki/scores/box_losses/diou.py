"""One minus the IoU, and how far the middles lie apart.

Source: Zheng et al. 2020, equation 7.
"""

from __future__ import annotations

import torch

from zorki.scores import boxes as geometry


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) in 0..2. boxes, truth: (…, 4) left, top, width, height."""
    return 1 - geometry.diou(boxes.float(), truth.float())
