"""All that a painting is made of, opened: the network, the photo, styles and masks; what is asked of each size, and how it gets back.

Source: Gatys, Ecker, Bethge 2016; Gatys et al. 2017, "Controlling perceptual factors in neural style transfer" (colours, regions).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

import torch
from torch.nn import functional as F

from zorki import io, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.seeds import uniform
from zorki.nets.soften import soften
from zorki.painting import features, moments
from zorki.painting.enlarging import enlarged
from zorki.painting.moments import Moments
from zorki.painting.painter import Content, Painter, level_of, variation
from zorki.pixels import colour, parts, sizes
from zorki.pixels.objectives import PICTURE, no_maps

CHROMA = 0.4  # of the content, at the start; the rest of the colour comes from the style
SMALLEST, APART = 320, 1.8  # the first size worked at is no larger; each is at most so many times the one before
FINER = (1.0, 0.67, 0.45, 0.2, 0.1)  # of the steps, at each size
CONSTANTS = {"gatys": 1e3, "johnson": 5.0}  # of the papers: weight of a level, for Gram matrices divided by the number of places, times C⁴


class Wishes(Protocol):
    """The settings of a method that paints, as far as they are read here."""

    @property
    def layers(self) -> tuple[str, ...]: ...
    @property
    def layer_weights(self) -> tuple[float, ...]: ...
    @property
    def content_layer(self) -> str | None: ...
    @property
    def content_weight(self) -> float: ...
    @property
    def style_weight(self) -> float: ...
    @property
    def mix(self) -> str | None: ...
    @property
    def statistics(self) -> Literal["gram", "w2"]: ...
    @property
    def balance(self) -> Literal["start", "gatys", "johnson"]: ...
    @property
    def colours(self) -> Literal["style", "luminance", "histogram", "linear"]: ...
    @property
    def style_size(self) -> float: ...
    @property
    def strength(self) -> float: ...
    @property
    def variation(self) -> float: ...
    @property
    def start(self) -> Literal["content", "noise"]: ...
    @property
    def steps(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def full(self) -> bool: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True)
class Compared:
    """The photo at a size, its moments and the maps that hold it, and what the moments of a painting should be. A name is a layer or PICTURE."""

    base: torch.Tensor
    here: dict[str, Moments]
    there: dict[str, Moments]
    held: torch.Tensor


@dataclass
class Sitting:
    """All that a painting is made of, opened: the softened net, pictures, what is asked of them.

    styles: each picture (1, 3, h, w) with the weights (1, h, w) of what is not transparent, or None. covers: (r, h, w), where each style goes.
    """

    net: lens.Net
    content: torch.Tensor
    styles: list[tuple[torch.Tensor, torch.Tensor | None]]
    shares: list[float]
    covers: torch.Tensor | None
    begin: torch.Tensor | None
    layers: list[str]
    holds: str
    sizes: list[tuple[int, int]]
    grey: bool
    s: Wishes
    last: Compared | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, net: lens.Net, content: torch.Tensor, style: io.PhotoSet, mask: io.PhotoSet | None, begin: torch.Tensor | None, s: Wishes
    ) -> Sitting:
        """Raises UnknownName for a layer, InputError for what does not fit together."""
        with net.alone():
            soft = net.like(soften(net.module))
        usual, holder = features.style_layers(soft, last=s.balance == "johnson")
        layers = [soft.layer(name).name for name in s.layers] or usual
        holds = soft.layer(s.content_layer).name if s.content_layer is not None else holder
        for name in (*layers, holds):
            if len(soft.layer(name).shape) < 2:
                raise no_maps(name)
        if s.layer_weights and len(s.layer_weights) != len(layers):
            raise InputError(
                f"There are {len(s.layer_weights)} layer weights for {len(layers)} layers.", f"The layers are {', '.join(layers)}."
            )
        styles = [opened(photo) for photo in style]
        hw = (content.shape[-2], content.shape[-1])
        covers = None if mask is None else covers_of([luminous(p) for p in mask], hw, len(styles))
        if s.colours != "style":
            styles = [(colour.like(s.colours, picture, content, weights), weights) for picture, weights in styles]
        grey = s.colours == "luminance" or all(colour.is_grey(x) for x in (content, *(p for p, _ in styles)))
        return cls(
            soft, content, styles, shares_of(s.mix, len(styles)), covers, begin, layers, holds,
            sizes_of(soft, hw, s, [*layers, holds]), grey, s,
        )  # fmt: skip

    @property
    def steps(self) -> list[int]:
        """Updates at each size."""
        return [max(1, round(self.s.steps * FINER[min(k, len(FINER) - 1)])) for k in range(len(self.sizes))]

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
            here, maps = features.measured(self.net, base, names, self.regions(hw), keep=[self.holds])
            self.last = Compared(base, here, self.targets(hw, names), maps[self.holds])
        return self.last

    def judge(self, hw: tuple[int, int]) -> Painter:
        """What a painting of this size is judged by."""
        s, found = self.s, self.compared(hw)
        own = s.balance == "start"
        amounts = dict(zip(self.layers, s.layer_weights or (1.0,) * len(self.layers), strict=True)) | ({PICTURE: 1.0} if own else {})
        total = sum(amounts.values()) or 1.0
        levels = []
        for name, amount in amounts.items():
            kind = "colour" if name == PICTURE else s.statistics
            weight = s.style_weight * amount / (total if own else 1.0)
            level = level_of(name, found.here[name], found.there[name], weight, kind)
            if not own:  # the papers' constants, for Gram matrices divided by the number of places
                count = level.target.product.shape[-1]  # channels
                level = replace(level, scale=torch.full_like(level.scale, count**4 / CONSTANTS[s.balance]))
            levels.append(level)
        held = Content(self.holds, found.held, s.content_weight, size=None if own else float(found.held.numel()))
        terms = [("variation", s.variation, variation)] if s.variation else []
        return Painter(self.net, hw, levels, held if s.content_weight else None, terms, self.regions(hw))

    def alike(self) -> bool:
        """Whether the photo has the style already."""
        if self.begin is not None or self.s.start == "noise":
            return False
        found = self.compared(self.sizes[0])
        return features.alike(found.here, found.there)

    def first(self) -> torch.Tensor:
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

    def onto(self, base: torch.Tensor, picture: torch.Tensor, side: int | None = None) -> torch.Tensor:
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

    def announce(self, judge: Painter, picture: torch.Tensor) -> None:
        """Says what is worked at and how long it will take."""
        h, w = self.sizes[-1]
        H, W = self.content.shape[-2:]
        carried = max(h, w) < max(H, W) and not self.s.full
        rest = f" The rest of the way to {W} × {H} is carried over (--full paints every pixel)." if carried else ""
        events.note(f"Painting at {w} × {h} pixels, about {events.spoken(foreseen(judge, picture, self.sizes, self.steps))}.{rest}")


def foreseen(judge: Painter, picture: torch.Tensor, sizes: Sequence[tuple[int, int]], steps: Sequence[int]) -> float:
    """Seconds that all will take, by a look at the first size; the very first look is longer than all others, so it is not counted."""
    judge.of(picture)
    began = time.monotonic()
    judge.of(picture)
    each = (time.monotonic() - began) / (sizes[0][0] * sizes[0][1])
    return each * sum(h * w * count for (h, w), count in zip(sizes, steps, strict=True))


def opened(photo: io.Photo) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A style's pixels (1, 3, h, w), and the weights (1, h, w) of what is not transparent. Raises InputError for one that is nothing else."""
    picture = torch.from_numpy(photo.seen.copy()).permute(2, 0, 1)[None]
    if photo.alpha is None:
        return picture, None
    weights = torch.from_numpy(photo.alpha.copy()).float()[None]
    if float(weights.max()) <= 0:
        raise InputError(f"{photo.name} is transparent all over.", "There is no style in it.")
    return picture, None if float(weights.min()) >= 1 else weights


