"""Give a photo the light and the colours of another photo, region by region, and let it stay a photo.

Source: Luan, Paris, Shechtman, Bala 2017, "Deep photo style transfer".
Differs: starts from a linear colour match inside each region; the affine penalty is applied without a matrix; what was
painted beyond that match is smoothed by guided filters, whose affine functions also carry it to the photo's own size.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import pixels
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import io, lens
    from zorki.painting.moments import Moments
    from zorki.painting.painter import Painter

INPUTS = {
    "content": Input("the photo that gets another light"),
    "style": Input("the photo whose light and colours it gets", kind="photo"),
    "content_mask": Input("a picture in flat colours: the content's regions", option=True),
    "style_mask": Input("the style's regions, in the same colours as those of the content that they belong to", option=True),
}
NETS = ("eye",)
SMALL = 0.5  # of the size worked at, in the first stage


@dataclass(frozen=True)
class Settings:
    layers: tuple[str, ...] = ()
    "layers whose style is matched; not given: the first ReLU of each block"
    content_weight: Annotated[float, Least(0)] = 0.02
    "how strongly the content is held"
    affine: Annotated[float, Least(0)] = 100.0
    "how strongly it is held to be, in every small window, an affine function of the photo's colours"
    steps: Annotated[int, Least(1)] = 120
    "updates at half the size, and as many at the whole"
    rate: Annotated[float, Least(0)] = 0.01
    "size of an update"
    regions: Literal["auto", "none"] = "auto"
    "where there are no masks: what a network that ships finds in both photos, as people and background, where it fits; or none"
    smooth: Annotated[float, Least(0)] = 0.012
    "radius of the last smoothing, as a share of the longest side; 0: none"
    size: Annotated[int, Least(1)] = 700
    "longest side worked at; the rest of the way the photo goes through the affine functions found"
    seed: int = 0
    "the same call gives the same picture; nothing is drawn at random"


PRESETS = {
    "strict": Settings(affine=1000.0),  # hardly more than other colours
    "free": Settings(affine=10.0, smooth=0.004),  # textures may change
}


def run(
    net: lens.Net,
    content: torch.Tensor,
    style: io.Photo,
    content_mask: torch.Tensor | None = None,
    style_mask: torch.Tensor | None = None,
    s: Settings = Settings(),
) -> Iterator[pixels.Step]:
    """Half the size first; yields the photo in its own size.

    All pictures but the style (1, 3, h, w) float32 sRGB in 0..1; the style's transparent parts count nowhere. Raises UnknownName for a
    layer the net lacks, InputError for one mask without the other and for masks that have no colour in common.
    """
    from zorki.nets.soften import soften
    from zorki.painting import features, matting
    from zorki.painting.optimiser import PictureOptimiser, paint
    from zorki.painting.schedule import foreseen

    with net.alone():
        soft = net.like(soften(net.module))
    usual, holds = features.style_layers(soft)
    layers = [soft.layer(name).name for name in s.layers] or usual
    light, seen = features.style_picture(style)
    own, other = paired(content, light, content_mask, style_mask, s.regions == "auto")
    if seen is not None:
        other = at(other, (light.shape[-2], light.shape[-1])) * seen
    longest = min(s.size, max(content.shape[-2:]))
    read = [*layers, holds]
    hws = [
        pixels.sizes.fitted(soft, (content.shape[-2], content.shape[-1]), side, read) for side in (max(96, round(longest * SMALL)), longest)
    ]
    optimiser: PictureOptimiser | None = None
    before: tuple[torch.Tensor, torch.Tensor] | None = None
    sizes = list(dict.fromkeys(hws))
    for k, hw in enumerate(sizes, 1):
        base = pixels.sizes.resize(content, hw).to(net.device)
        found = compared(soft, base, light.to(net.device), own, other, layers, holds, content.shape == light.shape)
        if k == 1 and features.alike(found.here, found.there):
            events.note("The photo has this light already: there is nothing to do.")
            yield pixels.Step(1, 1, 1, 1, 0.0, {}, lambda: content)
            return
        painter = painter_of(soft, found, s)
        if optimiser is None or before is None:
            optimiser = PictureOptimiser(recoloured(base, light, own, other), rate=s.rate)
            seconds = foreseen(painter, optimiser.picture.detach(), sizes, [s.steps] * len(sizes))
            events.note(f"At {hws[-1][1]} × {hws[-1][0]} pixels, about {events.spoken(seconds)}.")
        else:
            optimiser = optimiser.next(hw, pixels.sizes.carry(base, *before))

        def show(picture: torch.Tensor, side: int | None, base: torch.Tensor = base) -> torch.Tensor:
            whole = pixels.sizes.within(content, side).to(picture.device)
            if not s.smooth:
                return pixels.sizes.carry(whole, base, picture)
            radius = max(1, round(s.smooth * max(picture.shape[-2:])))
            start, matched = (recoloured(x, light, own, other) for x in (base, whole))
            return matting.relit(whole, matched, base, start, picture, radius)

        yield from paint(optimiser, painter.judge, steps=s.steps, stage=k, stages=len(sizes), show=show)
        before = base, optimiser.picture.detach().clone()


def paired(
    content: torch.Tensor, style: torch.Tensor, content_mask: torch.Tensor | None, style_mask: torch.Tensor | None, find: bool = False
) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (r, h, w) of the regions of both pictures, at their masks' sizes; of one region all of it. find: without masks, what a network finds."""
    import torch

    from zorki import segmenting
    from zorki.painting import regions

    if content_mask is None and style_mask is None:
        found = segmenting.regions.shared(content, style) if find else None
        if found is not None:
            said = ", ".join(f"{name} {float(w.mean()):.0%}" for name, w in zip(found[2], found[0], strict=True))
            events.note(f"Regions, as {found[3]} finds them in both photos (--regions=none: without): {said} of the content.")
            return found[0], found[1]
        return torch.ones(1, 1, 1, dtype=torch.float32, device="cpu"), torch.ones(1, 1, 1, dtype=torch.float32, device="cpu")
    if content_mask is None or style_mask is None:
        have, lack = ("style", "content") if content_mask is None else ("content", "style")
        raise InputError(f"There is a --{have}-mask and no --{lack}-mask.", "Regions are paired by colour.", f"Give --{lack}-mask too.")
    for what, picture, mask in (("content", content, content_mask), ("style", style, style_mask)):
        pixels.parts.fitting(f"The {what}'s mask", (mask.shape[-2], mask.shape[-1]), f"the {what}", (picture.shape[-2], picture.shape[-1]))
    own, other, names = regions.paired(*(m[0].permute(1, 2, 0).numpy() for m in (content_mask, style_mask)))
    events.note(f"Regions: {', '.join(f'{name} {float(w.mean()):.0%}' for name, w in zip(names, own, strict=True))} of the content.")
    return own, other


