"""The peers' method, restated plainly for comparison: float32, the layout as it comes, every loss through autograd, L-BFGS at one size.

Source: neural-style (Johnson 2015) and neural-style-pt: Gram matrices divided by channels and places, mean squared errors, style weight
100, content weight 5, maximum pooling, black borders, a start from the content; no code of theirs.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki import lens


def gram(maps: torch.Tensor) -> torch.Tensor:
    f = maps[0].flatten(1)
    return f @ f.T / f.numel()


class Losses:
    """What a picture is judged by. net: a module whose layers `names` give the style and `holds` the content."""

    def __init__(
        self,
        net: nn.Module,
        names: Sequence[str],
        holds: str,
        content: torch.Tensor,
        style: torch.Tensor,
        style_weight: float,
        content_weight: float,
    ) -> None:
        self.net, self.names, self.holds = net, list(names), holds
        self.style_weight, self.content_weight = style_weight, content_weight
        with torch.no_grad():
            self.kept = lens.capture(net, content, [holds])[holds].clone()
            self.grams = {n: gram(a).clone() for n, a in lens.capture(net, style, self.names).items()}

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        seen = lens.capture(self.net, x, [*self.names, self.holds])
        loss = self.content_weight * F.mse_loss(seen[self.holds], self.kept)
        for n, target in self.grams.items():
            loss = loss + self.style_weight * F.mse_loss(gram(seen[n]), target)
        return loss


def optimised(losses: Losses, start: torch.Tensor, steps: int) -> tuple[torch.Tensor, float]:
    """The picture after so many L-BFGS updates, clamped at the end, and the seconds."""
    x = start.clone().contiguous().requires_grad_(True)
    optimiser = torch.optim.LBFGS([x], lr=1, max_iter=steps, max_eval=10 * steps, tolerance_grad=-1, tolerance_change=-1, history_size=100)
    began = time.perf_counter()

    def closure() -> torch.Tensor:
        optimiser.zero_grad()
        loss = losses(x)
        loss.backward()
        return loss

    optimiser.step(closure)
    return x.detach().clamp(0, 1), time.perf_counter() - began
