"""Show what a layer keeps of a picture: a new one is drawn from noise until the layer answers alike.

Source: Mahendran and Vedaldi 2014; Gatys, Ecker, Bethge 2016, figure 1 (content above, style below).
Differs: drawn on a Fourier canvas, which needs no further prior; losses are shares of the target's own size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import lens, pixels
from zorki.core.method import Input
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

DECAY = 1.3  # steeper than a photograph's 1: plain areas of colour come back, which few steps would not reach else
INPUTS = {"image": Input("the picture that is reconstructed")}


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer that must answer alike; not given: the network's own (conv4_1 in eye)"
    what: Literal["content", "style"] = "content"
    "content: what is where; style: what goes together, wherever it is"
    steps: Annotated[int, Least(1)] = 150
    "updates of the picture"
    rate: Annotated[float, Least(0)] = 0.05
    "size of an update"
    size: Annotated[int, Least(1)] = 256
    "longest side worked at"
    seed: int = 0
    "the same number gives the same picture"


PRESETS: dict[str, Settings] = {}


def run(net: lens.Net, image: torch.Tensor, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """From noise; the result has the size worked at, since no detail of the picture may be carried over.

    image: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer the net lacks.
    """
    import torch

    name = net.pick_layer(s.layer)
    hw = pixels.shift.fitted(net, (image.shape[-2], image.shape[-1]), s.size, name)
    small = pixels.shift.resize(image, hw).to(net.device)
    with torch.no_grad(), net.quiet():
        target = lens.capture(net, small, name, grad=False)[name].float()
    if s.what == "content":
        goal = -pixels.objectives.content(name, target)
    else:
        g = pixels.objectives.gram_of(target)
        goal = -pixels.objectives.gram(name, g, scale=float(g.pow(2).sum()) or 1.0)
    seeds = [seed_for(s.seed, "reconstruct", name)]
    canvas = pixels.Fourier(hw, seeds, decay=DECAY, device=net.device)
    yield from pixels.climb(net, canvas, goal, steps=s.steps, rate=s.rate)
