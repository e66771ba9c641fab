"""The encoders of the papers: of U-Net as in 2015 and with batch norm (also with half the deepest channels), of SegNet and of FCN.

Source: Ronneberger, Fischer, Brox 2015; Badrinarayanan, Kendall, Cipolla 2017; Long, Shelhamer, Darrell 2015; the latter two are VGG-16's convolutions.
Differs: U-Net's convolutions are padded; the first of FCN not by 100 pixels, as a segmenter takes any size.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import nn

from zorki.nets.encoders import Encoder


class Plan(NamedTuple):
    """widths, convs: channels and 3×3 convolutions of each block. pools: how many blocks a pool follows. behind: maps are those behind a pool."""

    widths: tuple[int, ...]
    convs: tuple[int, ...] = (2, 2, 2, 2, 2)
    norm: bool = True
    bias: bool = False
    pools: int = 4
    behind: bool = False


VGG16 = ((64, 128, 256, 512, 512), (2, 2, 3, 3, 3))
PLANS = {
    "unet": Plan((64, 128, 256, 512, 1024)),
    "unet512": Plan((64, 128, 256, 512, 512)),
    "unet2015": Plan((64, 128, 256, 512, 1024), norm=False, bias=True),
    "segnet": Plan(*VGG16, bias=True, pools=5),
    "fcn": Plan(*VGG16, norm=False, bias=True, pools=5, behind=True),
}
NAMES = tuple(PLANS)


def encoder(name: str, channels: int = 3) -> Encoder:
    """What each block gives before its pool, and what the last pool gives where one follows; of `fcn` what each pool gives."""
    plan = PLANS[name]
    layers, before, taps = list[tuple[str, nn.Module]](), channels, list[str]()
    for b, (wide, count) in enumerate(zip(plan.widths, plan.convs, strict=True), 1):
        for c in range(1, count + 1):
            layers.append((f"conv{b}_{c}", nn.Conv2d(before, wide, 3, padding=1, bias=plan.bias)))
            if plan.norm:
                layers.append((f"norm{b}_{c}", nn.BatchNorm2d(wide)))
            layers.append((f"relu{b}_{c}", nn.ReLU(inplace=True)))
            before = wide
        if not plan.behind:
            taps.append(layers[-1][0])
        if b <= plan.pools:
            layers.append((f"pool{b}", nn.MaxPool2d(2)))
            if plan.behind or b == len(plan.widths):
                taps.append(f"pool{b}")
    channels_of = [*plan.widths, *plan.widths[-1:]][: len(taps)]
    for _, layer in layers:
        if isinstance(layer, nn.Conv2d) and not plan.norm:  # else nothing comes through so many
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return Encoder(layers, taps, channels_of, [2 ** (k + plan.behind) for k in range(len(taps))], name=name)
