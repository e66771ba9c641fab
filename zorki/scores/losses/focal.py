"""Cross-entropy in which pixels count the less the surer they are right.

Source: Lin et al. 2017, equation 4: −(1 − p)^γ ln p of the true class's p. Differs: what is α there are the classes' weights here, and the
sum is divided by the pixels' weights, so that γ = 0 is cross-entropy.
"""

from __future__ import annotations

import torch

from zorki.scores.losses import _pixels

GAMMA = 2.0


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None, gamma: float = GAMMA) -> torch.Tensor:
    """A scalar. logits: (b, k, h, w). truth: (b, h, w), 255 = void. weights: (k,). gamma: 0, or 1 and more."""
    classes, valid = _pixels.known(truth)
    log_p = _pixels.at_truth(_pixels.reckoned(logits).log_softmax(1), classes)
    wrong = -torch.expm1(log_p)  # 1 − p, exact also where p is nearly 1
    return _pixels.mean(-(wrong**gamma) * log_p, _pixels.shares(log_p, classes, valid, weights))
