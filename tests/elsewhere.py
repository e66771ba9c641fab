"""A second device for machines that have none: tensors that live "elsewhere", and a mode that refuses what a GPU would refuse.

The numbers lie in main memory and every operation is done there, but a tensor says `meta` for its device, and an operation
that mixes it with one from main memory raises, as CUDA and mps do (single numbers excepted).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map

DEVICE = torch.device("meta")  # the one other device that every build of torch can name and differentiate on
COPIES = ("_to_copy", "copy_", "_pin_memory")  # what may cross


class Elsewhere(torch.Tensor):
    """A tensor of that device; `here` holds its numbers."""

    here: torch.Tensor
    is_meta = False  # it has numbers

    def tolist(self) -> Any:
        return self.here.tolist()

    def numpy(self, *_: Any, **__: Any) -> Any:
        raise TypeError("A tensor elsewhere is no array: call cpu() first.")

    @staticmethod
    def __new__(cls, here: torch.Tensor) -> Elsewhere:
        made: Elsewhere = torch.Tensor._make_wrapper_subclass(
            cls, here.shape, strides=here.stride(), dtype=here.dtype, device=DEVICE, requires_grad=here.requires_grad
        )
        made.here = here
        return made

    def __repr__(self) -> str:
        return f"Elsewhere({self.here!r})"

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


def run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    """Does the operation in main memory and gives its outcome to the device on which it would be."""
    name = func._schema.name.partition("::")[2]
    flat, _ = tree_flatten((args, kwargs))
    away = [x for x in flat if isinstance(x, Elsewhere)]
    home = [x for x in flat if isinstance(x, torch.Tensor) and not isinstance(x, Elsewhere) and x.dim() > 0]
    if away and home and name not in COPIES:
        raise RuntimeError(
            f"{name}: tensors of shapes {[tuple(x.shape) for x in away]} elsewhere meet {[tuple(x.shape) for x in home]} from main memory"
        )
    target = kwargs.get("device")
    goes = bool(away) if target is None else torch.device(target).type == DEVICE.type
    if target is not None:
        kwargs = kwargs | {"device": torch.device("cpu")}
    out = func(*tree_map(unwrapped, args), **tree_map(unwrapped, kwargs))
    written = next((x for x in flat if isinstance(x, torch.Tensor)), None) if func._schema.is_mutable else None
    if written is not None and isinstance(out, torch.Tensor) and out.shape == written.shape:
        return written
    return tree_map(lambda x: Elsewhere(x) if isinstance(x, torch.Tensor) and goes else x, out)


def unwrapped(x: Any) -> Any:
    return x.here if isinstance(x, Elsewhere) else x


class TwoDevices(TorchDispatchMode):
    """Inside, tensors may be made on and moved to the second device, and mixing raises."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return run(func, args, kwargs or {})


class NoDoubles(TorchDispatchMode):
    """Raises when an operation that was given no float64 makes one: mps has none (S07)."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        wide = [x for x in tree_flatten(out)[0] if isinstance(x, torch.Tensor) and x.dtype in (torch.float64, torch.complex128)]
        if wide:
            raise RuntimeError(f"{func} made a {wide[0].dtype} of shape {tuple(wide[0].shape)}")
        return out


def moved(module: torch.nn.Module) -> torch.nn.Module:
    """The module with its numbers elsewhere."""
    with torch.no_grad():
        for part in module.modules():
            for name, p in list(part._parameters.items()):
                if p is not None:
                    part._parameters[name] = torch.nn.Parameter(Elsewhere(p.detach()), requires_grad=p.requires_grad)
            for name, b in list(part._buffers.items()):
                if b is not None:
                    part._buffers[name] = Elsewhere(b)
    return module
