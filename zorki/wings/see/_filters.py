"""A net with everything taken out that bends: what a unit would read of the picture if all were linear.

Activations and norms are taken as the identity, max pools as the average over the same windows; convolutions, skip
connections and whatever else is linear stay. What a unit reads is then one kernel on the picture, and that is exactly what comes
back when a unit impulse is sent back from it: for a chain of convolutions the composition of their kernels.
Source: the composition is the chain rule; with the ReLUs in place its local counterpart is the gradient of Simonyan, Vedaldi
and Zisserman 2013.
"""

from __future__ import annotations

import math
from contextlib import ExitStack
from typing import Any

import torch
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.numbers import numbers
from zorki.core.seeds import uniform

ACTIVATIONS = frozenset(
    {"relu", "relu6", "hardtanh", "leaky_relu", "prelu", "rrelu", "elu", "selu", "celu", "gelu", "silu", "mish", "hardswish"}
    | {"softplus", "softsign", "tanh", "tanhshrink", "hardshrink", "softshrink", "threshold", "clamp", "clamp_min", "clip"}
)
NORMS = frozenset({"batch_norm", "layer_norm", "group_norm", "instance_norm", "local_response_norm", "rms_norm"})
POOLS = frozenset({"max_pool2d", "max_pool2d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices"})


class Straight(TorchFunctionMode):
    """Inside, whatever bends is the identity, and max pools are averages. keep: batch norms stay, with their running numbers."""

    def __init__(self, keep: bool = False) -> None:
        super().__init__()
        self.keep = keep

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        name, written = named(func)
        if name in ACTIVATIONS or (name in NORMS and not (self.keep and name == "batch_norm")):
            x = args[0] if args else kwargs["input"]
            # A copy, since what follows may write into it and what came in may be needed beside it.
            return x if written or kwargs.get("inplace") else x.clone()
        if name in POOLS:
            whole = averaged(name, *args, **kwargs)
            return (whole, whole) if "indices" in name else whole
        return func(*args, **kwargs)


def named(func: Any) -> tuple[str, bool]:
    """A function's bare name, and whether it writes into what it gets: relu_ → ("relu", True), aten's relu.default → ("relu", False)."""
    name = str(getattr(func, "__name__", "")).partition(".")[0]
    return name.strip("_"), name.endswith("_") and not name.endswith("__")


def averaged(
    name: str,
    input: torch.Tensor,
    kernel_size: Any = None,
    stride: Any = None,
    padding: Any = 0,
    dilation: Any = 1,
    ceil_mode: bool = False,
    output_size: Any = None,
    **_: Any,
) -> torch.Tensor:
    """A max pool's windows, averaged. What lies outside of the picture counts as zeros, as it does for a convolution."""
    size = kernel_size if output_size is None else output_size
    if name.startswith("adaptive"):
        return F.adaptive_avg_pool2d(input, size)
    if dilation in (1, (1, 1), [1, 1]):
        return F.avg_pool2d(input, size, stride or size, padding, ceil_mode)
    high, wide = (size, size) if isinstance(size, int) else size
    window = input.new_full((input.shape[1], 1, high, wide), 1 / (high * wide))
    return F.conv2d(input, window, None, stride or size, padding, dilation, input.shape[1])


