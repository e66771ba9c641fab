"""Paint one picture in the manner of another, by optimisation.

Source: Gatys, Ecker, Bethge 2016.
Differs: each level's style loss is divided by its distance at the start, so that levels weigh alike in any network; the
colours themselves are one more level, and the start has them already (a small net's first layer alone lets them stray);
average pooling and repeated borders; small size first; the photo's own detail beyond the size worked at is kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import lens, pixels
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

CHROMA = 0.4  # of the content, at the start; the rest of the colour comes from the style
INPUTS = {"content": Input("the photo that is painted"), "style": Input("the picture in whose manner it is painted")}


@dataclass(frozen=True)
class Settings:
    layers: tuple[str, ...] = ()
    "layers whose style is matched; not given: the first ReLU of each block"
    content_layer: str | None = None
    "layer that holds the content; not given: the last but one block's second ReLU"
    content_weight: Annotated[float, Least(0)] = 0.02
    "how strongly the content is held"
    style_weight: Annotated[float, Least(0)] = 1.0
    "how strongly the style is matched"
    variation: Annotated[float, Least(0)] = 0.5
    "how strongly neighbouring pixels are kept alike"
    steps: Annotated[int, Least(1)] = 150
    "updates at the first, smaller size; two thirds of them at the full one"
    rate: Annotated[float, Least(0)] = 0.02
    "size of an update"
    size: Annotated[int, Least(1)] = 448
    "longest side worked at"
    seed: int = 0
    "the same call gives the same picture; a start from the content draws no random numbers"


PRESETS = {
    "sketch": Settings(steps=60, size=320, rate=0.03),  # in seconds, to see whether a style suits
}


def run(net: lens.Net, content: torch.Tensor, style: torch.Tensor, s: Settings = Settings()) -> Iterator[pixels.Step]:
    """Starts from the content, at a bit over half the size, then at the full one.

    content, style: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer the net lacks.
    """
    import torch

    from zorki.nets.soften import soften

    soft = net.like(soften(net.module))
    style_layers, content_layer = chosen(soft, s)
    read = [*style_layers, content_layer]
    largest = pixels.shift.fitted(soft, (content.shape[-2], content.shape[-1]), s.size, read)
    sizes = list(dict.fromkeys([pixels.shift.fitted(soft, largest, round(max(largest) * 0.57), read), largest]))
    before: tuple[torch.Tensor, torch.Tensor] | None = None  # the photo and its painting, at the size before
    for k, hw in enumerate(sizes, 1):
        base = pixels.shift.resize(content, hw).to(net.device)
        manner = pixels.shift.resize(style, pixels.shift.fitted(soft, (style.shape[-2], style.shape[-1]), max(hw), read)).to(net.device)
        with torch.no_grad(), soft.quiet():
            kept = lens.capture(soft, base, read, grad=False)
            wanted = lens.capture(soft, manner, style_layers, grad=False)
        goal = -s.content_weight * pixels.objectives.content(content_layer, kept[content_layer].float())
        share = s.style_weight / (1 + len(style_layers))
        goal = goal - share * pixels.objectives.palette(manner, base)
        for name in style_layers:
            here, there = pixels.objectives.gram_of(kept[name]), pixels.objectives.gram_of(wanted[name])
            far = max(float((here - there).pow(2).sum()), 1e-6 * float(there.pow(2).sum()), 1e-12)
            goal = goal - share * pixels.objectives.gram(name, there, scale=far)
        goal = goal - s.variation * pixels.objectives.total_variation()
        start = pixels.colour.matched(base, manner, CHROMA) if before is None else pixels.shift.carry(base, *before)
        canvas = pixels.Plain(start)

        def show(picture: torch.Tensor, base: torch.Tensor = base) -> torch.Tensor:
            return pixels.shift.carry(content.to(picture.device), base, picture)

        steps = s.steps if k == 1 else max(1, round(s.steps * 2 / 3))
        yield from pixels.climb(soft, canvas, goal, steps=steps, rate=s.rate, stage=k, stages=len(sizes), show=show)
        before = base, canvas().detach()


def chosen(net: lens.Net, s: Settings) -> tuple[list[str], str]:
    """The layers whose style is matched, and the one that holds the content."""
    names = [layer.name for layer in net.layers() if len(layer.shape) == 3]
    firsts = [n for n in names if n.startswith("relu") and n.endswith("_1")]
    if not firsts:  # another network: five activations spread over its depth
        relus = [layer.name for layer in net.layers() if "ReLU" in layer.kind and len(layer.shape) == 3] or names
        firsts = [relus[i * (len(relus) - 1) // 4] for i in range(5)] if len(relus) > 5 else relus
    style = [net.layer(n).name for n in s.layers] or firsts
    if not style:
        raise InputError(f"{net.name} has no layer with maps.", "A style is how maps go together.", "Use a network with convolutions.")
    holds = "relu4_2" if "relu4_2" in names else firsts[max(0, len(firsts) - 2)]
    return style, net.layer(s.content_layer).name if s.content_layer is not None else holds
