"""Show what a layer keeps of a picture: a new one is drawn from noise until the layer answers alike.

Source: Mahendran and Vedaldi 2014; Gatys, Ecker, Bethge 2016, figure 1 (content above, style below).
Differs: drawn on a Fourier canvas, which needs no further prior; losses are shares of the target's own size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import lens, pixels
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.seeds import seed_for
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

DECAY = 1.3  # steeper than a photograph's 1: plain areas of colour come back, which few steps would not reach else
INPUTS = {"image": Input("the picture that is reconstructed")}
NETS = ("eye",)


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer that must answer alike; not given: the network's own (conv4_1 in eye)"
    what: Literal["content", "style"] = "content"
    "content: what is where; style: what goes together, wherever it is"
    board: bool = False
    "all depths side by side: above the content of one layer after another, below the style of all layers up to it"
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
    if not s.board:
        name = net.pick_layer(s.layer)
        yield from drawn(net, image, [name], s.what, s)
        return
    import torch

    from zorki.painting.features import style_layers

    if s.layer is not None:
        raise InputError("--board and --layer are both given.", "The one shows all depths, the other names one.", "Leave one of them out.")
    layers, _ = style_layers(net)
    cells = {f"content {name}": ([name], "content") for name in layers}
    cells |= {f"style {layers[0]}{f' … {layers[k]}' if k else ''}": (layers[: k + 1], "style") for k in range(len(layers))}
    sheet: list[torch.Tensor] = []
    for n, (names, what) in enumerate(cells.values()):
        for step in drawn(net, image, names, what, s):
            made = step.image()
            sheet = [*sheet[:n], made]
            blank = [torch.full_like(made, 0.5)] * (len(cells) - n - 1)
            yield replace(step, stage=n + 1, stages=len(cells), paint=partial(torch.cat, [*sheet, *blank]), labels=tuple(cells))


def drawn(net: lens.Net, image: torch.Tensor, names: list[str], what: str, s: Settings) -> Iterator[pixels.Step]:
    """What those layers keep of it."""
    import torch

    hw = pixels.sizes.fitted(net, (image.shape[-2], image.shape[-1]), s.size, names)
    small = pixels.sizes.resize(image, hw).to(net.device)
    with torch.no_grad(), net.quiet():
        targets = lens.capture(net, small, names, grad=False)
    goals = []
    for name in names:
        target = targets[name].float()
        if what == "content":
            goals.append(-pixels.objectives.content(name, target))
        else:
            g = pixels.objectives.gram_of(target)
            goals.append(-pixels.objectives.gram(name, g, scale=float(g.pow(2).sum()) or 1.0))
    goal = goals[0]
    for more in goals[1:]:
        goal = goal + more
    seeds = [seed_for(s.seed, "reconstruct", names[-1])]
    canvas = pixels.empty(net, hw, seeds, decay=DECAY)
    yield from pixels.climb(net, canvas, goal, steps=s.steps, rate=s.rate, show=pixels.display.visible)
