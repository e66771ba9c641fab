"""A plain re-statement of the peers' way to draw a channel, to be timed beside ours: one at a time, the whole net, float32.

Lucid's and Lucent's defaults: Adam with a rate of 0.05, up to 512 steps, the objective the mean of the channel's map. Canvas and
movements are the same as ours, so that only the way of working differs.
"""

from __future__ import annotations

import copy
import time

import torch

from zorki import lens, pixels
from zorki.core.seeds import seed_for

STEPS, RATE, CHECK = 512, 0.05, 16


def rendered(picture: torch.Tensor) -> torch.Tensor:
    """As an 8-bit file holds it."""
    return (picture.detach().clamp(0, 1) * 255).round() / 255


@torch.no_grad()
def activation(net: lens.Net, picture: torch.Tensor, layer: str, channel: int) -> float:
    with net.quiet():
        return float(lens.capture(net, rendered(picture), layer, grad=False)[layer][0, channel].mean())


def draw(net: lens.Net, layer: str, channel: int, side: int, wanted: float, seed: int = 0) -> tuple[float, float, int]:
    """Seconds until the re-rendered picture reaches `wanted` (or all steps are done), what it reached, and the steps."""
    module = copy.deepcopy(net.module).eval().to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
    seeds = [seed_for(seed, layer, channel)]
    canvas, wobble = pixels.Fourier((side, side), seeds), pixels.Wobble(jitter=6, rolls=True)
    plan = wobble.plan(STEPS, seeds)
    adam = torch.optim.Adam(canvas.parameters(), lr=RATE)
    kept: dict[str, torch.Tensor] = {}
    module.get_submodule(layer).register_forward_hook(lambda _m, _x, y: kept.update(map=y.clone()))  # a ReLU in place comes next
    spent, reached = 0.0, 0.0
    for step in range(1, STEPS + 1):
        began = time.perf_counter()
        adam.zero_grad()
        module(wobble(canvas(), plan[step - 1]))
        (-kept["map"][:, channel].mean()).backward()
        adam.step()
        spent += time.perf_counter() - began
        if step % CHECK == 0:  # not counted
            reached = activation(net, canvas(), layer, channel)
            if reached >= wanted:
                return spent, reached, step
    return spent, reached, STEPS
