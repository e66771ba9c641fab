"""Draw what a channel answers to: gradient ascent from an empty picture, or onto a photo.

Source: Erhan et al. 2009; Olah, Mordvintsev, Schubert 2017, "Feature Visualization".
Differs: one resampling moves the picture, which wraps around; fewer, larger steps at 96 px, since a wider picture only repeats the pattern.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import pixels
from zorki.core import events
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS = {"on": Input("draw onto this photo instead of an empty picture", option=True)}


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose channels are drawn; not given: the network's own (conv4_1 in eye)"
    channel: str = "0-15"
    "channels: 7, 0-63, 1,4,9 or all"
    size: Annotated[int, Least(8)] = 96
    "side of a drawing in pixels; with --on the photo's longest side"
    steps: Annotated[int, Least(1)] = 128
    "updates of the picture"
    rate: Annotated[float, Least(0)] = 0.05
    "size of an update"
    jitter: Annotated[float, Least(0)] = 6
    "pixels by which the picture is shifted at random, each step"
    keep: float = 1.0
    "with --on: how strongly the photo is held on to"
    batch: Annotated[int, Least(1)] = 16
    "drawings at a time"
    seed: int = 0
    "the same number gives the same picture"


ALSO = {"channels": "channel"}
PRESETS = {
    "quick": Settings(steps=64, rate=0.08),  # half the steps: patterns are there, edges are softer
    "fine": Settings(size=192, steps=256),  # for one picture that is to be printed
}


def run(net: lens.Net, on: torch.Tensor | None = None, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """Climbs the mean of each channel's map, in batches; a Step shows the batch that is being drawn.

    on: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer, InputError for a channel that the net lacks.
    """
    import torch

    name = net.pick_layer(s.layer)
    count = net.layer(name).shape[0]
    default = s.channel == Settings.channel and count < 16  # a small layer has fewer than the first sixteen
    chosen = numbers("all" if default else s.channel, count, name)
    hw = pixels.shift.fitted(net, (s.size, s.size), s.size, name) if net.step(name) != 1 else (s.size, s.size)
    small = None
    if on is not None:
        hw = pixels.shift.fitted(net, (on.shape[-2], on.shape[-1]), s.size, name)
        small = pixels.shift.resize(on, hw).to(net.device)
    if net.channels > 3:
        events.note(f"{net.name} takes {net.channels} channels: the first three are shown as red, green and blue.")
    at_once = min(s.batch, net.batch or s.batch)
    batches = [chosen[i : i + at_once] for i in range(0, len(chosen), at_once)]
    done: list[torch.Tensor] = []
    for k, batch in enumerate(batches, 1):
        seeds = [seed_for(s.seed, name, number) for number in batch]
        goal = pixels.objectives.channels(name, batch)
        if small is None:
            canvas = pixels.Fourier(hw, seeds, channels=net.channels, device=net.device)
        else:
            canvas = pixels.Fourier(hw, start=small.expand(len(batch), -1, -1, -1), device=net.device)
            goal = goal - s.keep * pixels.objectives.nearness(small)
        wobble = pixels.Wobble(jitter=s.jitter, rolls=small is None)

        def show(picture: torch.Tensor) -> torch.Tensor:
            if on is not None and small is not None:
                picture = torch.cat([pixels.shift.carry(on.to(picture.device), small, p[None]) for p in picture])
            return torch.cat([*done, pixels.ink.visible(picture).cpu()])

        yield from pixels.climb(
            net,
            canvas,
            goal,
            steps=s.steps,
            rate=s.rate,
            wobble=wobble,
            seeds=seeds,
            stage=k,
            stages=len(batches),
            show=show,
            labels=tuple(f"{name}:{n}" for n in chosen),
        )
        with torch.no_grad():
            done.append(show(canvas())[len(torch.cat(done)) if done else 0 :].detach())
