"""What a painting is judged by: the styles of layers, the content, smoothness; their sum and its slope, for a picture of any size.

Statistics are of the whole picture, also where it is looked at in tiles: a first pass adds them up, a second one sends back what they
say of each tile. Source: Gatys, Ecker, Bethge 2016, equations 1 to 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import torch

from zorki import lens
from zorki.painting import moments
from zorki.painting.moments import DISTANCES, Moments, Statistic, Sums
from zorki.pixels.objectives import PICTURE
from zorki.pixels.tiles import Cut, Tiles, gradient, looked, room

Where = tuple[Cut, Cut]
WIDE, PART = 12, 6  # times the usual room: for a picture in one piece, since each of many is looked at twice; and for one of many
COLOURS = 1e-3  # a distance of colours that is as good as none: of a mean that is off by eleven levels
NEAR = 1e-4  # of a style's own size: a start that is nearer has it already, and is not to be magnified


@dataclass(frozen=True)
class Level:
    """One layer's style. target: what its moments should be, region by region; scale (r,): by which distances are divided.

    The layer may be PICTURE: the colours themselves, about mid-grey.
    """

    layer: str
    target: Moments
    scale: torch.Tensor
    weight: float = 1.0
    statistic: Statistic = "gram"

    @property
    def text(self) -> str:
        return "style palette" if self.layer == PICTURE else f"style {self.layer}"

    def value(self, m: Moments) -> torch.Tensor:
        """The mean over regions, by their size; as a fraction of `scale`."""
        shares = m.share / m.share.sum().clamp_min(moments.FEW)
        return (DISTANCES[self.statistic](m, self.target) / self.scale * shares).sum()

    def slope(self, m: Moments) -> tuple[float, Moments]:
        """The value, and its gradient with respect to mean and product."""
        with torch.inference_mode(False), torch.enable_grad():
            own = Moments(m.mean.clone().requires_grad_(True), m.product.clone().requires_grad_(True), m.share.clone())
            value = self.value(own)
            d = torch.autograd.grad(value, [own.mean, own.product], allow_unused=True)
        mean, product = (torch.zeros_like(x) if g is None else g for g, x in zip(d, (own.mean, own.product), strict=True))
        return float(value.detach()), Moments(mean, product, m.share)


@dataclass(frozen=True)
class Content:
    """A layer's maps (1, c, h, w) that are to stay, as a share of their own size, or of `size`; weights (1, 1, h, w): of its places."""

    layer: str
    target: torch.Tensor
    weight: float = 1.0
    weights: torch.Tensor | None = None
    size: float | None = None

    @property
    def text(self) -> str:
        return f"content {self.layer}"

    @cached_property
    def whole(self) -> float:
        """By what squared distances are divided."""
        if self.size is not None:
            return self.size
        weights = 1.0 if self.weights is None else self.weights
        some = (self.target[:, c : c + 16].float() for c in range(0, self.target.shape[1], 16))  # no copy of all
        return max(1e-12, math.fsum(float((x.square() * weights).sum()) for x in some))


Term = Callable[[torch.Tensor], tuple[float, torch.Tensor]]
"""Of a picture (1, 3, h, w) its value and its slope."""


@dataclass(frozen=True)
class Judged:
    """loss: what falls; parts: each term's own value; slope: of the loss, as the picture."""

    loss: float
    parts: Mapping[str, float]
    slope: torch.Tensor


def variation(x: torch.Tensor) -> tuple[float, torch.Tensor]:
    """The mean square of the differences between neighbouring pixels, down and across, and its slope."""
    out, total = torch.zeros_like(x), 0.0
    for d in (-2, -1):
        n = x.shape[d]
        if n < 2:
            continue
        apart = x.narrow(d, 1, n - 1) - x.narrow(d, 0, n - 1)
        total += float(apart.pow(2).mean())
        apart.mul_(2 / apart.numel())
        out.narrow(d, 1, n - 1).add_(apart)
        out.narrow(d, 0, n - 1).sub_(apart)
    return total, out