def readings(net: lens.Net, layer: str, channels: str = "all", *, keep: bool = False) -> tuple[torch.Tensor, tuple[int, ...]]:
    """What units of `layer` would read of the picture if the net were linear: kernels (n, c, h, w), float32 in main memory; their numbers.

    channels: as people write them ("7", "0-63"). keep: batch norms count, with their running numbers, in place of being the identity. The unit is one whose
    receptive field lies inside the picture, and h, w are that field's; where the net takes one size alone, the middle unit, cut to the
    picture; where no field is known, the whole picture. c: of the pictures that the net takes, in 0..1, so a normalisation that the
    net begins with is part of it. Raises UnknownName, InputError for a layer before which something is not linear all the same (a gate,
    attention, a norm that is written out).
    """
    name = net.layer(layer).name
    field = straight_field(net, name)
    hw, unit = placed(net, name, field)
    noise = uniform((2, 1, net.channels, *hw), 0, "linear")
    with torch.inference_mode(False), torch.enable_grad(), net.quiet():
        pictures = [p.expand(net.batch or 1, -1, -1, -1).to(net.device).detach().requires_grad_(True) for p in noise]
        seen = []
        for x in pictures:
            with Straight(keep):
                seen.append(lens.maps_of(net, name, lens.capture(net, x, name)[name], hw))
        count, rows, columns = seen[0].shape[1:]
        i, j = unit or (rows // 2, columns // 2)
        i, j = min(i, rows - 1), min(j, columns - 1)
        weigh = uniform((count,), 1, "linear").to(seen[0].device, seen[0].dtype) + 0.5
        one, other = (back((a[0, :, i, j] * weigh).sum(), x) for a, x in zip(seen, pictures, strict=True))
        refuse_bent(name, one, other, torch.finfo(seen[0].dtype).eps)
        wanted = numbers(channels, count, name)
        found = []
        for k, number in enumerate(wanted, 1):
            found.append(back(seen[0][0, number, i, j], pictures[0]))
            events.tell("reading back", k, len(wanted))
    kernels = torch.stack(found)
    return kernels if field is None else cut(kernels, field.clip(i, j, hw)), wanted


def back(value: torch.Tensor, picture: torch.Tensor) -> torch.Tensor:
    """The gradient of one number on the first picture (c, h, w), float32 in main memory; the way back stays for the next."""
    (found,) = torch.autograd.grad(value, picture, retain_graph=True)
    return found[0].detach().float().cpu()


def refuse_bent(name: str, one: torch.Tensor, other: torch.Tensor, eps: float) -> None:
    """Raises InputError where two pictures are read differently: in a linear net the picture makes no difference."""
    if not torch.isfinite(one).all():
        raise InputError(f"What {name} reads is not finite.", "Nothing was written.", "Look at the network's weights.")
    if float((one - other).abs().max()) > max(1e-3, eps**0.5) * float(one.abs().max()):
        raise InputError(
            f"{name} stays bent with its ReLUs and norms taken out.",
            "A product of two maps, a gate or attention comes before it, and what it reads then depends on the picture.",
            "Choose an earlier layer, or --as=weights.",
        )


def straight_field(net: lens.Net, name: str) -> lens.ReceptiveField | None:
    """What a unit sees once the net is linear: a norm that measures the whole picture makes it see all of it before that."""
    from zorki.lens.trace import trace

    with Straight():
        table = trace(net.inner, net.run, torch.zeros(net.batch or 1, net.channels, *net.hw, dtype=torch.float32, device="cpu")).layers
    return next((layer.receptive_field for layer in table if layer.name == name), None)


def placed(net: lens.Net, name: str, field: lens.ReceptiveField | None) -> tuple[tuple[int, int], tuple[int, int] | None]:
    """The smallest picture that holds the whole field of a unit, and that unit; the net's own and None where it takes no other."""
    step = net.step(name)
    if field is None or not step:
        return net.hw, None
    unit, hw = [0, 0], [0, 0]
    for axis in (0, 1):
        offset, stride, size = field.offset[axis], field.stride[axis], field.size[axis]
        unit[axis] = max(0, math.ceil(-offset / stride - 1e-6))
        need = math.ceil(offset + unit[axis] * stride + size - 1e-6)
        hw[axis] = net.hw[axis] - (net.hw[axis] - need) // step * step  # the sizes that it takes, counted from its own
    return (hw[0], hw[1]), (unit[0], unit[1])


def cut(kernels: torch.Tensor, box: tuple[int, int, int, int]) -> torch.Tensor:
    """Kernels cut to a box (left, top, width, height); whole where anything stands outside of it."""
    left, top, w, h = box
    inside = kernels[..., top : top + h, left : left + w]
    return inside if inside.numel() and int(inside.count_nonzero()) == int(kernels.count_nonzero()) else kernels


class Following(TorchFunctionMode):
    """Watches for the batch norm that a layer's output goes into; slope: what it multiplies each channel by (c,)."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[Any] = []
        self.slope: torch.Tensor | None = None

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if named(func)[0] == "batch_norm" and self.slope is None and any(args[0] is x for x in self.given):
            measures = kwargs.get("training", args[5] if len(args) > 5 else False)
            if not measures:  # else it divides by what it measures on each picture, and has no numbers of its own
                with torch.enable_grad():
                    y = args[0].detach().clone().requires_grad_(True)
                    (slope,) = torch.autograd.grad(func(y, *args[1:], **kwargs).sum(), y)
                self.slope = slope.transpose(0, 1).flatten(1)[:, 0].detach().float().cpu()
        return func(*args, **kwargs)


def following_norm(net: lens.Net, layer: str) -> torch.Tensor | None:
    """What the batch norm right behind `layer` multiplies each channel by, γ / √(variance + ε), (c,); None where none follows."""
    mode = Following()
    with torch.inference_mode(False), torch.no_grad(), net.quiet(), ExitStack() as stack:
        stack.callback(net.part(layer).register_forward_hook(lambda *told: mode.given.append(told[-1])).remove)
        stack.enter_context(mode)
        net.run(torch.zeros(net.batch or 1, net.channels, *net.hw, dtype=torch.float32, device="cpu").to(net.device))
    return mode.slope
