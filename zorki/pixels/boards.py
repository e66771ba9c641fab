"""Many drawings, a batch at a time: each Step shows all that is done and what is being drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import torch

from zorki import lens
from zorki.core.seeds import seed_for
from zorki.pixels import ink, objectives, shift
from zorki.pixels.canvas import Canvas, Fourier
from zorki.pixels.climbing import Step, climb
from zorki.pixels.objectives import Objective
from zorki.pixels.transforms import Movement, Wobble

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


def of_channels(
    net: lens.Net, layer: str, channels: Sequence[int], *, size: int = 96, steps: int = 64, rate: float = 0.12, jitter: float = 6,
    batch: int = 16, seed: int = 0, each: int = 1,
) -> Iterator[Step]:  # fmt: skip
    """Draws channels of a layer from nothing, as Fourier pictures; `each` that many times, from different starts."""
    hw = (size, size) if net.step(layer) == 1 else shift.fitted(net, (size, size), size, layer)
    at_once = min(batch, net.batch or batch)
    wanted = [(n, j) for n in channels for j in range(each)]
    groups = [wanted[i : i + at_once] for i in range(0, len(wanted), at_once)]

    def batches() -> Iterator[Batch]:
        for group in groups:
            seeds = [seed_for(seed, layer, n, *([j] if j else [])) for n, j in group]
            canvas = Fourier(hw, seeds, channels=net.channels, device=net.device)
            yield canvas, objectives.channels(layer, [n for n, _ in group]), seeds

    yield from board(
        net, batches(), len(groups), steps=steps, rate=rate, show=ink.visible, wobble=Wobble(jitter=jitter, rolls=True),
        labels=tuple(f"{layer}:{n}{f' #{j + 1}' if each > 1 else ''}" for n, j in wanted),
    )  # fmt: skip
