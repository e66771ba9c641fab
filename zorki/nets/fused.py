"""A convolution and the ReLU behind it in one pass over the maps.

On a processor a small net spends more time on carrying maps to and from memory than on multiplying: a ReLU of its own reads and
writes all of them once more. Where nobody looks in between, oneDNN does both at once; the result is the same to the bit. Where a
drawing in float32 is bound by multiplying instead, there are fewer multiplications (`winograd`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F

from zorki.core import processor
from zorki.core.rough import rough
from zorki.nets import pooling, winograd

POSSIBLE = bool(torch.backends.mkldnn.is_available()) and hasattr(torch.ops.mkldnn, "_convolution_pointwise")  # type: ignore[no-untyped-call]


def in_turn(layers: Sequence[nn.Module], x: torch.Tensor) -> torch.Tensor:
    """The layers one after another, as nn.Sequential runs them, each convolution with the ReLU behind it."""
    k = 0
    while k < len(layers):
        behind = layers[k + 1] if k + 1 < len(layers) else None
        layer = layers[k]
        if isinstance(layer, nn.Conv2d) and isinstance(behind, nn.ReLU):
            x, k = conv_relu(layer, behind, x), k + 2
        elif k and isinstance(layers[k - 1], nn.ReLU):
            x, k = behind_relu(layer, x), k + 1
        else:
            x, k = layer(x), k + 1
    return x


def behind_relu(layer: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """layer(x); a pooling quickly, where maps lie as `winograd` wants them and nobody watches."""
    if fewer(x) and x.is_contiguous() and pooling.fits(layer, x) and unwatched(layer):
        return told(layer, pooling.halved(layer, x))
    return layer(x)  # type: ignore[no-any-return]


def fewer(x: torch.Tensor) -> bool:
    """Whether fewer multiplications count more than the last digits of what becomes of x."""
    return rough() and x.device.type == "cpu" and x.dtype == torch.float32 and not torch.is_autocast_enabled("cpu") and winograd.possible()


def conv_relu(conv: nn.Conv2d, relu: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """relu(conv(x)) for x (b, c, h, w), in one pass when the weights are frozen and no hook or mode watches either of the two.

    Hooks that are marked `reads_output` want nothing but what comes out, and are told of that.
    """
    if not (POSSIBLE and x.device.type == "cpu" and plain(conv, relu)):
        return relu(conv(x))  # type: ignore[no-any-return]
    dtype = torch.get_autocast_dtype("cpu") if torch.is_autocast_enabled("cpu") else x.dtype
    if not computed(dtype) or (torch.is_grad_enabled() and conv.weight.requires_grad):
        return relu(conv(x))  # type: ignore[no-any-return]
    quick = fewer(x)
    counted = quick and winograd.fits(conv, x)
    between = watched(conv)
    if between and not counted:
        return relu(conv(x))  # type: ignore[no-any-return]
    weight = conv.weight.to(dtype)
    if quick:  # each way has a layout of its own
        x, weight = (x.contiguous(), weight.contiguous()) if counted else (x.contiguous(memory_format=torch.channels_last), weight)
    padding: Any = conv.padding
    if conv.padding_mode != "zeros":
        sides = conv._reversed_padding_repeated_twice
        repeated = conv.padding_mode == "replicate" and list(sides) == [1, 1, 1, 1] and min(x.shape[-2:]) > 1
        x = Repeated.apply(x) if repeated else F.pad(x, sides, conv.padding_mode)  # type: ignore[no-untyped-call]
        padding = (0, 0)
    bias = None if conv.bias is None else conv.bias.to(dtype)
    how = How(list(padding), list(conv.stride), list(conv.dilation), conv.groups, counted, relu=not between)
    made: torch.Tensor = ConvRelu.apply(x.to(dtype), weight, bias, how)  # type: ignore[no-untyped-call]
    if between:
        return relu(told(conv, made))  # type: ignore[no-any-return]
    return told(relu, made)


def computed(dtype: torch.dtype) -> bool:
    """Whether oneDNN computes it here; of bfloat16 that the processor lacks torch's own convolutions take care."""
    return dtype == torch.float32 or (dtype == torch.bfloat16 and processor.bfloat16())


