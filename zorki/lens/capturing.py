"""What layers give for a picture, with the way back to the picture, and no hook left behind."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from typing import Any

import torch
from torch import nn
from torch.utils._pytree import tree_map

from zorki.core.errors import InputError
from zorki.lens.inputs import no_way_back, wants_grad
from zorki.lens.net import Net
from zorki.lens.outputs import OUTPUT
from zorki.lens.trace import Trace, tensor_in

Call = tuple[str, int]


class Reached(BaseException):
    """The deepest layer asked for has run. Not an Exception, so that no net swallows it."""


def capture(net: Net | nn.Module, picture: Any, layers: str | Sequence[str], *, grad: bool = True) -> dict[str, torch.Tensor]:
    """The activations of `layers` for pictures (b, 3, h, w), under the names asked for.

    A layer that runs several times gives one map per call, in order, under "name:0", "name:1" …; ask for one of these
    by that name. With `grad` and a picture that requires it the maps carry gradients to the picture, and lie on the way
    to deeper ones asked for at the same time, also under `no_grad`. The net runs in the mode it is in (see `quiet`) and only
    as far as the deepest layer asked for. What a later in-place operation would overwrite is kept apart by a copy, and only
    that. OUTPUT among the names adds the net's output. Raises UnknownName, and InputError for anything but names.
    """
    net = Net.of(net)
    with net.alone():
        return captured(net, picture, names(layers), grad)


def captured(net: Net, picture: Any, asked: Sequence[str], grad: bool) -> dict[str, torch.Tensor]:
    """What `capture` does, for whoever has the net alone."""
    seen = net._order(picture)
    wanted: dict[str, Call] = {}
    for name in asked:
        if name == OUTPUT:
            wanted[name] = (OUTPUT, 0)
            continue
        base, calls = net._resolve(name, seen)
        several = len(calls) > 1
        wanted.update({f"{name}:{k}" if several else name: (base, k) for k in calls})
    found = once(net, picture, set(wanted.values()), seen, grad and wants_grad(picture))
    return {key: found[call] for key, call in wanted.items()}


def names(layers: str | Sequence[str]) -> list[str]:
    """One name or many, as a list."""
    if isinstance(layers, str):
        return [layers]
    if isinstance(layers, Sequence) and layers and all(isinstance(name, str) for name in layers):
        return list(layers)
    got = f"a list that holds a {type(layers[0]).__name__}" if isinstance(layers, list | tuple) and layers else f"a {type(layers).__name__}"
    raise InputError(f"`layers` is {got}.", "A layer is given by its name, several by a list of names.", "`zorki layers` lists them.")


def once(net: Net, picture: Any, wanted: set[Call], seen: Trace, grad: bool) -> dict[Call, torch.Tensor]:
    """One forward pass; a second when it shows that something after a layer writes into what that layer gave."""
    bases = {base for base, _ in wanted if base != OUTPUT}
    if whole := (OUTPUT, 0) in wanted:
        steps = math.inf
    else:
        last = max(map(seen.calls.index, wanted))
        steps = sum(base in bases for base, _ in seen.calls[: last + 1])  # calls of hooked modules until the deepest has run
    found: dict[Call, torch.Tensor] = {}
    versions: dict[Call, int] = {}
    count: Counter[str] = Counter()

    def hook(base: str, output: Any) -> Any:
        call = (base, count[base])
        count[base] += 1
        if call in wanted:
            found[call] = keep(call, output)
            if count.total() < steps and (call in seen.overwritten or found[call].is_inference()):
                return tree_map(lambda x: x.clone() if x is found[call] else x, output)
            if not found[call].is_inference():
                versions[call] = found[call]._version
        if count.total() == steps:
            raise Reached
        return None

    with ExitStack() as stack:
        if grad:
            stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.set_grad_enabled(grad))
        for base in bases:

            def listen(_module: nn.Module, _given: Any, output: Any, base: str = base) -> Any:
                return hook(base, output)

            listen.reads_output = True  # type: ignore[attr-defined]  # so that a fused pass need not come apart for it
            stack.callback(net.inner.get_submodule(seen.paths[base]).register_forward_hook(listen).remove)
        with suppress(Reached):
            output = net.run(picture, backward=grad)
            if whole:
                found[OUTPUT, 0] = net.chosen(output)
        if missing := sorted(wanted - set(found)):
            raise InputError(
                f"The layer {missing[0][0]!r} did not run this time.",
                "The net chooses its way by what it is given.",
                "Choose one that always runs.",
            )
    if grad and not any(x.requires_grad for x in found.values()):
        raise no_way_back(f"{net.name}'s output" if wanted == {(OUTPUT, 0)} else f"The layer {sorted(wanted)[0][0]}")
    overwritten = {call for call, version in versions.items() if found[call]._version != version}
    if overwritten:
        seen.overwritten.update(overwritten)
        found.clear()
        return once(net, picture, wanted, seen, grad)
    return found


def keep(call: Call, output: Any) -> torch.Tensor:
    """The tensor in a module's output."""
    x = tensor_in(output)
    if x is None:
        got = f"The layer {call[0]!r} gives a {type(output).__name__} without any tensor."
        raise InputError(got, "What is looked at is a tensor.", "Choose another: `zorki layers` lists them.")
    return x
