"""The Lovász-Softmax loss: one minus the intersection over union itself, made continuous.

Source: Berman, Triki, Blaschko 2018, equations 8, 9 and algorithm 1; the mean over the classes that are there, over the whole batch.
"""

from __future__ import annotations

from typing import Any

import torch

from zorki.scores.losses import _pixels


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """A scalar in 0..1. logits: (b, k, h, w). truth: (b, h, w), 255 = void. weights: (k,)."""
    p = _pixels.reckoned(logits).softmax(1)
    classes, valid = _pixels.known(truth)
    present = torch.bincount(classes[valid], minlength=p.shape[1]) > 0
    each: torch.Tensor = _Lovasz.apply(p, truth, present)  # type: ignore[no-untyped-call]
    return _pixels.mean_of_classes(each, present, weights)


class _Lovasz(torch.autograd.Function):
    """(k,) of probabilities (b, k, h, w), 0 for a class that is not present. The loss is linear in the sorted errors, so its slope is
    made together with it, and nothing is kept of the sorting.
    """

    @staticmethod
    def forward(ctx: Any, p: torch.Tensor, truth: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        (valid,) = torch.nonzero((truth != 255).flatten(), as_tuple=True)
        true = truth.flatten()[valid]
        slopes, each = torch.zeros_like(p), p.new_zeros(p.shape[1])
        for c in present.nonzero().flatten().tolist():
            here = true == c
            errors = (p[:, c].flatten()[valid] - here.to(p.dtype)).abs()
            worst, order = falling(errors)
            steps = jaccard_steps(here[order], p.dtype)
            each[c] = torch.dot(worst, steps)
            slope = torch.empty_like(steps)
            slope[order] = steps
            plane = p.new_zeros(truth.numel())
            plane[valid] = torch.where(here, -slope, slope)
            slopes[:, c] = plane.view(truth.shape)
        ctx.save_for_backward(slopes)
        return each

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        (slopes,) = ctx.saved_tensors
        return slopes * grad[:, None, None], None, None


def falling(errors: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Errors ≥ 0, (n,), from the largest down, and where each stood; of equals the first comes first."""
    worst, order = torch.sort(errors, descending=True, stable=True)
    return worst, order


def jaccard_steps(here: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """(n,): by how much the Jaccard loss grows with each pixel that is got wrong, in the order given. here: (n,), whether it is of the class."""
    found = here.cumsum(0)
    total = found[-1]
    loss = 1 - (total - found).to(dtype) / (total + torch.arange(1, len(here) + 1, device=here.device) - found).to(dtype)
    return torch.diff(loss, prepend=loss.new_zeros(1))
