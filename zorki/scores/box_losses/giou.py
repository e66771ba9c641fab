"""One minus the IoU, and how much of the box about both is neither: boxes that lie apart are drawn together.

Source: Rezatofighi et al. 2019, algorithm 1.
"""

from __future__ import annotations

import torch

from zorki.scores import boxes as geometry


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) in 0..2. boxes, truth: (…, 4) left, top, width, height."""
    return 1 - geometry.giou(boxes.float(), truth.float())
