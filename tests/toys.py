"""Toy networks for tests, small enough to run in no time."""

from __future__ import annotations

import torch
from torch import nn

from zorki import lens


def toy(classes: int = 5, seed: int = 0, inplace: bool = True) -> nn.Module:
    """Two blocks of convolutions, a pool, a linear layer, like a very small VGG."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(inplace=inplace), nn.MaxPool2d(2), nn.Conv2d(8, 12, 3, padding=1), nn.ReLU(inplace=inplace),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, classes),
    ).eval()  # fmt: skip


def net(**more: object) -> lens.Net:
    return lens.Net(toy(**more), name="toy", side=32)  # type: ignore[arg-type]


def state(module: nn.Module) -> dict[str, object]:
    """All that must be as it was: numbers, modes, flags, gradients, hooks, in-place flags, random numbers."""
    return {
        "numbers": {k: raw(v) for k, v in module.state_dict().items()},
        "modes": [m.training for m in module.modules()],
        "flags": [p.requires_grad for p in module.parameters()],
        "grads": [None if p.grad is None else raw(p.grad) for p in module.parameters()],
        "hooks": [
            len(d) for m in module.modules() for d in (m._forward_hooks, m._forward_pre_hooks, m._backward_hooks, m._backward_pre_hooks)
        ],
        "inplace": [getattr(m, "inplace", None) for m in module.modules()],
        "forward": ["forward" in vars(m) for m in module.modules()],
        "random": torch.random.get_rng_state().numpy().tobytes(),
    }


def raw(x: torch.Tensor) -> bytes:
    """A tensor's bytes, of whatever type."""
    return x.detach().cpu().clone().reshape(-1).view(torch.uint8).numpy().tobytes()
