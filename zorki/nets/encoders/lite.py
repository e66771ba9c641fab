"""EfficientNet-Lite without its classifier: what knows a thousand things of ImageNet already.

Source: Tan and Le 2019; `zorki/nets/efficientnet_lite.py`.
"""

from __future__ import annotations

from torch import nn

from zorki.nets.efficientnet_lite import Block, EfficientNetLite, SameConv
from zorki.nets.encoders import Encoder

NAMES = ("lite0", "lite2")


def encoder(name: str, channels: int = 3) -> Encoder:
    """Maps at a half, a quarter, an eighth, a sixteenth and a thirty-second."""
    net = EfficientNetLite(name)
    if channels != 3:
        net.stem = SameConv(channels, net.stem.out_channels, 3, stride=2)
    layers = [(n, m) for n, m in net.named_children() if n not in ("head", "head_relu", "fc")]
    taps, wide, strides = before_halving(layers)
    return Encoder(layers, taps, wide, strides, mean=(127 / 255,), spread=(128 / 255,), name=name)


def before_halving(layers: list[tuple[str, nn.Module]]) -> tuple[list[str], list[int], list[int]]:
    """The last block at each size, with its channels and its stride."""
    taps, wide, strides, stride = list[str](), list[int](), list[int](), 2
    for name, block in layers:
        if not isinstance(block, Block):
            continue
        if block.depthwise.stride[0] == 2:
            stride *= 2
        if strides and strides[-1] == stride:
            taps[-1], wide[-1] = name, block.project.out_channels
        else:
            taps, wide, strides = [*taps, name], [*wide, block.project.out_channels], [*strides, stride]
    return taps, wide, strides
