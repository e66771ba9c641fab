"""Which classes a channel speaks for."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from zorki import lens
from zorki.core.errors import InputError
from zorki.pixels import sizes


def spoken(net: lens.Net, drawn: torch.Tensor, name: str, chosen: Sequence[int], count: int) -> dict[int, str]:
    """For each channel the names of the classes that gain most when its map is doubled; nothing for a net that is no classifier.

    drawn: (n, 3, h, w) in 0..1, the channels' own pictures.
    """
    found: dict[int, str] = {}
    if not count or net.channels not in (1, 3) or not list(net.layers()):
        return found
    if net.classes and name == net.names()[-1] and net.layer(name).shape == (len(net.classes),):  # each is a class
        return {number: net.classes[number] for number in chosen}
    size, hw = min(16, net.batch or 16), sizes.fitted(net, (drawn.shape[-2], drawn.shape[-1]), max(drawn.shape[-2:]))
    for i in range(0, len(chosen), size):
        some, x = list(chosen[i : i + size]), sizes.resize(drawn[i : i + size], hw).to(net.device)

        def doubled(_module: object, _given: object, out: object, some: list[int] = some) -> object:
            if not isinstance(out, torch.Tensor) or out.ndim != 4:
                return out
            raised = out.clone()
            for k, number in enumerate(some):
                raised[k, number] *= 2
            return raised

        with torch.no_grad(), net.quiet():
            try:
                before = net.logits(x)
            except InputError:  # its output is none that could be classes
                return {}
            if before.ndim != 2 or not torch.isfinite(before).all():
                return {}
            handle = net.part(name).register_forward_hook(doubled)
            try:
                gained = (net.logits(x) - before).float().cpu()
            finally:
                handle.remove()
        for number, row in zip(some, gained, strict=True):
            best = [k for k in row.argsort(descending=True)[:count].tolist() if float(row[k]) > 0]
            names = [net.classes[k].split(",")[0] if net.classes else f"class {k}" for k in best]
            if names:
                found[number] = ", ".join(names)
    return found
