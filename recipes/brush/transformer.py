"""The network that others use for one style, restated, to measure the brush against: 1.68 M parameters, 40 GMAC at 512 x 512.

Source: Johnson, Alahi, Fei-Fei 2016; the form of it in PyTorch's examples (fast neural style): reflected borders, instance norm,
pixels repeated before a convolution in place of transposed convolutions.
Differs: takes and gives 0..1, and the calls are the brush's, so that the same lesson teaches it; one style, always at full strength.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    """Reflected border, convolution, instance norm if one follows."""

    def __init__(self, into: int, out: int, side: int, stride: int = 1, twice: bool = False, normed: bool = True) -> None:
        super().__init__()
        self.side, self.twice = side, twice
        self.conv = nn.Conv2d(into, out, side, stride)
        self.norm = nn.InstanceNorm2d(out, affine=True) if normed else nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest") if self.twice else x
        out: torch.Tensor = self.norm(self.conv(F.pad(x, (self.side // 2,) * 4, mode="reflect")))
        return out


class Residual(nn.Module):
    """Two layers beside what comes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Layer(width, width, 3), Layer(width, width, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = x + self.second(F.relu(self.first(x)))
        return out


class Transformer(nn.Module):
    """Pictures (b, 3, h, w) in 0..1 → painted ones; sizes that are no multiples of 4 come out larger, as in the original."""

    styles = 1

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.ModuleList([Layer(3, 32, 9), Layer(32, 64, 3, 2), Layer(64, 128, 3, 2)])
        self.trunk = nn.Sequential(*(Residual(128) for _ in range(5)))
        self.up = nn.ModuleList([Layer(128, 64, 3, twice=True), Layer(64, 32, 3, twice=True)])
        self.last = Layer(32, 3, 9, normed=False)

    def raw(self, x: torch.Tensor, weights: torch.Tensor, strength: torch.Tensor | float = 1.0) -> torch.Tensor:  # noqa: ARG002
        """weights and strength say nothing."""
        a = x.contiguous(memory_format=torch.channels_last)
        for layer in self.down:
            a = F.relu(layer(a))
        a = self.trunk(a)
        for layer in self.up:
            a = F.relu(layer(a))
        out: torch.Tensor = self.last(a)
        return out.to(x.dtype) + 0.5

    def forward(self, x: torch.Tensor, weights: torch.Tensor, strength: torch.Tensor | float = 1.0) -> torch.Tensor:
        return self.raw(x, weights, strength).clamp(0, 1)
