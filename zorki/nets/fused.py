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
    """relu(conv(x)) for x (b, c, h, w), in one pass when the weights are frozen and no hook or mode watches either of the two.

    Hooks behind the ReLU that are marked `reads_output` want nothing but what comes out, and are told of that.
    """
    if not (POSSIBLE and x.device.type == "cpu" and unwatched(conv, relu)):
        return relu(conv(x))  # type: ignore[no-any-return]
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    if dtype not in (torch.float32, torch.bfloat16) or (torch.is_grad_enabled() and conv.weight.requires_grad):
        return relu(conv(x))  # type: ignore[no-any-return]
    padding: Any = conv.padding
    if conv.padding_mode != "zeros":
        sides = conv._reversed_padding_repeated_twice
        repeated = conv.padding_mode == "replicate" and list(sides) == [1, 1, 1, 1] and min(x.shape[-2:]) > 1
        x = Repeated.apply(x) if repeated else F.pad(x, sides, conv.padding_mode)  # type: ignore[no-untyped-call]
        padding = (0, 0)
    bias = None if conv.bias is None else conv.bias.to(dtype)
    made: torch.Tensor = ConvRelu.apply(  # type: ignore[no-untyped-call]
        x.to(dtype), conv.weight.to(dtype), bias, list(padding), list(conv.stride), list(conv.dilation), conv.groups
    )
    for hook in relu._forward_hooks.values():
        told = hook(relu, (), made)
        made = made if told is None else told
    return made


def unwatched(conv: nn.Module, relu: nn.Module) -> bool:
    """Whether nothing is told of what these two do."""
    if type(conv) is not nn.Conv2d or type(relu) is not nn.ReLU or isinstance(conv.padding, str):
        return False
    if torch._C._is_torch_function_mode_enabled():  # another backward rule may be on
        return False
    return not (watched(conv) or watched(relu, but="reads_output"))


def watched(module: nn.Module, but: str = "") -> bool:
    """Whether a hook is told when this module runs; `but`: those behind it that are marked so do not count."""
    behind = any(not (but and getattr(hook, but, False)) for hook in module._forward_hooks.values())
    return behind or any((module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks))


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


class Repeated(torch.autograd.Function):
    """Maps (b, c, h, w) with their outermost pixels repeated once on all sides, in the layout that they have; torch's own turns it round."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        b, c, h, w = x.shape
        out = torch.empty(b, c, h + 2, w + 2, dtype=x.dtype, device=x.device, memory_format=torch.channels_last)
        out[..., 1:-1, 1:-1] = x
        out[..., 0, 1:-1], out[..., -1, 1:-1] = x[..., 0, :], x[..., -1, :]
        out[..., 0], out[..., -1] = out[..., 1], out[..., -2]
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        g = back[0]
        out = g[..., 1:-1, 1:-1].clone(memory_format=torch.channels_last)
        out[..., 0, :] += g[..., 0, 1:-1]
        out[..., -1, :] += g[..., -1, 1:-1]
        for inside, outside in ((0, 0), (-1, -1)):
            column = g[..., outside]
            out[..., inside] += column[..., 1:-1]
            out[..., 0, inside] += column[..., 0]
            out[..., -1, inside] += column[..., -1]
        return out
