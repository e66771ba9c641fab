"""The way from a net's answer back to the picture, and the layer at which it ends."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import nullcontext

import torch

from zorki.core.errors import InputError
from zorki.lens.capturing import capture
from zorki.lens.inputs import OCCLUSION, no_way_back, quantised
from zorki.lens.net import Net
from zorki.lens.outputs import OUTPUT
from zorki.lens.rules import backward_rule


def gradients(net: Net, score: torch.Tensor, wanted: Sequence[torch.Tensor], picture: torch.Tensor) -> list[torch.Tensor]:
    """d score / d each of `wanted`, zeros for one that the score does not hear, with the graph that the net made of `picture`.

    Raises InputError that names the layer when nothing comes back because a layer passes no gradient: whole numbers, a `detach()`.
    """
    with silence(net):
        found = torch.autograd.grad(score, list(wanted), allow_unused=True) if score.requires_grad else [None] * len(wanted)
    if all(g is None for g in found):
        passes(net, picture)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(wanted, found, strict=True)]


def passes(net: Net, picture: torch.Tensor) -> None:
    """Raises InputError that names the layer when one lets no gradient back to the picture."""
    if name := blocked(net, picture):
        raise cut(net, name)


def cut(net: Net, name: str) -> InputError:
    """What to say of a layer that passes no gradient."""
    return InputError(
        f"No gradient passes the layer {name} of {net.name}.", "It works in whole numbers (int8), or is given what is detached.", OCCLUSION
    )


def refusal(net: Net, picture: torch.Tensor) -> InputError:
    """What to say of a net whose answer has no way back to the picture."""
    name = blocked(net, picture)
    return cut(net, name) if name else no_way_back(f"{net.name}'s output")


def blocked(net: Net, picture: torch.Tensor) -> str:
    """The layer behind which no gradient comes back; "" where one does, also one that is 0, and where none of the layers has any."""
    held = {name[:k] for name in net.names() for k, letter in enumerate(name) if letter == "."}
    order = [name for name in net.names() if name not in held]
    with torch.inference_mode(False), torch.enable_grad(), net.quiet(), backward_rule(net, "gradient"), silence(net):
        x = picture.detach().clone().requires_grad_(True)
        try:
            seen = capture(net, x, [*order, OUTPUT])
        except InputError:  # the whole of it runs under no_grad
            return ""
        through = [name for name in order if seen[name].requires_grad]
        if not seen[OUTPUT].requires_grad:
            rest = order[order.index(through[-1]) + 1 :] if through else order
            return rest[0] if rest else ""
        ways = [x, *(seen[name] for name in through)]
        to_picture, *back = torch.autograd.grad(seen[OUTPUT].float().sum(), ways, allow_unused=True)
    heard = [name for name, g in zip(through, back, strict=True) if g is not None]
    return "" if to_picture is not None or not heard else heard[0]


def silence(net: Net) -> warnings.catch_warnings | nullcontext[None]:
    """torch warns, at length, when it goes back through int8 layers: whoever asks is told in one sentence instead."""
    return warnings.catch_warnings(action="ignore") if quantised(net._parts.now().modules) else nullcontext()
