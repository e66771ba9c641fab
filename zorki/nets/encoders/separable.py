"""A small encoder for what must be quick: each channel filtered alone, then all mixed. A quarter of a million numbers.

Source: Howard et al. 2017 (MobileNet: 3×3 a channel, 1×1 over them); Wu, Peng, Yu 2023 (YuNet: no norm between the two, and sizes are halved by the maximum of 2×2).
Differs: layers that keep their channels add what they were given (He et al. 2015). That no filter takes steps of two is for its training: in bfloat16 oneDNN's slope
of such a one takes four times as long as all of the layer.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets.encoders import Encoder
from zorki.nets.quickened import Separated

NAMES = ("separable",)
STEM = 16  # channels at a half
STAGES = ((32, 1), (64, 3), (128, 4), (224, 4))  # of each further halving: channels, layers


class Layer(nn.Module):
    """3×3 on each channel, 1×1 over all, batch norm, ReLU; where there are as many channels after it, what came in is added before the ReLU."""

    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        self.alone = nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False)
        self.mixed = nn.Conv2d(before, after, 1, bias=False)
        self.norm = nn.BatchNorm2d(after)
        self.same = before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm(self.mixed(self.alone(x)))
        return F.relu(y + x if self.same else y, inplace=True)

    def quick(self) -> nn.Module:
        """The same of a net that has learnt."""
        return Separated(self.alone, self.mixed, [self.norm], adds=self.same)


def encoder(name: str, channels: int = 3) -> Encoder:
    """Maps at a half, a quarter, an eighth, a sixteenth and a thirty-second."""
    layers: list[tuple[str, nn.Module]] = [("stem", stem(channels))]
    taps, wide = ["stem"], [STEM]
    for number, (after, count) in enumerate(STAGES, 1):
        layers.append((f"pool{number}", nn.MaxPool2d(2)))
        layers += [(f"layer{number}_{i + 1}", Layer(after if i else wide[-1], after)) for i in range(count)]
        taps.append(layers[-1][0])
        wide.append(after)
    return Encoder(layers, taps, wide, [2 ** (k + 1) for k in range(len(taps))], mean=(0.0,), spread=(1.0,), name=name)


def stem(channels: int) -> nn.Sequential:
    """An ordinary 3×3: three channels are too few to be filtered alone."""
    return nn.Sequential(nn.Conv2d(channels, STEM, 3, 2, padding=1, bias=False), nn.BatchNorm2d(STEM), nn.ReLU(inplace=True))
