"""SSDLite on MobileNetV3 at 320 pixels, restated from its papers, to be measured beside: torchvision's of that name has an mAP of 21.3 on COCO.

Source: Howard et al. 2019 (MobileNetV3-Large, table 1, its tail halved as in section 6.3); Sandler et al. 2018 (SSDLite); Liu et al. 2016 (boxes about
anchors). It has 3,440,060 numbers to learn, as torchvision's has.
Differs: it gives what Zorki's detectors give, logits (b, n, k) and boxes (b, n, 4) in pixels; its numbers are random, which does not change how long it takes.
"""

from __future__ import annotations

import math

import torch
from torch import nn

from zorki.nets.efficientnet_lite import rounded

SIDE, CLASSES = 320, 91
ANCHORS, ASPECTS, SMALLEST, LARGEST = (
    6,
    (2, 3),
    0.2,
    0.95,
)  # of each cell; the shares of the picture's side that they have from the finest map to the coarsest
BLOCKS = (  # kernel, channels within, channels out, squeezed and excited, activation, stride
    (3, 16, 16, False, nn.ReLU, 1), (3, 64, 24, False, nn.ReLU, 2), (3, 72, 24, False, nn.ReLU, 1),
    (5, 72, 40, True, nn.ReLU, 2), (5, 120, 40, True, nn.ReLU, 1), (5, 120, 40, True, nn.ReLU, 1),
    (3, 240, 80, False, nn.Hardswish, 2), (3, 200, 80, False, nn.Hardswish, 1), (3, 184, 80, False, nn.Hardswish, 1),
    (3, 184, 80, False, nn.Hardswish, 1), (3, 480, 112, True, nn.Hardswish, 1), (3, 672, 112, True, nn.Hardswish, 1),
    (5, 672, 80, True, nn.Hardswish, 2), (5, 480, 80, True, nn.Hardswish, 1), (5, 480, 80, True, nn.Hardswish, 1),
)  # fmt: skip
TAP = 12  # the block whose widened input is the finest map that is looked at
EXTRA = (512, 256, 256, 128)  # channels of the maps behind the network's own last


def conv(before: int, after: int, kernel: int, act: type[nn.Module] | None, stride: int = 1, groups: int = 1) -> list[nn.Module]:
    """With its batch norm and what is behind it."""
    layers = [nn.Conv2d(before, after, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(after, eps=1e-3)]
    return [*layers, *([] if act is None else [act(inplace=True)])]


class Squeezed(nn.Module):
    """Each channel weighed by what is in all of them."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        few = rounded(wide // 4)
        self.less, self.more = nn.Conv2d(wide, few, 1), nn.Conv2d(few, wide, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * nn.functional.hardsigmoid(self.more(nn.functional.relu(self.less(x.mean((2, 3), keepdim=True)))))


class Block(nn.Module):
    """Widened, each channel filtered alone, narrowed; the input is added where shapes allow."""

    def __init__(self, before: int, kernel: int, wide: int, after: int, squeezed: bool, act: type[nn.Module], stride: int) -> None:
        super().__init__()
        self.widened = nn.Sequential(*(conv(before, wide, 1, act) if wide != before else []))
        more = [Squeezed(wide)] if squeezed else []
        self.rest = nn.Sequential(*conv(wide, wide, kernel, act, stride, wide), *more, *conv(wide, after, 1, None))
        self.adds = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.rest(self.widened(x))
        return x + y if self.adds else y


def head(channels: int, each: int) -> nn.Sequential:
    """What one map says of each of its cells' anchors."""
    return nn.Sequential(*conv(channels, channels, 3, nn.ReLU6, groups=channels), nn.Conv2d(channels, ANCHORS * each, 1))


class SSDLite(nn.Module):
    """Takes pictures (b, 3, 320, 320) in 0..1; gives logits (b, 3234, 91) and boxes (b, 3234, 4)."""

    kind = "many"

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv(3, 16, 3, nn.Hardswish, 2))
        before, blocks = 16, list[Block]()
        for kernel, wide, after, squeezed, act, stride in BLOCKS:
            blocks.append(Block(before, kernel, wide, after, squeezed, act, stride))
            before = after
        self.blocks = nn.ModuleList(blocks)
        self.last = nn.Sequential(*conv(before, 480, 1, nn.Hardswish))
        inside = zip((480, *EXTRA), EXTRA, strict=False)
        self.extra = nn.ModuleList(
            nn.Sequential(*conv(a, b // 2, 1, nn.ReLU6), *conv(b // 2, b // 2, 3, nn.ReLU6, 2, b // 2), *conv(b // 2, b, 1, nn.ReLU6))
            for a, b in inside
        )
        wide = (BLOCKS[TAP][1], 480, *EXTRA)
        self.what, self.where = (nn.ModuleList(head(n, each) for n in wide) for each in (CLASSES, 4))
        self.register_buffer("anchors", anchors())

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, maps = self.stem((x - 0.5) / 0.5), []
        for k, block in enumerate(self.blocks):
            if k == TAP:
                maps.append(block.widened(x))
                x = block.rest(maps[-1])
            else:
                x = block(x)
        maps.append(self.last(x))
        for extra in self.extra:
            maps.append(extra(maps[-1]))
        logits, moved = (
            torch.cat([one(y).permute(0, 2, 3, 1).reshape(len(x), -1, each) for one, y in zip(heads, maps, strict=True)], 1)
            for heads, each in ((self.what, CLASSES), (self.where, 4))
        )
        size = self.anchors[:, 2:] * (moved[..., 2:] / 5).clamp_max(math.log(62.5)).exp()
        corner = self.anchors[:, :2] + self.anchors[:, 2:] * moved[..., :2] / 10 - size / 2
        return logits, torch.cat([corner, size], -1)


def anchors() -> torch.Tensor:
    """(3234, 4): middle, width and height in pixels."""
    shares = [SMALLEST + (LARGEST - SMALLEST) * k / 5 for k in range(6)] + [1.0]
    out = []
    for level, side in enumerate((20, 10, 5, 3, 2, 1)):
        one, between = shares[level], math.sqrt(shares[level] * shares[level + 1])
        sizes = [(one, one), (between, between), *((one * math.sqrt(r) ** s, one / math.sqrt(r) ** s) for r in ASPECTS for s in (1, -1))]
        out += [((x + 0.5) / side, (y + 0.5) / side, *size) for y in range(side) for x in range(side) for size in sizes]
    return SIDE * torch.tensor(out)
