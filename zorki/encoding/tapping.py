"""Any network as an encoder: the maps behind some of its layers, found and measured by a small pass."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from zorki import lens
from zorki.core.errors import InputError
from zorki.nets.encoders import Encoder

RESERVED = ("mean", "spread", "name", "taps", "channels", "strides", "pooled")  # what an encoder calls its own
DO = "Name layers whose maps halve from one to the next; `zorki layers` lists a network's."


def tapped(
    module: nn.Module,
    layers: Sequence[str] = (),
    name: str = "",
    channels: int = 3,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
) -> Encoder:
    """The module as an encoder, with its own numbers.

    layers: the finest map first, each half as large as the one before; not given, the last layer of each size. mean, std: what pictures are
    normalised by; not given, what the module says of itself, else they come in 0..1. Its layers run one after another where that is all that its
    forward does; else it runs as it is as far as the last of them. Raises UnknownName for a layer, InputError for maps that do not halve.
    """
    net = lens.Net(module, channels=channels)
    said = lens.trained_on(module) if mean is None and std is None else None
    mean, std = (said[0], said[1]) if said else (mean or (0.0,), std or (1.0,))
    chosen = [net.layer(one) for one in layers] or last_of_each(net)
    strides = [stride(row, net) for row in chosen]
    if not all(strides) or not strides or any(b != 2 * a for a, b in pairwise(strides)):
        told = ", ".join(f"{row.name} is {' × '.join(map(str, row.shape))}" for row in chosen) or "it has none"
        raise InputError(f"The maps of {net.name} do not halve: {told}.", "Each is to be half as large as the one before.", DO)
    places = {id(part): path for path, part in net.inner.named_modules()}
    paths, wide = [places[id(net.part(row.name))] for row in chosen], [row.shape[0] for row in chosen]
    whole = Tapped(net.inner, paths, wide, strides, mean, std, name or net.name)
    x = torch.linspace(0, 1, channels * (2 * strides[-1]) ** 2, dtype=torch.float32, device="cpu").view(1, channels, 2 * strides[-1], -1)
    truth = tried(whole, x)
    for row, map_, each in zip(chosen, truth, strides, strict=True):
        if map_.shape[-1] * each != x.shape[-1] or map_.shape[-2] * each != x.shape[-2]:
            got = f"{row.name} makes {' × '.join(map(str, map_.shape[-2:]))} of {' × '.join(map(str, x.shape[-2:]))} pixels"
            raise InputError(f"{got}, and not a {each}th.", "An encoder's maps are whole parts of the picture.", DO)
    return in_turn(whole, x, truth) or whole


class Tapped(Encoder):
    """A module that runs as it does, as far as the last of some of its parts, whose maps are kept."""

    def __init__(
        self,
        module: nn.Module,
        paths: Sequence[str],
        channels: Sequence[int],
        strides: Sequence[int],
        mean: Sequence[float],
        spread: Sequence[float],
        name: str,
    ) -> None:
        super().__init__([("whole", module)], ["whole"], channels, strides, mean, spread, name)
        self.taps, self.pooled = tuple(paths), (False,) * len(paths)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        found: dict[str, torch.Tensor] = {}

        def keep(path: str, output: Any) -> None:
            found.setdefault(path, output.clone())  # what comes behind may write into it
            if len(found) == len(self.taps):
                raise Reached

        whole = self.get_submodule("whole")
        with ExitStack() as stack:
            for path in self.taps:
                hook = partial(lambda path, _module, _given, output: keep(path, output), path)
                stack.callback(whole.get_submodule(path).register_forward_hook(hook).remove)
            with suppress(Reached):
                whole((x - self.mean) / self.spread)
        return [found[path] for path in self.taps]


class Reached(BaseException):
    """All maps are there. Not an Exception, so that no net swallows it."""


def last_of_each(net: lens.Net) -> list[lens.Layer]:
    """The last layer of each size, as far as sizes halve down to the coarsest; what comes before the first convolution has seen nothing."""
    rows = list(net.layers())
    seeing = next((k for k, row in enumerate(rows) if row.macs), len(rows))
    last = {stride(row, net): row for row in rows[seeing:] if min(row.shape[1:], default=0) > 1}
    found = [row for each, row in sorted(last.items()) if each]
    strides = [stride(row, net) for row in found]
    begins = next((k for k in reversed(range(1, len(found))) if strides[k] != 2 * strides[k - 1]), 0)
    return found[begins:]


def stride(row: lens.Layer, net: lens.Net) -> int:
    """Pixels of the picture for each of a map's; 0 of what is no map, and where rows and columns differ."""
    if len(row.shape) != 3:
        return 0
    each = {-(-side // cells) for side, cells in zip(net.hw, row.shape[1:], strict=True)}
    return each.pop() if len(each) == 1 else 0


def tried(encoder: Encoder, x: torch.Tensor) -> list[torch.Tensor]:
    """Its maps, without a trace left in running statistics, modes or random numbers."""
    with lens.quiet(encoder), torch.no_grad(), torch.random.fork_rng(devices=[]):
        return encoder(x)  # type: ignore[no-any-return]


def in_turn(whole: Tapped, x: torch.Tensor, truth: Sequence[torch.Tensor]) -> Encoder | None:
    """The same encoder as the module's own layers one after another, which can be exported; None where its forward does anything else."""
    module = whole.get_submodule("whole")
    layers = [(name, part) for name, part in module.named_children() if name not in RESERVED]
    if not set(whole.taps) <= {name for name, _ in layers}:
        return None
    mean, spread = whole.mean.flatten().tolist(), whole.spread.flatten().tolist()
    try:
        plain = Encoder(layers, whole.taps, whole.channels, whole.strides, mean, spread, whole.name)
        same = all(torch.equal(a, b) for a, b in zip(tried(plain, x), truth, strict=True))
    except (RuntimeError, TypeError, ValueError, KeyError):  # a layer takes more than the one before gives, or has a name that is taken
        return None
    return plain if same else None
