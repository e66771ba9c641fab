"""Small scenes to segment: what a net said and what is true, with void here and there."""

from __future__ import annotations

import torch

from zorki.core.void import VOID

CLASSES = 4


def scene(
    seed: int = 0, void: float = 0.2, classes: int = CLASSES, dtype: torch.dtype = torch.float32
) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (2, k, 7, 9) and a truth with void here and there."""
    g = torch.Generator().manual_seed(seed)
    logits = torch.randn(2, CLASSES, 7, 9, generator=g, dtype=torch.float64).to(dtype)
    truth = torch.randint(0, classes, (2, 7, 9), generator=g)
    return logits, torch.where(torch.rand(truth.shape, generator=g) < void, VOID, truth)


def perfect(truth: torch.Tensor, height: float = 60.0) -> torch.Tensor:
    classes = torch.where(truth == VOID, 0, truth)
    return height * torch.nn.functional.one_hot(classes, CLASSES).movedim(-1, 1).float()
