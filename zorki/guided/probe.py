"""How fast this machine is at the moment: a few steps of a drawing, timed."""

from __future__ import annotations

import math
import statistics
import time
from dataclasses import dataclass

import torch

from zorki import lens, pixels
from zorki.core import hands
from zorki.guided.work import climbing

SIDE, AT_ONCE = 96, 8  # of the tour's own drawings
MOST = 10e9  # multiply-adds of a step, so that a large network's are few enough
SECONDS, LEAST = 0.3, 3  # measured for so long, and so many steps at least
ALONE = 0.75  # a thread that has the processor for less of the time than this shares it with others
SPIN = 0.03  # seconds in which that is found out
CLASSES = 6  # of speed, for each doubling


@dataclass(frozen=True)
class Speed:
    """each: multiply-adds a second. share: of the time in which a thread had the processor. threads: with how many it was measured."""

    each: float
    share: float
    threads: int

    @property
    def crowded(self) -> bool:
        return self.share < ALONE

    @property
    def kind(self) -> float:
        """`each`, rounded down to one of a few classes: small chances of timing do not change what the same machine shows."""
        return float(2 ** (math.floor(CLASSES * math.log2(self.each)) / CLASSES))


def probed(net: lens.Net, layer: str) -> Speed:
    """The speed of drawing channels of that layer, in the float type that `net` draws with.

    Where others use the processor, fewer threads are tried too: they wait less for each other. The number of the fastest is left to whoever
    asks: what is set is as before.
    """
    had = torch.get_num_threads()
    found = timed(net, layer, had)
    if net.device.type != "cpu" or not found.crowded:
        return found
    try:
        for fewer in sorted({1, had // 2} - {0, had}):
            torch.set_num_threads(fewer)
            found = max(found, timed(net, layer, fewer), key=lambda one: one.each)
    finally:
        torch.set_num_threads(had)
    return found


def timed(net: lens.Net, layer: str, threads: int) -> Speed:
    """The middle of a few steps; the first, in which much is made ready, does not count."""
    hw = pixels.sizes.fitted(net, (SIDE, SIDE), SIDE, layer)
    count = min(AT_ONCE, net.batch or AT_ONCE)
    while count > 1 and climbing(net, layer, hw, 1, count) > MOST:
        count -= 1
    climbed = pixels.boards.of_channels(net, layer, [0] * count, size=SIDE, steps=10_000)
    next(climbed)
    taken = [0.0]
    while len(taken) <= LEAST or sum(taken) < SECONDS:
        at = time.perf_counter()
        next(climbed)
        taken.append(time.perf_counter() - at)
    share = min(hands.each([had] * threads))
    return Speed(climbing(net, layer, hw, 1, count) / max(statistics.median(taken[1:]), 1e-9), min(1.0, share), threads)


def had() -> float:
    """The share of the time in which this thread has the processor while it has something to do all the time."""
    x = torch.ones(256, 256, dtype=torch.float32, device="cpu")
    began, ran = time.perf_counter(), time.thread_time()
    while time.perf_counter() - began < SPIN:
        x @ x
    return (time.thread_time() - ran) / (time.perf_counter() - began)
