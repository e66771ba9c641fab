"""SqueezeNet: maps are squeezed to a few channels before each 3x3 convolution, so that the whole net takes 5 MB.

Source: Iandola, Han, Moskewicz, Ashraf, Dally and Keutzer 2016, table 1; version 1.1 as its authors published it later.
Differs: parameters bear the names of torchvision's official weight files.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from zorki.nets.alexnet import IMAGENET_MEAN, IMAGENET_STD
from zorki.nets.vgg import Normalise

STEMS = {"1_0": (96, 7), "1_1": (64, 3)}  # channels and kernel of the first convolution
FIRES = {  # (squeezed, half of what is given) of each module, where a pool stands between the groups
    "1_0": (((16, 64), (16, 64), (32, 128)), ((32, 128), (48, 192), (48, 192), (64, 256)), ((64, 256),)),
    "1_1": (((16, 64), (16, 64)), ((32, 128), (32, 128)), ((48, 192), (48, 192), (64, 256), (64, 256))),
}


class Fire(nn.Module):
    """1x1 to few channels; then 1x1 and 3x3 side by side, joined along the channels."""

    def __init__(self, before: int, squeezed: int, half: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(before, squeezed, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeezed, half, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeezed, half, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """Takes pictures (b, 3, h, w) in sRGB 0..1, from 21 pixels a side (version 1.1: 17), and gives logits (b, classes); the normalisation is inside.

    The last convolution gives a map for each class, whose mean is the logit; its activation lets no logit be negative.
    """

    def __init__(self, version: Literal["1_0", "1_1"] = "1_1", classes: int = 1000) -> None:
        super().__init__()
        self.normalise = Normalise(IMAGENET_MEAN, IMAGENET_STD)
        before, kernel = STEMS[version]
        self.features = nn.Sequential(nn.Conv2d(3, before, kernel, stride=2), nn.ReLU(inplace=True))
        for group in FIRES[version]:
            self.features.append(nn.MaxPool2d(3, stride=2, ceil_mode=True))
            for squeezed, half in group:
                self.features.append(Fire(before, squeezed, half))
                before = 2 * half
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(before, classes, 1), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(self.normalise(x))).flatten(1)
        return logits
