"""Exaggerate what a layer already sees in a photo.

Source: Mordvintsev, Olah, Tyka 2015.
Differs: pictures are 0..1, so the rate is 1.5/255; octaves shrink with antialiasing; the photo's own detail beyond the
size worked at is kept, only the dream is enlarged.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import pixels
from zorki.core.method import Input
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS = {"photo": Input("the photo to dream on")}


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose activations grow; not given: the network's own (conv4_1 in eye)"
    octaves: Annotated[int, Least(1, 20)] = 4
    "sizes climbed, small to large"
    ratio: Annotated[float, Least(1.01, 8)] = 1.4
    "each octave is larger than the last by this"
    steps: Annotated[int, Least(1)] = 10
    "updates in each octave"
    rate: Annotated[float, Least(0, 255)] = 1.5
    "size of an update, in 8-bit levels"
    jitter: Annotated[int, Least(0)] = 32
    "pixels by which the picture is rolled at random, each step"
    size: Annotated[int, Least(1)] = 512
    "longest side worked at"
    seed: int = 0
    "the same number gives the same picture"


PRESETS = {
    "calm": Settings(octaves=3, steps=6),  # a hint of a dream: the photo stays a photo
    "wild": Settings(octaves=6, steps=16, rate=2.0),  # more octaves give larger creatures
}


def run(net: lens.Net, photo: torch.Tensor, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """Climbs octave by octave, carrying only the added detail.

    photo: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer the net lacks.
    """
    import torch
    from torch.nn import functional as F

    name = net.pick_layer(s.layer)
    largest = pixels.shift.fitted(net, (photo.shape[-2], photo.shape[-1]), s.size, name)
    shrunk = [pixels.shift.fitted(net, largest, round(max(largest) / s.ratio**k), name) for k in range(s.octaves)]
    sizes = list(dict.fromkeys(shrunk))[::-1]  # of a very small photo several octaves have one size
    detail: torch.Tensor | None = None
    for k, hw in enumerate(sizes, 1):
        base = pixels.shift.resize(photo, hw).to(net.device)
        start = base if detail is None else base + F.interpolate(detail, hw, mode="bicubic", align_corners=False)
        canvas = pixels.Plain(start.clamp(0, 1))

        def show(picture: torch.Tensor, base: torch.Tensor = base) -> torch.Tensor:
            return pixels.shift.carry(photo.to(picture.device), base, picture)

        yield from pixels.climb(
            net, canvas, pixels.objectives.layer(name), steps=s.steps, rate=s.rate / 255, optimiser="ascent",
            wobble=pixels.Roll(s.jitter), seeds=[seed_for(s.seed, "dream", k)], stage=k, stages=len(sizes), show=show,
        )  # fmt: skip
        with torch.no_grad():
            detail = canvas() - base
