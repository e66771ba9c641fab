"""ResNet without its classifier, batch norm and all.

Source: He, Zhang, Ren, Sun 2015; `zorki/nets/resnet.py`.
"""

from __future__ import annotations

from zorki.nets.alexnet import IMAGENET_MEAN, IMAGENET_STD
from zorki.nets.encoders import Encoder
from zorki.nets.resnet import EXPANSION, WIDTHS, ResNet, conv

NAMES = ("resnet18", "resnet50")
TAPS = ("relu", "layer1", "layer2", "layer3", "layer4")


def encoder(name: str, channels: int = 3) -> Encoder:
    """Maps at a half, a quarter, an eighth, a sixteenth and a thirty-second."""
    net = ResNet(50 if name == "resnet50" else 18, classes=1)
    if channels != 3:
        net.conv1 = conv(channels, 64, 7, stride=2)
    layers = [(n, m) for n, m in net.named_children() if n not in ("normalise", "avgpool", "fc")]
    wide = [64, *(n * (EXPANSION if name == "resnet50" else 1) for n in WIDTHS)]
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else ((0.45,), (0.225,))
    return Encoder(layers, TAPS, wide, (2, 4, 8, 16, 32), mean, std, name)