def luminous(photo: io.Photo) -> torch.Tensor:
    """A mask (h, w) in 0..1; what is transparent in it is black."""
    light = photo.pixels.mean(-1)
    return torch.from_numpy(light if photo.alpha is None else light * photo.alpha)


def covers_of(masks: Sequence[torch.Tensor], hw: tuple[int, int], count: int) -> torch.Tensor:
    """Masks (h, w) as weights (r, *hw), one for each of `count` styles. Raises InputError for another number of them, or for one of another shape."""
    if len(masks) != count:
        raise InputError(f"There are {len(masks)} masks for {count} styles.", "The first mask is for the first style, and so on.")
    out = []
    for k, mask in enumerate(masks, 1):
        parts.fitting(f"Mask {k}", (mask.shape[0], mask.shape[1]), "the photo", hw)
        one = sizes.resize(mask[None, None].float(), hw)[0, 0]
        if not bool(one.any()):
            events.note(f"Mask {k} is black all over: its style is painted nowhere.")
        out.append(one)
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
        raise InputError(f"--mix {mix} does not fit {count} styles.", "It is a share for each, as 2,1.")
    return shares


def sizes_of(net: lens.Net, hw: tuple[int, int], s: Wishes, layers: list[str]) -> list[tuple[int, int]]:
    """Sizes (h, w) worked at, small to large."""
    sides = [max(hw) if s.full else min(s.size, max(hw))]
    while sides[0] > SMALLEST:
        sides.insert(0, round(sides[0] / APART))
    return list(dict.fromkeys(sizes.fitted(net, hw, side, layers) for side in sides))
