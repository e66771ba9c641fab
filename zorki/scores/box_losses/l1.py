"""How far left, top, right and bottom are off: the mean of the four.

Source: DeTone, Malisiewicz, Rabinovich 2016 and others; of edges, so that a box moved by so much is as wrong as one that is larger by so much at one side.
"""

from __future__ import annotations

import torch

from zorki.scores.boxes import corners


def loss(boxes: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """(…) ≥ 0, in the boxes' unit. boxes, truth: (…, 4) left, top, width, height."""
    return (corners(boxes.float()) - corners(truth.float())).abs().mean(-1)
