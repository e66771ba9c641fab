"""One minus Tversky's index: an overlap in which what was missed weighs more than what was too much.

Source: Salehi, Erdogmus, Gholipour 2017, equation 2, with their α = 0.3 and β = 0.7. Differs: overlaps are of the whole batch, and the mean
is over the classes that are there.
"""

from __future__ import annotations

import torch

from zorki.scores.losses import _pixels
from zorki.scores.losses._overlaps import overlaps

ALPHA, BETA = 0.3, 0.7
SMOOTH = 1e-5  # pixels, above and below the line


def loss(
    logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None, alpha: float = ALPHA, beta: float = BETA
) -> torch.Tensor:
    """A scalar in 0..1. logits: (b, k, h, w). truth: (b, h, w), 255 = void. weights: (k,). alpha, beta: of too much, of missed; ½, ½ is Dice."""
    o = overlaps(logits, truth)
    index = (o.both + SMOOTH) / (o.both + alpha * (o.predicted - o.both) + beta * (o.true - o.both) + SMOOTH)
    return _pixels.mean_of_classes(1 - index, o.true > 0, weights)
