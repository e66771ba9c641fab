"""What a network says of each pixel of a picture of any size: at once where it fits, else tile by tile, blended.

Source: Isensee et al. 2021 (nnU-Net): tiles half a side apart, logits weighted by a Gaussian of an eighth of the side.
Differs: the Gaussian lies about the very middle of a tile, also of an even one; sums are float32; rows are handed on as soon as they are finished.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.lens.chunks import SHARE, free_memory
from zorki.pixels.pieces import Held, Rows, positions, size_for, strip, widened

TILE = 512  # pixels
WHOLE = 6_000_000  # pixels of the largest picture that is looked at at once, where there is memory for it
DEFAULT_COST = 4096  # bytes a pixel of a net that hides its layers
Mirror = Literal["none", "sideways", "any"]
FLIPS: dict[Mirror, tuple[tuple[int, ...], ...]] = {"none": ((),), "sideways": ((), (3,)), "any": ((), (3,), (2,), (2, 3))}


class Band(NamedTuple):
    """Finished rows. logits: (k, n, w) float32 on the processor."""

    top: int
    logits: torch.Tensor


def logits(net: lens.Net, picture: torch.Tensor, *, tile: int | None = None, mirror: Mirror = "none") -> torch.Tensor:
    """(k, h, w) float32, on the processor, for a picture (c, h, w) in 0..1 of any size from 1 × 1.

    A net's smaller maps are enlarged; one map alone, above 0 where its class is, becomes two. tile: side of the tiles that a larger picture is cut
    into; not given: only what is too large to be looked at at once. mirror: the mean over mirrored pictures too.
    Raises InputError for a net that gives no map for each class.
    """
    return torch.cat([band.logits for band in bands(net, Held(picture), tile, mirror)], 1)


def bands(net: lens.Net, picture: Rows, tile: int | None = None, mirror: Mirror = "none") -> Iterator[Band]:
    """A picture's rows from the top, each as soon as no further tile touches it; memory holds one row of tiles. What fits is one band.

    Tells how far it is. tile, mirror, Raises: as `logits`.
    """
    h, w = picture.hw
    high, wide = tile_for(net, (h, w), tile)
    if (high, wide) == (h, w):
        yield Band(0, answered(net, strip(picture, 0, h), mirror)[0])
        return
    tops, lefts = positions(h, high), positions(w, wide)
    down, across = bell(high), bell(wide)
    weight = down[:, None] * across
    below, beside = total(tops, down, h), total(lefts, across, w)  # all weights at a pixel: their product, since the tiles are a grid
    sums: torch.Tensor | None = None
    for row, (top, after) in enumerate(zip(tops, [*tops[1:], h], strict=True)):
        seen = strip(picture, top, top + high)
        for column, left in enumerate(lefts, 1):
            found = answered(net, seen[..., left : left + wide], mirror)[0]
            if sums is None:
                sums = found.new_zeros(found.shape[0], high, w)
            sums[:, :, left : left + wide].addcmul_(found, weight)
            events.tell("tiles", row * len(lefts) + column, len(tops) * len(lefts))
        assert sums is not None
        n = after - top
        yield Band(top, sums[:, :n] / (below[top:after, None] * beside))
        sums = torch.cat([sums[:, n:], torch.zeros_like(sums[:, :n])], 1)


def tile_for(net: lens.Net, hw: tuple[int, int], tile: int | None = None) -> tuple[int, int]:
    """Height and width of the tiles for a picture of that size; the picture's own where it is looked at at once. tile: the side that is asked for."""
    if not net.step():
        side = net.hw  # it takes no other
    elif tile is None and hw[0] * hw[1] <= WHOLE and hw[0] * hw[1] * cost(net) <= SHARE * free_memory(net.device):
        side = hw
    else:
        side = (tile or TILE, tile or TILE)
    return min(hw[0], side[0]), min(hw[1], side[1])


def cost(net: lens.Net) -> float:
    """Bytes for each pixel: half of what all its layers give, since what was used is let go, and the logits at full size, twice."""
    try:
        layers = net.layers()
    except InputError:
        return DEFAULT_COST
    values = sum(math.prod(layer.shape) for layer in layers) / (net.hw[0] * net.hw[1])
    return 4 * (values / 2 + 2 * layers[-1].shape[0])


def bell(size: int) -> torch.Tensor:
    """(size,) the Gaussian weights of a tile along one side: sigma size / 8, at most 1, nowhere 0."""
    place = torch.arange(size, dtype=torch.float64, device="cpu") - (size - 1) / 2
    weight = torch.exp(-0.5 * (place / (size / 8)) ** 2)
    weight = (weight / weight.max()).float()
    return weight.clamp_min(float(weight[weight > 0].min()))


def total(begins: list[int], weight: torch.Tensor, size: int) -> torch.Tensor:
    """(size,) what the weights along one side come to."""
    out = torch.zeros(size, dtype=torch.float32, device="cpu")
    for begin in begins:
        out[begin : begin + len(weight)] += weight
    return out


def answered(net: lens.Net, x: torch.Tensor, mirror: Mirror = "none") -> torch.Tensor:
    """(b, k, h, w) float32 on the processor for pictures (b, c, h, w), looked at at once."""
    found = [once(net, x.flip(dims)).flip(dims) if dims else once(net, x) for dims in FLIPS[mirror]]
    return found[0] if len(found) == 1 else torch.stack(found).mean(0)


def once(net: lens.Net, x: torch.Tensor) -> torch.Tensor:
    """Without mirrors. What a net cannot take is reflected beyond its right and lower border until it can, and cut off again."""
    h, w = x.shape[-2:]
    hw = size_for(net, (h, w))
    with torch.no_grad():
        found = net.logits(widened(x, hw)).float()
        if found.ndim != 4:
            got = f"{net.name} gives {' × '.join(map(str, found.shape[1:]))} numbers for a picture."
            raise InputError(got, "A segmenter gives a map for each class.", "Give another --model.")
        if found.shape[-2:] != hw:
            found = F.interpolate(found, hw, mode="bilinear", align_corners=False)
    found = found[..., :h, :w].cpu()
    return found if found.shape[1] > 1 else torch.cat([torch.zeros_like(found), found], 1)
