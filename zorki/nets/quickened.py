"""A net that has learnt, as it answers fastest on a processor: norms folded, sums and ReLUs done by the convolutions before them, maps with their channels last.

Source: Jacob et al. 2018 (a batch norm that has learnt is part of its convolution); oneDNN's post-ops.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from zorki.nets.folding import folded
from zorki.nets.fused import POSSIBLE

STEM = [nn.Conv2d, nn.BatchNorm2d, nn.ReLU]


class Once(nn.Module):
    """relu(conv(x)) or, with `added`, relu(conv(x) + added), in one pass over the maps where oneDNN can; with norms of their own for several levels, that of `which`."""

    def __init__(self, conv: nn.Conv2d, norms: Sequence[nn.BatchNorm2d]) -> None:
        super().__init__()
        self.convs = nn.ModuleList(fuse_conv_bn_eval(conv, norm) for norm in norms)

    def forward(self, x: torch.Tensor, added: torch.Tensor | None = None, which: int = 0) -> torch.Tensor:
        conv: Any = self.convs[which]
        if not (POSSIBLE and x.device.type == "cpu" and x.dtype == conv.weight.dtype == torch.float32) or torch.is_autocast_enabled("cpu"):
            y = conv(x)
            return F.relu(y if added is None else y + added, inplace=True)
        how: tuple[Any, ...] = (conv.weight, conv.bias, list(conv.padding), list(conv.stride), list(conv.dilation), conv.groups)
        if added is None:
            return torch.ops.mkldnn._convolution_pointwise(x, *how, "relu", [], "")  # type: ignore[no-any-return]
        weight, *rest = how
        return torch.ops.mkldnn._convolution_pointwise.binary(x, added, weight, *rest, "add", 1.0, "relu", [], "")  # type: ignore[no-any-return]


class Separated(nn.Module):
    """A layer that filters each channel alone and then mixes all, in two passes. adds: whether what came in is added."""

    def __init__(self, alone: nn.Conv2d, mixed: nn.Conv2d, norms: Sequence[nn.BatchNorm2d], adds: bool = False) -> None:
        super().__init__()
        self.alone, self.once, self.adds = alone, Once(mixed, norms), adds

    def forward(self, x: torch.Tensor, which: int = 0) -> torch.Tensor:
        y: torch.Tensor = self.once(self.alone(x), x if self.adds else None, which)
        return y


def quickened(net: nn.Module) -> nn.Module:
    """A copy in eval mode whose parameters want no gradient; its answers are the same but for rounding. Layers that say `quick()` are what that gives."""
    out = copy.deepcopy(net).eval().requires_grad_(False)
    for parent in list(out.modules()):
        layers: list[tuple[str, Any]] = list(parent.named_children())
        for name, layer in layers:
            if hasattr(layer, "quick"):
                setattr(parent, name, layer.quick())
            elif isinstance(layer, nn.Sequential) and [type(part) for part in layer] == STEM:
                setattr(parent, name, Once(layer[0], [layer[1]]))  # type: ignore[arg-type, list-item]
    return folded(out).to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
