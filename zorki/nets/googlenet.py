"""GoogLeNet, also called Inception v1: nine modules of four branches each, the net of the first dreams.

Source: Szegedy, Liu, Jia, Sermanet, Reed, Anguelov, Erhan, Vanhoucke and Rabinovich 2014, table 1.
Differs: batch norm after each convolution in place of local response normalisation, and 3x3 kernels in the third branch where
the paper has 5x5, both as in torchvision's official weight file, whose names the parameters bear. That file holds the
auxiliary heads too: `aux1` and `aux2` are there to be loaded, and never run.
"""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn

from zorki.nets.vgg import Normalise

NORM_EPS = 1e-3
MODULES = {  # channels of: the 1x1 branch, the 3x3 branch (before and after), the third (before and after), the one behind the pool
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def normed(before: int, after: int, kernel: int = 1, stride: int = 1) -> OrderedDict[str, nn.Module]:
    """A convolution and its batch norm, under their names."""
    conv = nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=False)
    return OrderedDict(conv=conv, bn=nn.BatchNorm2d(after, eps=NORM_EPS))


class Conv(nn.Sequential):
    """`conv`, `bn`, `relu`."""

    def __init__(self, before: int, after: int, kernel: int = 1, stride: int = 1) -> None:
        super().__init__(normed(before, after, kernel, stride) | {"relu": nn.ReLU(inplace=True)})


class Inception(nn.Module):
    """Four branches read the same maps; what they give is joined along the channels."""

    def __init__(self, before: int, ones: int, reduce3: int, threes: int, reduce5: int, fives: int, pooled: int) -> None:
        super().__init__()
        self.branch1 = Conv(before, ones)
        self.branch2 = nn.Sequential(Conv(before, reduce3), Conv(reduce3, threes, 3))
        self.branch3 = nn.Sequential(Conv(before, reduce5), Conv(reduce5, fives, 3))
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), Conv(before, pooled))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Auxiliary(nn.Module):
    """The parameters of a head that the paper trains by; no `forward`, since nothing runs it. Those of the official file are untrained."""

    def __init__(self, before: int, classes: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(normed(before, 128))
        self.fc1 = nn.Linear(128 * 4 * 4, 1024)
        self.fc2 = nn.Linear(1024, classes)


class GoogLeNet(nn.Module):
    """Takes pictures (b, 3, h, w) in sRGB 0..1, from 15 pixels a side, and gives logits (b, classes); the normalisation is inside.

    The official weights were trained on pictures in -1..1, which is what the normalisation makes of them.
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.normalise = Normalise((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))
        self.conv1 = Conv(3, 64, 7, stride=2)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        self.conv2 = Conv(64, 64)
        self.conv3 = Conv(64, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        before = 192
        into = {}
        for name, widths in MODULES.items():
            if name == "4a":
                self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
            elif name == "5a":
                self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
            self.add_module(f"inception{name}", Inception(before, *widths))
            ones, _, threes, _, fives, pooled = widths
            into[name] = before = ones + threes + fives + pooled
        self.aux1 = Auxiliary(into["4a"], classes)
        self.aux2 = Auxiliary(into["4d"], classes)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(0.2)
        self.fc = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, layer in self.named_children():
            if name not in ("aux1", "aux2", "fc"):
                x = layer(x)
        logits: torch.Tensor = self.fc(x.flatten(1))
        return logits
