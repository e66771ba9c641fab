"""Steps of equal mean size, whatever the network's scale.

Source: Mordvintsev, Olah, Tyka 2015.
Differs: in a masked picture the mean is that of what the mask lets grow.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from zorki.pixels.driver import largest

STRIP = 256  # rows of a picture at a time


def mean_size(g: torch.Tensor, mask: torch.Tensor | None = None) -> float:
    """mean |g| of g (1, c, h, w) over what the mask (1, 1, h, w), 0..1, lets grow; 0 where that is nothing."""
    total = weight = 0.0
    for k in range(0, g.shape[-2], STRIP):  # strip by strip: of a large picture there is room for few copies
        strip = g[..., k : k + STRIP, :].abs()
        cover = None if mask is None else mask[..., k : k + STRIP, :]
        total += float((strip if cover is None else strip.mul_(cover)).sum())
        weight += strip.numel() if cover is None else float(cover.sum()) * g.shape[1]
    return total / weight if weight else 0.0


def normalised_step(x: torch.Tensor, slope: torch.Tensor, rate: float, mask: torch.Tensor | None = None) -> None:
    """x -= rate · slope / mean|slope|, in place; nothing where the slope is 0. slope: of the loss, used up."""
    top = largest(slope)
    if top:
        size = mean_size(slope.div_(top), mask)  # first to 1: what is tiny must not become 0, nor 1 / tiny infinite
        if size:
            x.sub_(slope, alpha=rate / size)


class Ascent(torch.optim.Optimizer):
    """The same as an optimiser, which takes each picture (c, h, w) by its own mean."""

    def __init__(self, params: Iterable[torch.Tensor], lr: float) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self, closure: Any = None) -> None:  # type: ignore[override]  # noqa: ARG002
        for group in self.param_groups:
            for p in group["params"]:
                for x, slope in zip(p, p.grad, strict=True):
                    normalised_step(x[None], slope[None], group["lr"])
