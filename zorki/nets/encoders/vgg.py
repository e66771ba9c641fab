"""3×3 convolutions with a pool between blocks: from nothing (`plain`, with batch norm), or as the classifier `eye` has them.

Source: Simonyan and Zisserman 2014; `zorki/nets/vgg.py`.
"""

from __future__ import annotations

from torch import nn

from zorki.nets.encoders import Encoder
from zorki.nets.vgg import MEAN, STD, Vgg

NAMES = ("plain", "eye")
WIDTHS = {"plain": (32, 64, 128, 192, 256), "eye": (32, 64, 128, 256, 384)}


def encoder(name: str, channels: int = 3) -> Encoder:
    """Maps at full size, a half, a quarter, an eighth and a sixteenth: what each block gives before its pool."""
    widths = WIDTHS[name]
    net = Vgg(widths, (2,) * len(widths), 1, norm=name == "plain")
    if channels != 3:
        first = net.conv1_1
        assert isinstance(first, nn.Conv2d)
        net.conv1_1 = nn.Conv2d(channels, first.out_channels, 3, padding=1, bias=first.bias is not None)
    layers = [(n, m) for n, m in net.named_children() if n not in ("normalise", "fc")]
    taps = [f"relu{b}_2" for b in range(1, len(widths) + 1)]
    colours = channels == 3
    return Encoder(
        layers, taps, widths, [2**b for b in range(len(widths))], MEAN if colours else (0.45,), STD if colours else (0.28,), name
    )  # fmt: skip