def at(weights: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Regions' weights (r, h, w) for a picture of that size."""
    from torch.nn import functional as F

    if weights.shape[-2:] == (1, 1):
        return weights.expand(-1, *hw)
    return F.interpolate(weights[None], hw, mode="area" if hw[0] <= weights.shape[-2] else "nearest")[0]


def recoloured(base: torch.Tensor, style: torch.Tensor, own: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The photo with the colours of the style, each region's mean and covariance by those of its partner; soft where regions meet."""
    import torch
    from torch.nn import functional as F

    hw, shw = ((x.shape[-2], x.shape[-1]) for x in (base, style))
    mine, theirs = at(own, hw).to(base.device), at(other, shw).to(base.device)
    style = style.to(base.device)
    out, total = torch.zeros_like(base), torch.zeros_like(mine[:1])
    for a, b in zip(mine, theirs, strict=True):
        here, there = base[0][:, a > 0.5][None, :, None], style[0][:, b > 0.5][None, :, None]
        if here.shape[-1] < 2 or there.shape[-1] < 2:
            here, there = base, style
        soft = F.avg_pool2d(a[None, None], 5, 1, 2, count_include_pad=False)[0]
        out += pixels.colour.matched(base, there, here) * soft
        total += soft
    return torch.where(total > 0, out / total.clamp_min(1e-6), base).clamp(0, 1)


@dataclass(frozen=True)
class Compared:
    """The photo at a size, its regions (r, h, w), its moments and the maps that hold it, and what the moments should be. A name is a layer or PICTURE."""

    base: torch.Tensor
    own: torch.Tensor
    here: dict[str, Moments]
    there: dict[str, Moments]
    holds: str
    held: torch.Tensor


def compared(
    net: lens.Net,
    base: torch.Tensor,
    style: torch.Tensor,
    own: torch.Tensor,
    other: torch.Tensor,
    layers: list[str],
    holds: str,
    same: bool = False,
) -> Compared:
    """Both measured at this size, region by region. same: the two photos have one size, and are to have one here."""
    from zorki.painting import features
    from zorki.pixels.objectives import PICTURE

    hw = (base.shape[-2], base.shape[-1])
    shw = hw if same else pixels.sizes.fitted(net, (style.shape[-2], style.shape[-1]), max(hw), [*layers, holds])
    small = pixels.sizes.resize(style, shw)
    mine, theirs = at(own, hw).to(base.device), at(other, shw).to(base.device)
    names = [PICTURE, *layers]
    here, maps = features.measured(net, base, names, mine, keep=[holds])
    there, _ = features.measured(net, small, names, theirs)
    return Compared(base, mine, here, there, holds, maps[holds])


def painter_of(net: lens.Net, found: Compared, s: Settings) -> Painter:
    """What judges a painting of this size."""
    from zorki.painting import matting, palette
    from zorki.painting.losses import gram
    from zorki.painting.painter import Painter
    from zorki.painting.terms import Content, OfPicture, Style, Term
    from zorki.pixels.objectives import PICTURE

    hw, weight = (found.base.shape[-2], found.base.shape[-1]), 1 / len(found.here)
    terms: list[Term] = [Style.at_start(n, m, found.there[n], weight, palette if n == PICTURE else gram) for n, m in found.here.items()]
    if s.content_weight:
        terms.append(Content(found.holds, found.held, s.content_weight))
    if s.affine > 0 and min(hw) >= matting.WINDOW:
        terms.append(OfPicture("affine", s.affine, matting.Laplacian(found.base).term))
    return Painter(net, hw, terms, found.own)
