"""One minus the soft Dice coefficient: small classes count as much as large ones.

Source: Milletari, Navab, Ahmadi 2016, section 3, without the squares, as Isensee et al. 2021 have it. Differs: overlaps are of the whole
batch, and the mean is over the classes that are there; one that is not there could only be told to be absent.
"""

from __future__ import annotations

import torch

from zorki.scores.losses import tversky


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """A scalar in 0..1. logits: (b, k, h, w). truth: (b, h, w), 255 = void. weights: (k,)."""
    return tversky.loss(logits, truth, weights, alpha=0.5, beta=0.5)
