"""One minus the IoU, how far the middles lie apart, and how much the shapes differ.

Source: Zheng et al. 2020, equations 9 to 12.
"""

from __future__ import annotations

import torch

from zorki.scores import boxes as geometry


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) in 0..3. boxes, truth: (…, 4) left, top, width, height."""
    return 1 - geometry.ciou(boxes.float(), truth.float())
