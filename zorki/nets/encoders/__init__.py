"""What reads a picture for a segmenter and gives maps at several sizes; each file a family, and a new one is one new file.

A file says `NAMES`, what one types, and `encoder(name, channels, **sizes)`, which returns an `Encoder` with random numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import nn

from zorki.core import shelf
from zorki.core.errors import UnknownName


class Encoder(nn.Module):
    """Layers one after another; the maps behind some of them are what it gives.

    layers: by name, in order. taps: names of layers, the finest map first. channels, strides: of the maps behind the taps, each stride twice the one
    before. mean, spread: what is taken off a picture in 0..1, and what it is divided by then, a number or one for each channel. pooled: of each map, whether the next layer
    halves it by the maximum of 2×2. name: by which `encoder` makes it again.
    """

    mean: torch.Tensor
    spread: torch.Tensor

    def __init__(
        self,
        layers: Sequence[tuple[str, nn.Module]],
        taps: Sequence[str],
        channels: Sequence[int],
        strides: Sequence[int],
        mean: Sequence[float] = (0.45,),
        spread: Sequence[float] = (0.27,),
        name: str = "",
    ) -> None:
        super().__init__()
        last = max(i for i, (path, _) in enumerate(layers) if path in taps)
        for path, layer in layers[: last + 1]:
            self.add_module(path, layer)
        self.name = name
        self.taps, self.channels, self.strides = tuple(taps), tuple(channels), tuple(strides)
        behind = {path: after for (path, _), (_, after) in pairwise(layers)}
        self.pooled = tuple(halving(behind.get(tap)) for tap in taps)
        self.shifted = any(mean) or any(v != 1 for v in spread)  # else two passes over the picture are saved
        self.register_buffer("mean", torch.tensor(mean, dtype=torch.float32, device="cpu").view(-1, 1, 1), persistent=False)
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32, device="cpu").view(-1, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        """x: (b, c, h, w) in 0..1, sides multiples of the deepest stride. Returns maps (b, channels[i], h / strides[i], w / strides[i])."""
        x, maps = (x - self.mean) / self.spread if self.shifted else x, list[torch.Tensor]()
        for name, layer in self.named_children():
            x = layer(x)
            if name in self.taps:
                maps.append(x)
        return maps


def halving(layer: nn.Module | None) -> bool:
    """Whether it is a maximum pooling of 2×2."""
    return (
        isinstance(layer, nn.MaxPool2d)
        and layer.kernel_size in (2, (2, 2))
        and layer.stride in (2, (2, 2))
        and layer.padding in (0, (0, 0))
    )


def names() -> tuple[str, ...]:
    """Of all encoders."""
    return tuple(name for file in shelf.names(__name__) for name in shelf.take(__name__, file, "encoder").NAMES)


def encoder(name: str, channels: int = 3) -> Encoder:
    """The encoder of that name, with random numbers, for pictures of so many channels. Raises UnknownName."""
    for file in shelf.names(__name__):
        module = shelf.take(__name__, file, "encoder")
        if name in module.NAMES:
            made: Encoder = module.encoder(name, channels)
            return made
    raise UnknownName.among("encoder", name, names())
