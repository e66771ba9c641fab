"""VGG-16 and VGG-19: 3x3 convolutions in five blocks and three wide linear layers, the nets that styles are read from.

Source: Simonyan and Zisserman 2014, table 1, columns D and E.
Differs: parameters bear the names of torchvision's official weight files; the last maps are averaged to 7x7, so that pictures
of any size will do; average pooling on request (Gatys, Ecker and Bethge 2015).
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import nn

from zorki.nets.alexnet import IMAGENET_MEAN, IMAGENET_STD
from zorki.nets.fused import in_turn, watched
from zorki.nets.vgg import Normalise

WIDTHS = (64, 128, 256, 512, 512)  # channels of each block
CONVS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # convolutions in each block


class DeepVgg(nn.Module):
    """Takes pictures (b, 3, h, w) in sRGB 0..1, from 32 pixels a side, and gives logits (b, classes); the normalisation is inside.

    aliases: the paper's names of layers (`conv1_1`, `relu1_1`, `pool1` … `fc8`) → paths of modules.
    """

    def __init__(self, depth: Literal[16, 19] = 19, classes: int = 1000, *, pooling: Literal["max", "average"] = "max") -> None:
        super().__init__()
        self.aliases: dict[str, str] = {}
        layers: list[nn.Module] = []

        def add(name: str, layer: nn.Module) -> None:
            self.aliases[name] = f"features.{len(layers)}"
            layers.append(layer)

        before = 3
        for b, (width, count) in enumerate(zip(WIDTHS, CONVS[depth], strict=True), 1):
            for c in range(1, count + 1):
                add(f"conv{b}_{c}", nn.Conv2d(before, width, 3, padding=1))
                add(f"relu{b}_{c}", nn.ReLU(inplace=True))
                before = width
            add(f"pool{b}", nn.MaxPool2d(2) if pooling == "max" else nn.AvgPool2d(2))
        self.normalise = Normalise(IMAGENET_MEAN, IMAGENET_STD)
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(7)
        self.classifier = nn.Sequential(
            *(nn.Linear(before * 7 * 7, 4096), nn.ReLU(inplace=True), nn.Dropout()),
            *(nn.Linear(4096, 4096), nn.ReLU(inplace=True), nn.Dropout()),
            nn.Linear(4096, classes),
        )
        places = {"fc6": 0, "relu6": 1, "fc7": 3, "relu7": 4, "fc8": 6}
        self.aliases |= {name: f"classifier.{i}" for name, i in places.items()}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.normalise(x)
        maps = self.avgpool(self.features(x) if watched(self.features) else in_turn(list(self.features), x))
        logits: torch.Tensor = self.classifier(maps.flatten(1))
        return logits
