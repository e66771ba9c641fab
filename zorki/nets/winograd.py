"""3×3 convolutions with a third to a half of the multiplications, and the way back through them: for drawing in float32.

A processor with AVX2 and nothing newer spends a drawing's time on multiplying, not on memory. Source: Lavin and Gray 2016, "Fast
algorithms for convolutional neural networks", whose F(6×6, 3×3) is computed by the NNPACK that torch brings. Its results differ from
plain float32's by about 1e-5 of the largest value. It is given pieces that a core's own cache holds, and each piece to one thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, partial
from typing import NamedTuple

import torch
from torch import nn

from zorki.core import hands

TILE = 6  # rows that are computed together
PIECE = 12288  # pixels of a piece
EACH, KERNEL = 10, 11  # measured, one thread of an EPYC: 128 → 256 channels at 12 × 12 pixels, 128 → 128 at 24 × 24, each both ways


@cache
def possible() -> bool:
    """Whether this torch has it, on a processor where it wins: with AVX-512 plain convolutions are as fast."""
    there = getattr(torch.backends, "nnpack", None)
    if torch.backends.cpu.get_cpu_capability() != "AVX2" or there is None or not hasattr(torch.ops.aten, "_nnpack_spatial_convolution"):
        return False
    if not there.is_available():  # the question itself sets it up: unasked, it refuses to compute
        return False
    x, weight = torch.ones(1, 1, 8, 8, dtype=torch.float32, device="cpu"), torch.ones(1, 1, 3, 3, dtype=torch.float32, device="cpu")
    hands.each([partial(raw, x, weight, None, [1, 1])] * hands.count())  # it keeps as many threads as its first caller has: one
    return True


def fits(conv: nn.Conv2d, x: torch.Tensor) -> bool:
    """Whether it is a convolution of that kind (3×3, every pixel, not more than one pixel of padding) and maps are so large that it wins.

    A kernel is brought into another form for each picture, which costs as much as KERNEL tiles; a tile costs as much as EACH pixels would.
    """
    plain = conv.kernel_size == (3, 3) and conv.stride == conv.dilation == (1, 1) and conv.groups == 1
    h, w = x.shape[-2:]
    return plain and conv.padding in ((0, 0), (1, 1)) and h * w > EACH * (tiles(h, w) + KERNEL)


def tiles(h: int, w: int) -> int:
    """How many cover maps of that size."""
    return -(-h // TILE) * -(-w // TILE)


def raw(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, padding: list[int]) -> torch.Tensor:
    """As F.conv2d, no gradient."""
    out: torch.Tensor = torch.ops.aten._nnpack_spatial_convolution(x, weight, bias, padding, [1, 1])
    return out


def convolved(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    padding: list[int],
    *,
    relu: bool = False,
    alive: torch.Tensor | None = None,
) -> torch.Tensor:
    """As F.conv2d for x (b, c, h, w) float32, channel by channel; relu: with one behind; alive: x counts only where this is above 0."""
    b, _, h, w = x.shape
    tall, wide = h + 2 * padding[0] - 2, w + 2 * padding[1] - 2
    out = x.new_empty(b, len(weight), tall, wide)

    def compute(piece: Piece) -> None:
        k, top, bottom, low, high = piece
        start, stop = top - padding[0], bottom + 2 - padding[0]  # rows of x, and beyond its ends rows of zeros
        part = x[k : k + 1, :, max(0, start) : min(h, stop)]
        if alive is not None:
            part = torch.ops.aten.threshold_backward(part, alive[k : k + 1, :, max(0, start) : min(h, stop)], 0)
        if start < 0 or stop > h:
            part = nn.functional.pad(part, (0, 0, max(0, -start), max(0, stop - h)))
        made = raw(part, weight[low:high], None if bias is None else bias[low:high], [0, padding[1]])
        there = out[k : k + 1, low:high, top:bottom]
        torch.clamp_min(made, 0, out=there) if relu else there.copy_(made)

    def work(share: Sequence[Piece]) -> None:
        with torch.no_grad():  # each thread has a mode of its own
            for piece in share:
                compute(piece)

    at_once = hands.count()
    found = pieces(b, len(weight), tall, wide, at_once)
    hands.each([partial(work, found[k::at_once]) for k in range(min(at_once, len(found)))])
    return out


class Piece(NamedTuple):
    """Rows top..bottom and channels low..high of what comes out of one picture."""

    picture: int
    top: int
    bottom: int
    low: int
    high: int


def pieces(b: int, c: int, h: int, w: int, at_once: int) -> list[Piece]:
    """(b, c, h, w) in pieces that fit a cache, and at least `at_once` of them where there is that much to do.

    Each picture by itself, so that it comes out the same whatever is drawn beside it. Maps and kernels are both brought into another form
    first: where there are more kernels than tiles of maps the channels are shared out, so that no kernel is brought there twice.
    """
    rows = max(1, round(PIECE / w / TILE)) * TILE if h * w > 1.5 * PIECE else h
    channels = c
    if b * -(-h // rows) < at_once:
        share = -(-at_once // b)
        if c > tiles(h, w):
            channels = -(-c // share)
        else:
            rows = max(1, -(-h // share // TILE)) * TILE
    return [
        Piece(picture, top, min(h, top + rows), low, min(c, low + channels))
        for picture in range(b)
        for top in range(0, h, rows)
        for low in range(0, c, channels)
    ]


def back(slope: torch.Tensor, out: torch.Tensor | None, weight: torch.Tensor, padding: list[int]) -> torch.Tensor:
    """d loss / d x from d loss / d what came out, of a ReLU if `out` is given: a convolution with the kernels turned round and the
    channels' roles swapped."""
    turned = weight.flip(2, 3).transpose(0, 1).contiguous()
    return convolved(slope, turned, None, [2 - p for p in padding], alive=out)
