"""Cross-entropy: −ln of what the true class was given, the mean over pixels.

Differs: 0 where all is void (torch's own is nan); made of gather, since nll_loss has no deterministic way on CUDA.
"""

from __future__ import annotations

import torch

from zorki.scores.losses import _pixels


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None, smoothing: float = 0.0) -> torch.Tensor:
    """A scalar; each pixel weighs what its class does.

    logits: (b, k, h, w). truth: (b, h, w) class numbers, 255 = void; or probabilities (b, k, h, w) of a teacher's, all 0 = void.
    weights: (k,). smoothing: the share of the truth that is spread over all classes (Szegedy et al. 2016, section 7).
    """
    log_p = _pixels.reckoned(logits).log_softmax(1)
    if truth.is_floating_point():
        return of_probabilities(log_p, truth.to(log_p.dtype), weights, smoothing)
    classes, valid = _pixels.known(truth)
    share = _pixels.shares(log_p, classes, valid, weights)
    sharp = _pixels.mean(-_pixels.at_truth(log_p, classes), share)
    if not smoothing:
        return sharp
    flat = -(weighted(log_p, weights).mean(1) * valid).sum() / _pixels.positive(share.sum())
    return (1 - smoothing) * sharp + smoothing * flat


def of_probabilities(log_p: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None, smoothing: float) -> torch.Tensor:
    """The same where the truth is a share of each class, (b, k, h, w): with shares of 0 and 1 it comes to the same."""
    total = _pixels.positive(weighted(truth, weights).sum())
    spread = torch.lerp(truth, truth.mean(1, keepdim=True).expand_as(truth), smoothing) if smoothing else truth
    return -(weighted(spread, weights) * log_p).sum() / total


def weighted(x: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """x (b, k, h, w), each class times its weight."""
    return x if weights is None else x * weights.to(x)[:, None, None]
