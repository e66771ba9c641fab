"""ResNet-18 and ResNet-50: each block adds to what came in.

Source: He, Zhang, Ren and Sun 2015, table 1.
Differs: where a block of three convolutions halves its maps, the 3x3 convolution does it, not the 1x1 before, as in
torchvision's official weight files, whose names the parameters bear.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from zorki.nets.alexnet import IMAGENET_MEAN, IMAGENET_STD
from zorki.nets.vgg import Normalise

WIDTHS = (64, 128, 256, 512)  # channels of the 3x3 convolutions in each stage
BLOCKS = {18: (2, 2, 2, 2), 50: (3, 4, 6, 3)}  # in each stage
EXPANSION = 4  # a bottleneck gives this many times its width


def conv(before: int, after: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """Padded to keep the size, without a bias, since batch norm follows."""
    return nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2, bias=False)


def shortcut(before: int, after: int, stride: int) -> nn.Sequential | None:
    """What brings the input to the shape of the output; None where it has it."""
    if before == after and stride == 1:
        return None
    return nn.Sequential(conv(before, after, 1, stride), nn.BatchNorm2d(after))


class Basic(nn.Module):
    """Two 3x3 convolutions; the input is added before the last activation."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(before, width, 3, stride), nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv(width, width, 3), nn.BatchNorm2d(width)
        self.downsample = shortcut(before, width, stride)
        self.relu2 = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        out: torch.Tensor = self.relu2(y + (x if self.downsample is None else self.downsample(x)))
        return out


class Bottleneck(nn.Module):
    """1x1 to fewer channels, 3x3, 1x1 to more; the input is added before the last activation."""

    def __init__(self, before: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(before, width, 1), nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv2, self.bn2 = conv(width, width, 3, stride), nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv3, self.bn3 = conv(width, width * EXPANSION, 1), nn.BatchNorm2d(width * EXPANSION)
        self.downsample = shortcut(before, width * EXPANSION, stride)
        self.relu3 = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        out: torch.Tensor = self.relu3(y + (x if self.downsample is None else self.downsample(x)))
        return out


class ResNet(nn.Module):
    """Takes pictures (b, 3, h, w) in sRGB 0..1 of any size and gives logits (b, classes); the normalisation is inside."""

    def __init__(self, depth: Literal[18, 50] = 18, classes: int = 1000) -> None:
        super().__init__()
        block, wider = (Bottleneck, EXPANSION) if depth == 50 else (Basic, 1)
        self.normalise = Normalise(IMAGENET_MEAN, IMAGENET_STD)
        self.conv1, self.bn1 = conv(3, 64, 7, stride=2), nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        before = 64
        for i, (width, count) in enumerate(zip(WIDTHS, BLOCKS[depth], strict=True), 1):
            stage = nn.Sequential()
            for j in range(count):
                stage.append(block(before, width, 2 if i > 1 and j == 0 else 1))
                before = width * wider
            self.add_module(f"layer{i}", stage)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, layer in self.named_children():
            if name != "fc":
                x = layer(x)
        logits: torch.Tensor = self.fc(x.flatten(1))
        return logits