@dataclass
class Painter:
    """Judges pictures of one size. weights: (r, h, w), how much a pixel belongs to each region of the levels; not given: all to one.

    terms: (name, weight, what it is) of more that the pixels themselves are judged by. tiles: not given, as many as memory asks for.
    """

    net: lens.Net
    hw: tuple[int, int]
    levels: Sequence[Level]
    content: Content | None = None
    terms: Sequence[tuple[str, float, Term]] = ()
    weights: torch.Tensor | None = None
    tiles: Tiles | None = None
    places: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def layers(self) -> list[str]:
        """All that the net is asked for."""
        asked = [level.layer for level in self.levels if level.layer != PICTURE]
        return list(dict.fromkeys([*asked, *([] if self.content is None else [self.content.layer])]))

    def of(self, picture: torch.Tensor) -> Judged:
        """picture: (1, 3, h, w) in 0..1, detached."""
        parts: dict[str, float] = {}
        out = torch.zeros_like(picture, dtype=torch.float32)
        loss = 0.0
        for level in self.levels:
            if level.layer == PICTURE:
                m = moments.of(picture - 0.5, self.weights)
                parts[level.text], d = level.slope(m)
                loss += level.weight * parts[level.text]
                out += level.weight * moments.slopes(d, m, picture - 0.5, self.weights, self.hw[0] * self.hw[1])
        if self.layers:
            loss += self.through(picture, parts, out)
        for name, weight, term in self.terms:
            parts[name], slope = term(picture)
            loss += weight * parts[name]
            out.add_(slope, alpha=weight)
        return Judged(loss, parts, out)

    def cut(self) -> Tiles:
        """One piece where it fits, else smaller ones: what a large picture itself takes is missing for its windows."""
        whole, parts = (Tiles.of(self.net, self.layers, self.hw, room(self.net.device, times)) for times in (WIDE, PART))
        return whole if whole.count == 1 else parts

    def through(self, picture: torch.Tensor, parts: dict[str, float], out: torch.Tensor) -> float:
        """What the net says of it: leaves values in `parts`, adds the slope to `out`; the weighted sum."""
        tiles = self.tiles = self.tiles or self.cut()
        styled = [level for level in self.levels if level.layer != PICTURE]
        sums: dict[str, Sums] = {}
        found: dict[str, tuple[Moments, Moments]] = {}
        held = [0.0]
        scale = float(self.hw[0] * self.hw[1])  # a place's share is tiny: so much larger it is sent back, which half precision can hold

        def count(seen: Mapping[str, torch.Tensor], cut: Where) -> None:
            for name in dict.fromkeys(level.layer for level in styled):
                sums.setdefault(name, Sums()).add(seen[name], self.weighed(name, seen[name], cut))

        def conclude() -> None:
            for level in styled:
                m = sums[level.layer].moments()
                parts[level.text], d = level.slope(m)
                d = Moments(level.weight * scale * d.mean, level.weight * scale * d.product, d.share)
                if level.layer in found:
                    before = found[level.layer][1]
                    d = Moments(d.mean + before.mean, d.product + before.product, d.share)
                found[level.layer] = (m, d)

        def pull(seen: Mapping[str, torch.Tensor], cut: Where) -> list[tuple[torch.Tensor, torch.Tensor]]:
            with torch.no_grad():
                if tiles.count == 1:
                    count(seen, cut)
                    conclude()
                pairs = [
                    (seen[name], moments.slopes(d, m, seen[name], self.weighed(name, seen[name], cut), sums[name].places))
                    for name, (m, d) in found.items()
                ]
                if self.content is not None:
                    value, slope = self.kept(seen[self.content.layer], cut, scale)
                    held[0] += value
                    pairs.append((seen[self.content.layer], slope))
                return pairs

        with torch.inference_mode(False), self.net.quiet():
            if tiles.count > 1 and styled:
                for cut, seen in looked(self.net, picture, self.layers, tiles):
                    count(seen, cut)
                conclude()
            out.add_(gradient(self.net, picture, self.layers, pull, tiles), alpha=1 / scale)
        total = sum(level.weight * parts[level.text] for level in styled)
        if self.content is not None:
            parts[self.content.text] = held[0]
            total += self.content.weight * held[0]
        return total

    def weighed(self, name: str, maps: torch.Tensor, cut: Where) -> torch.Tensor | None:
        """The regions' weights of the places of a layer that a tile owns."""
        if self.weights is None:
            return None
        tiles = self.tiles
        if tiles is None or tiles.count == 1 or not tiles.exact:
            if name not in self.places:
                self.places[name] = moments.placed(self.weights, (maps.shape[-2], maps.shape[-1]))
            return self.places[name]
        if name not in self.places:
            self.places[name] = moments.placed(self.weights, tiles.grid(name))
        return tiles.part(name, self.places[name], cut, (maps.shape[-2], maps.shape[-1]))

    def kept(self, maps: torch.Tensor, cut: Where, scale: float) -> tuple[float, torch.Tensor]:
        """The content's value of a tile, and `scale` times its weighted slope."""
        c = self.content
        assert c is not None
        target, weights = c.target, c.weights
        if self.tiles is not None and self.tiles.count > 1:
            hw = (maps.shape[-2], maps.shape[-1])
            target = self.tiles.part(c.layer, target, cut, hw)
            weights = None if weights is None else self.tiles.part(c.layer, weights, cut, hw)
        apart = maps.float() - target
        weighed = apart if weights is None else apart * weights
        return float((weighed * apart).sum()) / c.whole, weighed * (2 * c.weight * scale / c.whole)


def level_of(layer: str, here: Moments, there: Moments, weight: float, statistic: Statistic) -> Level:
    """A level whose distance, at the start, is 1: so that layers weigh alike in whatever network. here: the start's, there: the style's."""
    far = DISTANCES[statistic](here, there)
    own = DISTANCES[statistic](there, Moments(torch.zeros_like(there.mean), torch.zeros_like(there.product), there.share))
    floor = torch.full_like(far, COLOURS) if statistic == "colour" else NEAR * own
    return Level(layer, there, torch.maximum(far, floor).clamp_min(1e-12), weight, statistic)
