"""Many drawings, a group at a time: each Step shows all that is done and what is being drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import TypeVar

import torch

from zorki import lens
from zorki.core import hands
from zorki.core.seeds import seed_for
from zorki.pixels import display, objectives, sizes
from zorki.pixels.canvas import Canvas, empty
from zorki.pixels.climbing import climb
from zorki.pixels.driver import Step
from zorki.pixels.objectives import Objective
from zorki.pixels.transforms import Movement, Wobble

Batch = tuple[Canvas, Objective, list[int]]  # what is changed, what it climbs, a seed for each of its pictures
T = TypeVar("T")


def board(
    net: lens.Net, drawings: Sequence[T], at_once: int, batch: Callable[[Sequence[T]], Batch], *, steps: int, rate: float,
    wobble: Movement, labels: Sequence[str], show: Callable[[torch.Tensor], torch.Tensor],
) -> Iterator[Step]:  # fmt: skip
    """Climbs `at_once` drawings after the other, in float32 shared out among as many threads as torch may use, which need not wait for each other.

    batch: what some of the drawings are to become. show: turns a canvas's pictures into what a person sees (b, 3, h, w). labels: a
    caption for each picture of all drawings.
    """
    groups = [drawings[k : k + at_once] for k in range(0, len(drawings), at_once)]
    # In bfloat16 the last digits hang on the number of threads, and there is little to win.
    most = hands.count() if net.drawing == torch.float32 else 1
    nets = lens.twins(net, min(most, max(map(len, groups), default=1)))
    done: tuple[torch.Tensor, ...] = ()
    for k, group in enumerate(groups, 1):
        parts = [batch(part) for part in shared(group, len(nets))]
        climbs = [
            climb(one, canvas, objective, steps=steps, rate=rate, seeds=seeds, stage=k, stages=len(groups), wobble=wobble)
            for one, (canvas, objective, seeds) in zip(nets, parts, strict=False)
        ]

        def shown(parts: Sequence[Batch] = parts, before: tuple[torch.Tensor, ...] = done) -> torch.Tensor:
            return torch.cat([*before, *(show(canvas()).cpu() for canvas, _, _ in parts)])

        for found in together(climbs):
            yield replace(joined(found, [len(seeds) for _, _, seeds in parts]), paint=shown, labels=labels)
        with torch.no_grad():
            done = (*done, *(show(canvas()).detach().cpu() for canvas, _, _ in parts))


def shared(group: Sequence[T], n: int) -> list[Sequence[T]]:
    """In at most n parts, as equal as can be; none of one alone, whose last digits differ: torch takes another way through a batch of one."""
    n = max(1, min(n, len(group) // 2))
    edges = [round(k * len(group) / n) for k in range(n + 1)]
    return [group[a:b] for a, b in pairwise(edges)]


def together(climbs: Sequence[Iterator[Step]]) -> Iterator[list[Step]]:
    """Step by step what all climbs give."""
    try:
        while True:
            found = hands.each([partial(next, one, None) for one in climbs])
            steps = [step for step in found if step is not None]
            if not steps:
                return
            yield steps
    finally:
        for one in climbs:
            one.close()  # type: ignore[attr-defined]


def joined(steps: Sequence[Step], pictures: Sequence[int]) -> Step:
    """One Step of several: its loss is the mean over all pictures, and so is a part that several have."""
    if len(steps) == 1:
        return steps[0]
    sums: dict[str, tuple[float, int]] = {}
    for step, n in zip(steps, pictures, strict=True):
        for name, value in step.parts.items():
            total, count = sums.get(name, (0.0, 0))
            sums[name] = (total + n * value, count + n)
    loss = sum(s.loss * n for s, n in zip(steps, pictures, strict=True)) / sum(pictures)
    return replace(steps[0], loss=loss, parts={name: total / count for name, (total, count) in sums.items()})


def of_channels(
    net: lens.Net, layer: str, channels: Sequence[int], *, size: int = 96, steps: int = 64, rate: float = 0.12, jitter: float = 6,
    batch: int = 16, seed: int = 0, each: int = 1,
) -> Iterator[Step]:  # fmt: skip
    """Draws channels of a layer from nothing, as Fourier pictures; `each` that many times, from different starts."""
    hw = (size, size) if net.step(layer) == 1 else sizes.fitted(net, (size, size), size, layer)
    wanted = [(n, j) for n in channels for j in range(each)]

    def made(some: Sequence[tuple[int, int]]) -> Batch:
        seeds = [seed_for(seed, layer, n, *([j] if j else [])) for n, j in some]
        return empty(net, hw, seeds), objectives.channels(layer, [n for n, _ in some]), seeds

    yield from board(
        net, wanted, min(batch, net.batch or batch), made, steps=steps, rate=rate, show=display.visible,
        wobble=Wobble(jitter=jitter, rolls=True), labels=tuple(f"{layer}:{n}{f' #{j + 1}' if each > 1 else ''}" for n, j in wanted),
    )  # fmt: skip
