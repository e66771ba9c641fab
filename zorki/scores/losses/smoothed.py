"""Cross-entropy with a tenth of the truth spread over all classes, so that no logit need grow without end.

Source: Szegedy et al. 2016, section 7. Differs from the others here: even of a perfect prediction something is left.
"""

from __future__ import annotations

import torch

from zorki.scores.losses import cross_entropy

SMOOTHING = 0.1


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """A scalar. logits: (b, k, h, w). truth: as cross_entropy has it. weights: (k,)."""
    return cross_entropy.loss(logits, truth, weights, SMOOTHING)
