"""Steps of equal mean size, whatever the network's scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch


class Ascent(torch.optim.Optimizer):
    """x -= rate * g / mean|g|, each picture by its own mean; a zero gradient moves nothing.

    Source: Mordvintsev, Olah, Tyka 2015 (there it adds the gradient of what grows; here the loss is its negative).
    """

    def __init__(self, params: Iterable[torch.Tensor], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002
        for group in self.param_groups:
            for p in group["params"]:
                size = p.grad.abs().flatten(1).mean(1).clamp_min(torch.finfo(p.dtype).tiny).view(-1, *[1] * (p.ndim - 1))
                p.sub_(p.grad / size, alpha=group["lr"])
