"""The nets whose figures are known, with random weights."""

from __future__ import annotations

import torch
from torch import nn


def conv(before: int, after: int, kernel: int, stride: int = 1, padding: int = 0) -> nn.Conv2d:
    return nn.Conv2d(before, after, kernel, stride, padding)


def alexnet() -> nn.Module:
    """As torchvision's: 11/4 pad 2, pools 3/2."""
    net = nn.Sequential()
    for name, layer in {
        "conv1": conv(3, 64, 11, 4, 2), "relu1": nn.ReLU(True), "pool1": nn.MaxPool2d(3, 2),
        "conv2": conv(64, 192, 5, 1, 2), "relu2": nn.ReLU(True), "pool2": nn.MaxPool2d(3, 2),
        "conv3": conv(192, 384, 3, 1, 1), "relu3": nn.ReLU(True), "conv4": conv(384, 256, 3, 1, 1), "relu4": nn.ReLU(True),
        "conv5": conv(256, 256, 3, 1, 1),
    }.items():  # fmt: skip
        net.add_module(name, layer)
    return net


def zf() -> nn.Module:
    """Zeiler and Fergus 2013: 7/2 and 5/2 with pools 3/2 of padding 1."""
    net = nn.Sequential()
    for name, layer in {
        "conv1": conv(3, 96, 7, 2, 1), "pool1": nn.MaxPool2d(3, 2, 1), "conv2": conv(96, 256, 5, 2),
        "pool2": nn.MaxPool2d(3, 2, 1), "conv3": conv(256, 384, 3, 1, 1), "conv4": conv(384, 384, 3, 1, 1),
        "conv5": conv(384, 256, 3, 1, 1),
    }.items():  # fmt: skip
        net.add_module(name, layer)
    return net


class Vgg16(nn.Module):
    """Simonyan and Zisserman's D, with its three linear layers."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential()
        before = 3
        for b, (width, count) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
            for c in range(1, count + 1):
                self.features.add_module(f"conv{b}_{c}", conv(before, width, 3, 1, 1))
                self.features.add_module(f"relu{b}_{c}", nn.ReLU(inplace=True))
                before = width
            self.features.add_module(f"pool{b}", nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(25088, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.classifier(nn.functional.adaptive_avg_pool2d(self.features(x), 7).flatten(1))


class Block(nn.Module):
    """A residual block; wide 1: two 3x3 convolutions, 4: a bottleneck with the stride in the 3x3 or in the first 1x1."""

    def __init__(self, before: int, width: int, stride: int, wide: int, early: bool) -> None:
        super().__init__()
        after = width * wide
        self.relu = nn.ReLU(inplace=True)
        if wide == 1:
            sizes = [(before, width, 3, stride, 1), (width, width, 3, 1, 1)]
        else:
            sizes = [(before, width, 1, stride if early else 1, 0), (width, width, 3, 1 if early else stride, 1), (width, after, 1, 1, 0)]
        self.convs = nn.ModuleList(nn.Conv2d(*size, bias=False) for size in sizes)
        self.bns = nn.ModuleList(nn.BatchNorm2d(size[1]) for size in sizes)
        self.downsample = None
        if stride > 1 or before != after:
            self.downsample = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = x
        for i, (c, bn) in enumerate(zip(self.convs, self.bns, strict=True)):
            y = bn(c(y))
            if i < len(self.convs) - 1:
                y = self.relu(y)
        y += x if self.downsample is None else self.downsample(x)
        return self.relu(y)


class ResNet(nn.Module):
    """He et al. 2015. early: the stride in the bottleneck's first convolution, as in the paper; else as torchvision."""

    def __init__(self, depths: tuple[int, ...], wide: int, early: bool = False, classes: int = 1000) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.relu, self.maxpool = nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)
        before = 64
        for n, (depth, width) in enumerate(zip(depths, (64, 128, 256, 512), strict=True), 1):
            blocks = []
            for b in range(depth):
                blocks.append(Block(before, width, 2 if n > 1 and b == 0 else 1, wide, early))
                before = width * wide
            self.add_module(f"layer{n}", nn.Sequential(*blocks))
        self.avgpool, self.fc = nn.AdaptiveAvgPool2d(1), nn.Linear(before, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for layer in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = layer(x)
        return self.fc(self.avgpool(x).flatten(1))