def told(module: nn.Module, made: torch.Tensor) -> torch.Tensor:
    """What goes on after the module's hooks have read its output."""
    for hook in module._forward_hooks.values():
        given = hook(module, (), made)
        made = made if given is None else given
    return made


def plain(conv: nn.Module, relu: nn.Module) -> bool:
    """Whether they are a convolution and a ReLU of the usual kind, and nothing is told of them but what comes out."""
    usual = type(conv) is nn.Conv2d and type(relu) is nn.ReLU and not isinstance(conv.padding, str)
    return usual and unwatched(conv) and unwatched(relu)


def unwatched(module: nn.Module) -> bool:
    """Whether nothing is told of it but what comes out; while another backward rule may be on, all is watched."""
    return not torch._C._is_torch_function_mode_enabled() and not watched(module, but="reads_output")


def watched(module: nn.Module, but: str = "") -> bool:
    """Whether a hook is told when this module runs; `but`: those behind it that are marked so do not count."""
    behind = any(not (but and getattr(hook, but, False)) for hook in module._forward_hooks.values())
    return behind or any((module._forward_pre_hooks, module._backward_hooks, module._backward_pre_hooks))


class How(NamedTuple):
    """fewer: by `winograd`; relu: whether what is below 0 is cut off."""

    padding: list[int]
    stride: list[int]
    dilation: list[int]
    groups: int
    fewer: bool
    relu: bool


class ConvRelu(torch.autograd.Function):
    """What came out tells where the gradient passes; frozen weights get none."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, how: How) -> torch.Tensor:
        ctx.how = how
        if how.fewer:
            made = winograd.convolved(x, weight, bias, how.padding, relu=how.relu)
            ctx.save_for_backward(weight, *([made] if how.relu else []))
            return made
        out: torch.Tensor = torch.ops.mkldnn._convolution_pointwise(x, weight, bias, *how[:4], "relu", [], "")
        ctx.save_for_backward(weight, out, x)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> Any:
        weight, *out = ctx.saved_tensors
        how: How = ctx.how
        if how.fewer:
            return winograd.back(back[0].contiguous(), out[0] if how.relu else None, weight, how.padding), None, None, None
        through = torch.ops.aten.threshold_backward(back[0], out[0], 0) if how.relu else back[0]
        given = torch.ops.aten.convolution_backward(
            through, out[1], weight, None, how.stride, how.padding, how.dilation, False, [0, 0], how.groups, [True, False, False]
        )
        return given[0], None, None, None


class Repeated(torch.autograd.Function):
    """Maps (b, c, h, w) with their outermost pixels repeated once on all sides, in the layout that they have; torch's own turns it round."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        b, c, h, w = x.shape
        out = torch.empty(b, c, h + 2, w + 2, dtype=x.dtype, device=x.device, memory_format=layout(x))
        out[..., 1:-1, 1:-1] = x
        out[..., 0, 1:-1], out[..., -1, 1:-1] = x[..., 0, :], x[..., -1, :]
        out[..., 0], out[..., -1] = out[..., 1], out[..., -2]
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        g = back[0]
        out = g[..., 1:-1, 1:-1].clone(memory_format=layout(g))
        out[..., 0, :] += g[..., 0, 1:-1]
        out[..., -1, :] += g[..., -1, 1:-1]
        for inside, outside in ((0, 0), (-1, -1)):
            column = g[..., outside]
            out[..., inside] += column[..., 1:-1]
            out[..., 0, inside] += column[..., 0]
            out[..., -1, inside] += column[..., -1]
        return out


def layout(x: torch.Tensor) -> torch.memory_format:
    """How maps (b, c, h, w) lie in memory."""
    return torch.contiguous_format if x.is_contiguous() else torch.channels_last
