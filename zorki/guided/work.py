"""What things cost, in multiply-adds: of the network from the lens, of all around it as measured constants."""

from __future__ import annotations

from collections.abc import Sequence

from zorki import lens

PHOTO = (256, 256)  # the size at which one of many photographs is looked at, where it is not smaller
CANVAS = 15_000
"""Multiply-adds in whose time one pixel of a canvas is turned into colours, moved and updated, which is bound by memory.

Measured with `eye` on one core of an EPYC, boards of eight channels: 0.24 µs in float32 with AVX2 (15,000 at its speed), 0.19 µs in
bfloat16 (38,000 at its). So what a shallow layer draws costs more than its arithmetic."""


def macs(net: lens.Net, layer: str) -> float:
    """Multiply-adds of one pass up to a layer, for one pixel of the picture."""
    table = net.layers()
    until = next(k for k, one in enumerate(table, 1) if one.name == net.layer(layer).name)
    return sum(one.macs for one in table[:until]) / (net.hw[0] * net.hw[1])


def climbing(net: lens.Net, layer: str, hw: Sequence[int], steps: float, count: int = 1) -> float:
    """Of `count` pictures of that size changed in so many steps: there and back through the network, and the canvas itself."""
    return count * hw[0] * hw[1] * steps * (2 * macs(net, layer) + CANVAS)


def looking(net: lens.Net, hw: Sequence[int], passes: float = 1) -> float:
    """Of so many passes through the whole network; one back counts as one."""
    return passes * hw[0] * hw[1] * net.layers().macs / (net.hw[0] * net.hw[1])
