"""Whole Gaussians, by their Wasserstein distance.

Source: Heitz et al. 2021 and Crowson 2021, who compare more than Gram matrices do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from zorki.painting.moments import Moments

RIDGE = 1e-4  # of the mean variance, added to a covariance before its root is taken


def distance(m: Moments, target: Moments) -> torch.Tensor:
    """(r,): the squared Wasserstein distance of the Gaussians: |m₁ − m₂|² + tr(S₁ + S₂ − 2 (S₂^½ S₁ S₂^½)^½)."""
    apart = (m.mean - target.mean).pow(2).sum(1)
    return apart + torch.stack([bures(a, b) for a, b in zip(m.covariance, target.covariance, strict=True)])


def bures(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """tr(a + b − 2 (b^½ a b^½)^½) of covariances (c, c), a little enlarged on the diagonal so that roots have slopes."""
    ridge = RIDGE * b.diagonal().mean().clamp_min(1e-12) * torch.eye(len(b), dtype=b.dtype, device=b.device)
    root: torch.Tensor = _RootTrace.apply(a + ridge, b + ridge)  # type: ignore[no-untyped-call]
    return a.trace() + b.trace() + 2 * ridge.trace() - 2 * root


class _RootTrace(torch.autograd.Function):
    """tr (b^½ a b^½)^½, whose slope in a is half of b^½ (b^½ a b^½)^-½ b^½: eigenvalues that are equal do no harm, unlike in eigh's own."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        # in numpy: no device need have float64 or eigenvalues, and the matrices are small
        values, vectors = np.linalg.eigh(b.detach().cpu().numpy().astype(np.float64))
        root = (vectors * np.sqrt(values.clip(0))) @ vectors.T
        inner, turned = np.linalg.eigh(root @ a.detach().cpu().numpy().astype(np.float64) @ root)
        inner = np.sqrt(inner.clip(1e-12 * max(inner.max(), 1e-30)))
        side = root @ turned
        ctx.save_for_backward(torch.from_numpy(((side / inner) @ side.T / 2).astype(np.float32)).to(a.device, a.dtype))
        total: torch.Tensor = torch.tensor(float(inner.sum()), dtype=a.dtype, device="cpu").to(a.device)
        return total

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (slope,) = ctx.saved_tensors
        return grad * slope, None
