"""The problem of style transfer: the network, the photo, styles and masks; what each size is judged by, and how it gets back to the photo.

Source: Gatys, Ecker, Bethge 2016; Gatys et al. 2017, "Controlling perceptual factors in neural style transfer" (colours, regions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F

from zorki import io, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import uniform
from zorki.nets.soften import soften
from zorki.painting import features, losses, moments, palette, schedule
from zorki.painting.enlarging import enlarged
from zorki.painting.moments import Moments
from zorki.painting.painter import Painter
from zorki.painting.terms import Content, OfPicture, Style, Term
from zorki.pixels import colour, parts, sizes
from zorki.pixels.objectives import PICTURE, no_maps, variation

if TYPE_CHECKING:
    from zorki.wings.style.transfer import Settings

CHROMA = 0.4  # of the content, at the start; the rest of the colour comes from the style
CONSTANTS = {"gatys": 1e3, "johnson": 5.0}  # of the papers: weight of a layer, for Gram matrices divided by the number of places, times C⁴


@dataclass(frozen=True)
class Compared:
    """The photo at a size, its moments and the maps that hold it, and what the moments of a painting should be. A name is a layer or PICTURE."""

    base: torch.Tensor
    here: dict[str, Moments]
    there: dict[str, Moments]
    held: torch.Tensor


@dataclass
class Problem:
    """The softened net, the pictures, and what is asked of them.

    styles: each picture (1, 3, h, w) with the weights (1, h, w) of what is not transparent, or None. covers: (r, h, w), where each style goes.
    """

    net: lens.Net
    content: torch.Tensor
    styles: list[tuple[torch.Tensor, torch.Tensor | None]]
    shares: list[float]
    covers: torch.Tensor | None
    begin: torch.Tensor | None
    layers: list[str]
    content_layer: str
    sizes: list[tuple[int, int]]
    grey: bool
    s: Settings
    last: Compared | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, net: lens.Net, content: torch.Tensor, style: io.PhotoSet, mask: io.PhotoSet | None, begin: torch.Tensor | None, s: Settings
    ) -> Problem:
        """Raises UnknownName for a layer, InputError for what does not fit together."""
        with net.alone():
            soft = net.like(soften(net.module))
        usual, holds = features.style_layers(soft, last=s.balance == "johnson")
        layers = [soft.layer(name).name for name in s.layers] or usual
        content_layer = soft.layer(s.content_layer).name if s.content_layer is not None else holds
        for name in (*layers, content_layer):
            if len(soft.layer(name).shape) < 2:
                raise no_maps(name)
        if s.layer_weights and len(s.layer_weights) != len(layers):
            raise InputError(
                f"There are {len(s.layer_weights)} layer weights for {len(layers)} layers.",
                f"The layers are {', '.join(layers)}.",
                "Give --layer-weights one for each.",
            )
        styles = [features.style_picture(photo) for photo in style]
        hw = (content.shape[-2], content.shape[-1])
        covers = None if mask is None else covers_of([luminous(p) for p in mask], hw, len(styles))
        if s.colours != "style":
            styles = [(colour.like(s.colours, picture, content, weights), weights) for picture, weights in styles]
        grey = s.colours == "luminance" or all(colour.is_grey(x) for x in (content, *(p for p, _ in styles)))
        return cls(
            soft, content, styles, shares_of(s.mix, len(styles)), covers, begin, layers, content_layer,
            schedule.sizes_of(soft, hw, max(hw) if s.full else s.size, [*layers, content_layer]), grey, s,
        )  # fmt: skip

    @property
    def steps(self) -> list[int]:
        """Updates at each size."""
        return schedule.steps_of(self.s.steps, len(self.sizes))

    def base(self, hw: tuple[int, int]) -> torch.Tensor:
        """The photo at a size, as it is painted over: with `colours` luminance without them."""
        small = sizes.resize(self.content, hw).to(self.net.device)
        return colour.lightness(small) if self.s.colours == "luminance" else small

    def regions(self, hw: tuple[int, int]) -> torch.Tensor | None:
        return None if self.covers is None else sizes.resize(self.covers[None], hw)[0].to(self.net.device)

    def targets(self, hw: tuple[int, int], names: list[str]) -> dict[str, Moments]:
        """What the moments of each layer should be: the styles mixed, or each for its region."""
        found = []
        longest = max(8, round(max(hw) * self.s.style_size))
        for picture, weights in self.styles:
            size = sizes.fitted(self.net, (picture.shape[-2], picture.shape[-1]), longest, [n for n in names if n in self.layers])
            if picture.shape[-2:] == self.content.shape[-2:] and self.s.style_size == 1:
                size = hw  # else rounding would make two sizes of one, and a photo unlike itself
            part = None if weights is None else F.interpolate(weights[None], size, mode="area")[0].to(self.net.device)
            small = sizes.resize(picture, size).to(self.net.device)
            found.append(features.measured(self.net, small, names, part)[0])
        if self.covers is None:
            return {n: moments.mixed([f[n] for f in found], self.shares) for n in names}
        return {n: Moments(*(torch.cat([getattr(f[n], k) for f in found]) for k in ("mean", "product", "share"))) for n in names}

    def compared(self, hw: tuple[int, int]) -> Compared:
        """The photo and the styles at a size; the last one is kept."""
        if self.last is None or (self.last.base.shape[-2], self.last.base.shape[-1]) != hw:
            base, names = self.base(hw), [PICTURE, *self.layers]
            here, maps = features.measured(self.net, base, names, self.regions(hw), keep=[self.content_layer])
            self.last = Compared(base, here, self.targets(hw, names), maps[self.content_layer])
        return self.last

    def painter(self, hw: tuple[int, int]) -> Painter:
        """What judges a painting of this size."""
        s, found = self.s, self.compared(hw)
        terms: list[Term] = [*self.style_terms(found)]
        if s.content_weight:
            scale = None if s.balance == "start" else float(found.held.numel())
            terms.append(Content(self.content_layer, found.held, s.content_weight, scale=scale))
        if s.variation:
            terms.append(OfPicture("variation", s.variation, variation))
        return Painter(self.net, hw, terms, self.regions(hw))

    def style_terms(self, found: Compared) -> list[Style]:
        """Of each layer, and of the colours."""
        s = self.s
        own = s.balance == "start"
        amounts = dict(zip(self.layers, s.layer_weights or (1.0,) * len(self.layers), strict=True)) | ({PICTURE: 1.0} if own else {})
        total = sum(amounts.values()) or 1.0
        out = []
        for name, amount in amounts.items():
            loss: losses.Loss = palette if name == PICTURE else losses.take(s.statistics)
            weight = s.style_weight * amount / (total if own else 1.0)
            term = Style.at_start(name, found.here[name], found.there[name], weight, loss)
            if not own:  # the papers' constants, for Gram matrices divided by the number of places
                channels = term.target.product.shape[-1]
                term = replace(term, scale=torch.full_like(term.scale, channels**4 / CONSTANTS[s.balance]))
            out.append(term)
        return out

    def alike(self) -> bool:
        """Whether the photo has the style already."""
        if self.begin is not None or self.s.start == "noise":
            return False
        found = self.compared(self.sizes[0])
        return features.alike(found.here, found.there)

    def start(self) -> torch.Tensor:
        """What is painted over, at the first size: the photo with the colours that it is to have, or what was asked for."""
        hw = self.sizes[0]
        if self.begin is not None:
            return sizes.resize(self.begin, hw).to(self.net.device)
        if self.s.start == "noise":
            noise = uniform((1, 3, *hw), self.s.seed, "transfer").to(self.net.device)
            return noise.mean(1, keepdim=True).expand_as(noise).contiguous() if self.grey else noise
        found = self.compared(hw)
        if self.s.balance != "start" or self.covers is not None or self.grey:
            return found.base
        here, there = ((m.mean[0][:, None] + 0.5, m.covariance[0]) for m in (found.here[PICTURE], found.there[PICTURE]))
        return colour.mapped(found.base, here, there, CHROMA)

    def carried(self, base: torch.Tensor, picture: torch.Tensor, side: int | None = None) -> torch.Tensor:
        """The photo in its own size, or with that longest side, changed as `base` was to become `picture`."""
        whole = sizes.within(self.content, side).to(picture.device)
        hw = (whole.shape[-2], whole.shape[-1])
        plain = self.covers is None and self.s.strength == 1 and self.s.colours != "luminance"
        if plain and (picture.shape[-2], picture.shape[-1]) == hw:
            return picture
        source = colour.lightness(whole) if self.s.colours == "luminance" else whole
        made = enlarged(source, base, picture)
        if plain:
            return made
        change = made - source
        if self.covers is not None:
            change = change * sizes.within(self.covers[None], side)[0].to(change).sum(0, keepdim=True).clamp(max=1)
        return (whole + self.s.strength * change).clamp(0, 1)

    def announce(self, painter: Painter, picture: torch.Tensor) -> None:
        """Says what is worked at and how long it will take."""
        h, w = self.sizes[-1]
        H, W = self.content.shape[-2:]
        smaller = max(h, w) < max(H, W) and not self.s.full
        rest = f" The rest of the way to {W} × {H} is carried over (--full paints every pixel)." if smaller else ""
        events.note(
            f"Painting at {w} × {h} pixels, about {events.spoken(schedule.foreseen(painter, picture, self.sizes, self.steps))}.{rest}"
        )


def luminous(photo: io.Photo) -> torch.Tensor:
    """A mask (h, w) in 0..1; what is transparent in it is black."""
    light = photo.pixels.mean(-1)
    return torch.from_numpy(light if photo.alpha is None else light * photo.alpha)


def covers_of(masks: Sequence[torch.Tensor], hw: tuple[int, int], count: int) -> torch.Tensor:
    """Masks (h, w) as weights (r, *hw), one for each of `count` styles. Raises InputError for another number of them, or for one of another shape."""
    if len(masks) != count:
        raise InputError(
            f"There are {len(masks)} masks for {count} styles.",
            "The first mask is for the first style, and so on.",
            "Give a mask for each style, or none.",
        )
    out = []
    for k, mask in enumerate(masks, 1):
        parts.fitting(f"Mask {k}", (mask.shape[0], mask.shape[1]), "the photo", hw)
        weights = sizes.resize(mask[None, None].float(), hw)[0, 0]
        if not bool(weights.any()):
            events.note(f"Mask {k} is black all over: its style is painted nowhere.")
        out.append(weights)
    return torch.stack(out)


def shares_of(mix: str | None, count: int) -> list[float]:
    """ "2,1" as numbers. Raises InputError."""
    if mix is None:
        return [1.0] * count
    try:
        shares = [float(part) for part in mix.split(",")]
    except ValueError:
        shares = []
    if len(shares) != count or min(shares) < 0 or not 0 < sum(shares) < float("inf"):
        raise InputError(
            f"--mix={mix} does not fit {count} styles.",
            "It is a share for each, none below 0.",
            f"Write --mix={','.join(['1'] * count)}, say.",
        )
    return shares
