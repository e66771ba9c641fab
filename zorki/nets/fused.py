"""A convolution and the ReLU behind it in one pass over the maps.

On a processor a small net spends more time on carrying maps to and from memory than on multiplying: a ReLU of its own reads and
writes all of them once more. Where nobody looks in between, oneDNN does both at once; the result is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

POSSIBLE = bool(torch.backends.mkldnn.is_available()) and hasattr(torch.ops.mkldnn, "_convolution_pointwise")  # type: ignore[no-untyped-call]


def in_turn(layers: Sequence[nn.Module], x: torch.Tensor) -> torch.Tensor:
    """The layers one after another, as nn.Sequential runs them, each convolution with the ReLU behind it."""
    k = 0
    while k < len(layers):
        behind = layers[k + 1] if k + 1 < len(layers) else None
        layer = layers[k]
        if isinstance(layer, nn.Conv2d) and isinstance(behind, nn.ReLU):
            x, k = conv_relu(layer, behind, x), k + 2
        else:
            x, k = layer(x), k + 1
    return x


def conv_relu(conv: nn.Conv2d, relu: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """relu(conv(x)) for x (b, c, h, w), in one pass when the weights are frozen and no hook or mode watches either of the two."""
    if not (POSSIBLE and x.device.type == "cpu" and unwatched(conv, relu)):
        return relu(conv(x))  # type: ignore[no-any-return]
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    if dtype not in (torch.float32, torch.bfloat16) or (torch.is_grad_enabled() and conv.weight.requires_grad):
        return relu(conv(x))  # type: ignore[no-any-return]
    padding: Any = conv.padding
    if conv.padding_mode != "zeros":
        x, padding = F.pad(x, conv._reversed_padding_repeated_twice, conv.padding_mode), (0, 0)
    bias = None if conv.bias is None else conv.bias.to(dtype)
    made: torch.Tensor = ConvRelu.apply(  # type: ignore[no-untyped-call]
        x.to(dtype), conv.weight.to(dtype), bias, list(padding), list(conv.stride), list(conv.dilation), conv.groups
    )
    return made


def unwatched(conv: nn.Module, relu: nn.Module) -> bool:
    """Whether nothing is told of what these two do."""
    if type(conv) is not nn.Conv2d or type(relu) is not nn.ReLU or isinstance(conv.padding, str):
        return False
    if torch._C._is_torch_function_mode_enabled():  # another backward rule may be on
        return False
    return not (watched(conv) or watched(relu))


def watched(module: nn.Module) -> bool:
    """Whether a hook is told when this module runs."""
    return any((module._forward_hooks, module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks))


class ConvRelu(torch.autograd.Function):
    """What came out tells where the gradient passes; frozen weights get none."""

    @staticmethod
    def forward(
        ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: list[int], stride: list[int], dilation: list[int], groups: int
    ) -> torch.Tensor:  # fmt: skip
        out: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, padding, stride, dilation, groups, "relu", [], "")
        ctx.save_for_backward(x, out, weight)
        ctx.how = (padding, stride, dilation, groups)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> Any:
        x, out, weight = ctx.saved_tensors
        padding, stride, dilation, groups = ctx.how
        through = torch.ops.aten.threshold_backward(back[0], out, 0)
        given = torch.ops.aten.convolution_backward(
            through, x, weight, None, stride, padding, dilation, False, [0, 0], groups, [True, False, False]
        )
        return given[0], *(None,) * 6
