"""A plain VGG-like classifier whose layers carry the names that the papers use: `conv1_1`, `relu1_1`, `pool1` …

Source: Simonyan and Zisserman 2014; batch norm after each convolution as in Ioffe and Szegedy 2015.
Differs: one linear layer on the last maps' mean (`fc`) in place of three wide ones; the normalisation is inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import nn

from zorki.nets.fused import in_turn

MEAN, STD = (0.48, 0.45, 0.40), (0.28, 0.27, 0.28)  # of natural photographs, in sRGB 0..1


class Normalise(nn.Module):
    """(x - mean) / std, per channel of a picture (b, 3, h, w) in 0..1."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean, device="cpu", dtype=torch.float32).view(-1, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std, device="cpu", dtype=torch.float32).view(-1, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x - self.mean) / self.std


class Vgg(nn.Module):
    """Blocks of 3x3 convolutions with a pool between blocks; `fc` reads the mean of the last maps.

    widths: channels of each block. convs: convolutions in each block. norm: with batch norm, for training;
    `fold` takes it out again. Takes pictures (b, 3, h, w) in sRGB 0..1 and gives logits (b, classes).
    """

    def __init__(
        self,
        widths: Sequence[int],
        convs: Sequence[int],
        classes: int,
        *,
        norm: bool = False,
        pooling: Literal["max", "average"] = "max",
    ) -> None:
        super().__init__()
        self.normalise = Normalise()
        before = 3
        for b, (width, count) in enumerate(zip(widths, convs, strict=True), 1):
            if b > 1:
                self.add_module(f"pool{b - 1}", nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2))
            for c in range(1, count + 1):
                self.add_module(f"conv{b}_{c}", nn.Conv2d(before, width, 3, padding=1, bias=not norm))
                if norm:
                    self.add_module(f"norm{b}_{c}", nn.BatchNorm2d(width))
                self.add_module(f"relu{b}_{c}", nn.ReLU(inplace=True))
                before = width
        self.fc = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = in_turn([layer for name, layer in self.named_children() if name != "fc"], x)
        logits: torch.Tensor = self.fc(maps.mean((2, 3)))
        return logits


def fold(state: dict[str, torch.Tensor], eps: float = 1e-5) -> dict[str, torch.Tensor]:
    """The state dict of the same net without batch norm: each norm goes into the convolution before it."""
    out = {}
    for name, value in state.items():
        layer = name.rpartition(".")[0]
        if layer.startswith("conv"):
            norm = layer.replace("conv", "norm")
            scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + eps)
            out[f"{layer}.weight"] = value * scale.view(-1, 1, 1, 1)
            out[f"{layer}.bias"] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale
        elif not layer.startswith("norm"):
            out[name] = value
    return out
