"""AlexNet: five convolutions and three linear layers, the net that began it.

Source: Krizhevsky 2014, "One weird trick for parallelizing convolutional neural networks" (its one-column net), after
Krizhevsky, Sutskever and Hinton 2012.
Differs: no local response normalisation, dropout before the linear layers; parameters bear the names of torchvision's
official weight files, and the last maps are averaged to 6x6, so that pictures of any size will do.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

from zorki.nets.vgg import Normalise

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of its photographs, in sRGB 0..1


class AlexNet(nn.Module):
    """Takes pictures (b, 3, h, w) in sRGB 0..1, from 63 pixels a side, and gives logits (b, classes); the normalisation is inside.

    aliases: the paper's names of layers → paths of modules.
    """

    aliases: ClassVar[dict[str, str]] = {
        "conv1": "features.0", "relu1": "features.1", "pool1": "features.2",
        "conv2": "features.3", "relu2": "features.4", "pool2": "features.5",
        "conv3": "features.6", "relu3": "features.7", "conv4": "features.8", "relu4": "features.9",
        "conv5": "features.10", "relu5": "features.11", "pool5": "features.12",
        "fc6": "classifier.1", "relu6": "classifier.2", "fc7": "classifier.4", "relu7": "classifier.5", "fc8": "classifier.6",
    }  # fmt: skip

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.normalise = Normalise(IMAGENET_MEAN, IMAGENET_STD)
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)),
            *(nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True)),
            *(nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True)),
            *(nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2)),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(6)
        self.classifier = nn.Sequential(
            *(nn.Dropout(), nn.Linear(256 * 6 * 6, 4096), nn.ReLU(inplace=True)),
            *(nn.Dropout(), nn.Linear(4096, 4096), nn.ReLU(inplace=True)),
            nn.Linear(4096, classes),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        maps = self.avgpool(self.features(self.normalise(x)))
        logits: torch.Tensor = self.classifier(maps.flatten(1))
        return logits
