"""The modules and tensors of a net, walked once and kept for as long as they are the same."""

from __future__ import annotations

from collections.abc import Iterable
from operator import is_
from typing import NamedTuple

import torch
from torch import nn


class Walk(NamedTuple):
    """What was found, each once and in torch's order. held: what each module held itself then, behind its class."""

    modules: tuple[nn.Module, ...]
    parameters: tuple[nn.Parameter, ...]
    buffers: tuple[torch.Tensor, ...]
    held: list[object]


class Parts:
    """All modules, parameters and buffers of a net, as they are whenever they are asked for.

    Each time it is looked whether every module is of the same class and holds just what it held, which is known without walking: whoever
    puts a layer in, takes one out or replaces a parameter between two steps is noticed at the next look, and then all is walked anew.
    """

    def __init__(self, root: nn.Module) -> None:
        self._root = root
        self._walk = walked(root)

    def now(self) -> Walk:
        """As they are now."""
        walk = self._walk
        held = holdings(walk.modules)
        if len(held) != len(walk.held) or not all(map(is_, held, walk.held)):
            walk = self._walk = walked(self._root)
        return walk


def walked(root: nn.Module) -> Walk:
    modules = tuple(root.modules())
    return Walk(modules, tuple(root.parameters()), tuple(root.buffers()), holdings(modules))


def holdings(modules: Iterable[nn.Module]) -> list[object]:
    """Of each module its class, and the modules and tensors that it holds itself."""
    found: list[object] = []
    for m in modules:
        found.append(type(m))
        found += m._modules.values()
        found += m._parameters.values()
        found += m._buffers.values()
    return found
