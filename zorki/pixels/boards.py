"""Many drawings, a batch at a time: each Step shows all that is done and what is being drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch

from zorki import lens
from zorki.pixels.canvas import Canvas
from zorki.pixels.climbing import Step, climb
from zorki.pixels.objectives import Objective
from zorki.pixels.transforms import Movement

Batch = tuple[Canvas, Objective, list[int]]  # what is changed, what it climbs, a seed for each of its pictures


def board(
    net: lens.Net, batches: Iterable[Batch], stages: int, *, steps: int, rate: float, wobble: Movement, labels: Sequence[str],
    show: Callable[[torch.Tensor], torch.Tensor],
) -> Iterator[Step]:  # fmt: skip
    """Climbs one batch after the other. batches: made when it is their turn; stages: how many there are.

    show: turns a canvas's pictures into what a person sees (b, 3, h, w). labels: a caption for each picture of all batches.
    """
    done: tuple[torch.Tensor, ...] = ()
    for k, (canvas, objective, seeds) in enumerate(batches, 1):

        def shown(picture: torch.Tensor, before: tuple[torch.Tensor, ...] = done) -> torch.Tensor:
            return torch.cat([*before, show(picture).cpu()])

        yield from climb(
            net, canvas, objective, steps=steps, rate=rate, seeds=seeds, stage=k, stages=stages, show=shown, labels=labels, wobble=wobble
        )
        with torch.no_grad():
            done = (*done, show(canvas()).detach().cpu())
