"""Judges paintings of any size: the sum of its terms, and its slope.

Statistics are of the whole picture, also where it is looked at in tiles: a first pass adds them up, a second one sends back what they
say of each tile. Source: Gatys, Ecker, Bethge 2016, equations 1 to 7.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from zorki import lens
from zorki.painting import moments
from zorki.painting.moments import Moments, Sums
from zorki.painting.terms import Content, OfPicture, Style, Term
from zorki.pixels.driver import Judged
from zorki.pixels.objectives import PICTURE
from zorki.pixels.tiles import Cut, Tiles, gradient, looked, room

Where = tuple[Cut, Cut]
WIDE, PART = 12, 6  # times the usual room: for a picture in one piece, since each of many is looked at twice; and for one of many


@dataclass
class Painter:
    """Judges pictures of one size. weights: (r, h, w), how much a pixel belongs to each region of the styles; not given: all to one.

    tiles: not given, as many as memory asks for.
    """

    net: lens.Net
    hw: tuple[int, int]
    terms: Sequence[Term]
    weights: torch.Tensor | None = None
    tiles: Tiles | None = None
    places: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def styles(self) -> list[Style]:
        """Those of layers."""
        return [term for term in self.terms if isinstance(term, Style) and term.reads != PICTURE]

    @property
    def contents(self) -> list[Content]:
        return [term for term in self.terms if isinstance(term, Content)]

    @property
    def layers(self) -> list[str]:
        """All that the net is asked for."""
        return list(dict.fromkeys([term.reads for term in self.styles] + [term.reads for term in self.contents]))

    def judge(self, picture: torch.Tensor) -> Judged:
        """picture: (1, 3, h, w) in 0..1, detached."""
        parts: dict[str, float] = {}
        out = torch.zeros_like(picture, dtype=torch.float32)
        loss = 0.0
        for term in self.terms:
            if isinstance(term, Style) and term.reads == PICTURE:
                m = moments.of(picture - 0.5, self.weights)
                parts[term.text], d = term.value_and_slope(m)
                loss += term.weight * parts[term.text]
                out += term.weight * moments.slopes(d, m, picture - 0.5, self.weights, self.hw[0] * self.hw[1])
        if self.layers:
            loss += self.through(picture, parts, out)
        for term in self.terms:
            if isinstance(term, OfPicture):
                parts[term.text], slope = term.value_and_slope(picture)
                loss += term.weight * parts[term.text]
                out.add_(slope, alpha=term.weight)
        return Judged(loss, parts, [out])

    def cut(self) -> Tiles:
        """One piece where it fits, else smaller ones: what a large picture itself takes is missing for its windows."""
        whole, parts = (Tiles.of(self.net, self.layers, self.hw, room(self.net.device, times)) for times in (WIDE, PART))
        return whole if whole.count == 1 else parts

    def through(self, picture: torch.Tensor, parts: dict[str, float], out: torch.Tensor) -> float:
        """What the net says of it: leaves values in `parts`, adds the slope to `out`; the weighted sum."""
        tiles = self.tiles = self.tiles or self.cut()
        styles, contents = self.styles, self.contents
        sums: dict[str, Sums] = {}
        found: dict[str, tuple[Moments, Moments]] = {}
        held = {term.text: 0.0 for term in contents}
        scale = float(self.hw[0] * self.hw[1])  # a place's share is tiny: so much larger it is sent back, which half precision can hold

        def count(seen: Mapping[str, torch.Tensor], cut: Where) -> None:
            for name in dict.fromkeys(term.reads for term in styles):
                sums.setdefault(name, Sums()).add(seen[name], self.weighed(name, seen[name], cut))

        def conclude() -> None:
            for term in styles:
                m = sums[term.reads].moments()
                parts[term.text], d = term.value_and_slope(m)
                d = Moments(term.weight * scale * d.mean, term.weight * scale * d.product, d.share)
                if term.reads in found:
                    before = found[term.reads][1]
                    d = Moments(d.mean + before.mean, d.product + before.product, d.share)
                found[term.reads] = (m, d)

        def pull(seen: Mapping[str, torch.Tensor], cut: Where) -> list[tuple[torch.Tensor, torch.Tensor]]:
            with torch.no_grad():
                if tiles.count == 1:
                    count(seen, cut)
                    conclude()
                pairs = [
                    (seen[name], moments.slopes(d, m, seen[name], self.weighed(name, seen[name], cut), sums[name].places))
                    for name, (m, d) in found.items()
                ]
                for term in contents:
                    maps = seen[term.reads]
                    value, slope = term.value_and_slope(maps, self.part_of(term.reads, maps, cut), term.weight * scale)
                    held[term.text] += value
                    pairs.append((maps, slope))
                return pairs

        with torch.inference_mode(False), self.net.quiet():
            if tiles.count > 1 and styles:
                for cut, seen in looked(self.net, picture, self.layers, tiles):
                    count(seen, cut)
                conclude()
            out.add_(gradient(self.net, picture, self.layers, pull, tiles), alpha=1 / scale)
        total = sum(term.weight * parts[term.text] for term in styles)
        for term in contents:
            parts[term.text] = held[term.text]
            total += term.weight * held[term.text]
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

    def part_of(self, name: str, maps: torch.Tensor, cut: Where) -> Callable[[torch.Tensor], torch.Tensor]:
        """Cuts what belongs to a tile, whose maps are `maps`, out of what has a layer's whole grid."""
        tiles, hw = self.tiles, (maps.shape[-2], maps.shape[-1])
        return (lambda whole: whole) if tiles is None else lambda whole: tiles.part(name, whole, cut, hw)
