"""Copies of a net that share its numbers, so that several threads can look at it at the same time."""

from __future__ import annotations

import copy

from torch import nn

from zorki.lens.net import Net


def twins(net: Net, n: int) -> list[Net]:
    """The net and n - 1 twins; the net alone where it is on a device, is listened to, or cannot be copied."""
    with net.alone():  # else another thread's hooks and flags would be copied too
        if n < 2 or net.device.type != "cpu" or listened(net.module):
            return [net]
        try:
            return [net, *(twin(net) for _ in range(n - 1))]
        except Exception:  # a module may hold anything: a file, a lock, a compiled part
            return [net]


def listened(module: nn.Module) -> bool:
    """Whether somebody's hooks are on it: they are to be told once, in one thread."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return any(getattr(m, kind, None) for m in module.modules() for kind in kinds)


def twin(net: Net) -> Net:
    """Its parameters are frozen and its own, their numbers the net's: what is switched on one does not show on the other."""
    numbers: dict[int, object] = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in net.module.parameters()}
    numbers |= {id(b): b.detach() for b in net.module.buffers()}
    made = net.like(copy.deepcopy(net.module, numbers))
    made._known().update({key: seen for key, seen in net._known().items() if key != "state"})  # no pass is run twice
    return made
