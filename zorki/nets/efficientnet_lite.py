"""EfficientNet-Lite: inverted residuals without squeeze-excitation, ReLU6 throughout.

Source: Tan and Le 2019 (EfficientNet); the Lite variants as published by Google in 2020.
Differs: batch norm is folded into the convolutions (`fold`), so each layer is one convolution with a bias.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F

BLOCKS = (  # repeats, kernel, stride of the first, expansion, channels out: the b0 table
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
SCALES = {"lite0": (1.0, 1.0, 224), "lite2": (1.1, 1.2, 260)}  # width, depth, side of the input
NORM_EPS = 1e-3
EVEN = ("AVX2", "AVX512")  # processors on which it is measured that kernels of even sides are as quick as odd ones


def rounded(channels: float, divisor: int = 8) -> int:
    """The nearest multiple of `divisor`, never more than a tenth below `channels`."""
    near = max(divisor, int(channels + divisor / 2) // divisor * divisor)
    return near + divisor if near < 0.9 * channels else near


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's "SAME" does: the smaller half first, left and top."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.groups > 1 and torch.is_autocast_enabled("cpu") and torch.is_grad_enabled() and x.device.type == "cpu":
            # oneDNN takes two to seven times as long for gradients of a depthwise convolution in bfloat16 as in float32
            with torch.autocast("cpu", enabled=False):
                return self.padded(x.float()).to(x.dtype)
        return self.padded(x)

    def padded(self, x: torch.Tensor) -> torch.Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        if stride == 1:
            return F.conv2d(x, self.weight, self.bias, padding=kernel // 2, groups=self.groups)
        if plain(x, self.weight):
            wider = F.pad(self.weight, (1, 0, 1, 0))
            return F.conv2d(x, wider, self.bias, stride=stride, padding=kernel // 2, groups=self.groups)
        pads = []
        for side in (x.shape[-1], x.shape[-2]):
            total = max((-(-side // stride) - 1) * stride + kernel - side, 0)  # whole numbers, for torch.export
            pads += [total // 2, total - total // 2]
        return F.conv2d(F.pad(x, pads), self.weight, self.bias, stride=stride, groups=self.groups)


def plain(x: torch.Tensor, weight: torch.Tensor) -> bool:
    """Whether halving x is nothing but computed, in float32 on an ordinary processor, and no side of it is odd.

    Then one row and one column of zeros before the kernel make its padding the same on all sides, which costs some multiplications and saves a copy of
    the largest maps: about a tenth of the time of all. In bfloat16 nothing is gained; where it learns, is exported or watched it is what it says it is.
    """
    learns = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad)
    watched = torch.compiler.is_compiling() or torch._C._is_torch_function_mode_enabled() or torch._C._len_torch_dispatch_stack()
    if learns or watched or x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
        return False
    return torch.backends.cpu.get_cpu_capability() in EVEN and x.shape[-1] % 2 == x.shape[-2] % 2 == 0


class Block(nn.Module):
    """Expand, filter each channel alone, project; the input is added where the shapes allow."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = before * expansion
        self.expand = SameConv(before, wide, 1) if expansion > 1 else None
        self.expand_relu = nn.ReLU6(inplace=True)
        self.depthwise = SameConv(wide, wide, kernel, stride=stride, groups=wide)
        self.depthwise_relu = nn.ReLU6(inplace=True)
        self.project = SameConv(wide, after, 1)
        self.adds = stride == 1 and before == after

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = x if self.expand is None else self.expand_relu(self.expand(x))
        y = self.project(self.depthwise_relu(self.depthwise(y)))
        return x + y if self.adds else y


class EfficientNetLite(nn.Module):
    """A classifier of 1,000 classes.

    Takes pictures (b, 3, h, w) in sRGB 0..1 and gives logits (b, 1000); the normalisation is inside.
    """

    def __init__(self, scale: str = "lite0", classes: int = 1000) -> None:
        super().__init__()
        width, depth, self.side = SCALES[scale]
        self.stem = SameConv(3, 32, 3, stride=2)
        self.stem_relu = nn.ReLU6(inplace=True)
        before = 32
        self.depth = 0
        for i, (repeats, kernel, stride, expansion, after) in enumerate(BLOCKS):
            # The first and the last stage are not repeated: the Lite variants keep head and stem slim.
            count = repeats if i in (0, len(BLOCKS) - 1) else math.ceil(repeats * depth)
            for j in range(count):
                block = Block(before, rounded(after * width), kernel, stride if j == 0 else 1, expansion)
                self.add_module(f"block{self.depth}", block)
                before = rounded(after * width)
                self.depth += 1
        self.head = SameConv(before, 1280, 1)
        self.head_relu = nn.ReLU6(inplace=True)
        self.fc = nn.Linear(1280, classes)

    def features(self, x: torch.Tensor) -> torch.Tensor:
        """(b, 1280): the last maps' means, what a linear probe reads."""
        y = self.stem_relu(self.stem((x * 255 - 127) / 128))
        for i in range(self.depth):
            y = getattr(self, f"block{i}")(y)
        maps: torch.Tensor = self.head_relu(self.head(y))
        return maps.mean((2, 3))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.fc(self.features(x))
        return logits


def fold(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The published state dict (`_blocks.0._bn1.running_var` …) with batch norm folded, under our names."""
    out: dict[str, torch.Tensor] = {}

    def conv(ours: str, theirs: str, norm: str) -> None:
        scale = state[f"{norm}.weight"] / torch.sqrt(state[f"{norm}.running_var"] + NORM_EPS)
        out[f"{ours}.weight"] = state[f"{theirs}.weight"] * scale.view(-1, 1, 1, 1)
        out[f"{ours}.bias"] = state[f"{norm}.bias"] - state[f"{norm}.running_mean"] * scale

    conv("stem", "_conv_stem", "_bn0")
    conv("head", "_conv_head", "_bn1")
    out["fc.weight"], out["fc.bias"] = state["_fc.weight"], state["_fc.bias"]
    for i in sorted({int(k.split(".")[1]) for k in state if k.startswith("_blocks.")}):
        block = f"_blocks.{i}"
        if f"{block}._expand_conv.weight" in state:
            conv(f"block{i}.expand", f"{block}._expand_conv", f"{block}._bn0")
        conv(f"block{i}.depthwise", f"{block}._depthwise_conv", f"{block}._bn1")
        conv(f"block{i}.project", f"{block}._project_conv", f"{block}._bn2")
    return out
