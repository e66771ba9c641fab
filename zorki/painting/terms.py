"""What a painting is judged by: each term says what it reads (a layer, or PICTURE), its value, and its slope on what it reads.

Source: Gatys, Ecker, Bethge 2016, equations 1 to 7.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch

from zorki.painting import moments
from zorki.painting.losses import Loss
from zorki.painting.moments import Moments
from zorki.pixels import objectives
from zorki.pixels.objectives import PICTURE

NEAR = 1e-4  # of a style's own size: a start that is nearer has it already, and is not to be magnified


class Term(Protocol):
    """The value counts `weight` times; its own slope each kind gives in its own way."""

    @property
    def text(self) -> str: ...
    @property
    def reads(self) -> str: ...
    @property
    def weight(self) -> float: ...


@dataclass(frozen=True)
class Style:
    """The statistics of a layer. target: what its moments should be, region by region; scale (r,): by which distances are divided.

    The layer may be PICTURE: the colours themselves, about mid-grey. loss: a file of `zorki/painting/losses/`.
    """

    reads: str
    target: Moments
    scale: torch.Tensor
    loss: Loss
    weight: float = 1.0

    @classmethod
    def at_start(cls, layer: str, here: Moments, there: Moments, weight: float, loss: Loss) -> Style:
        """One whose distance, at the start, is 1: so that layers weigh alike in whatever network. here: the start's, there: the style's."""
        far = loss.distance(here, there)
        own = loss.distance(there, Moments(torch.zeros_like(there.mean), torch.zeros_like(there.product), there.share))
        least = getattr(loss, "LEAST", None)
        floor = NEAR * own if least is None else torch.full_like(far, least)
        return cls(layer, there, torch.maximum(far, floor).clamp_min(1e-12), loss, weight)

    @property
    def text(self) -> str:
        return "style palette" if self.reads == PICTURE else f"style {self.reads}"

    def value(self, m: Moments) -> torch.Tensor:
        """The mean over regions, by their size; as a fraction of `scale`."""
        shares = m.share / m.share.sum().clamp_min(moments.FEW)
        return (self.loss.distance(m, self.target) / self.scale * shares).sum()

    def value_and_slope(self, m: Moments) -> tuple[float, Moments]:
        """The value, and its gradient with respect to mean and product."""
        with torch.inference_mode(False), torch.enable_grad():
            own = Moments(m.mean.clone().requires_grad_(True), m.product.clone().requires_grad_(True), m.share.clone())
            value = self.value(own)
            d = torch.autograd.grad(value, [own.mean, own.product], allow_unused=True)
        mean, product = (torch.zeros_like(x) if g is None else g for g, x in zip(d, (own.mean, own.product), strict=True))
        return float(value.detach()), Moments(mean, product, m.share)


@dataclass(frozen=True)
class Content:
    """A layer's maps (1, c, h, w) that are to stay, as a share of their own size, or of `scale`; weights (1, 1, h, w): of its places."""

    reads: str
    target: torch.Tensor
    weight: float = 1.0
    weights: torch.Tensor | None = None
    scale: float | None = None

    @property
    def text(self) -> str:
        return f"content {self.reads}"

    @cached_property
    def size(self) -> float:
        """By what squared distances are divided."""
        if self.scale is not None:
            return self.scale
        weights = 1.0 if self.weights is None else self.weights
        some = (self.target[:, c : c + 16].float() for c in range(0, self.target.shape[1], 16))  # no copy of all
        return max(1e-12, math.fsum(float((x.square() * weights).sum()) for x in some))

    def value_and_slope(
        self, maps: torch.Tensor, part: Callable[[torch.Tensor], torch.Tensor], factor: float
    ) -> tuple[float, torch.Tensor]:
        """Of a tile's maps what they add to the value, and `factor` times the slope. part: cuts the tile out of the whole picture's maps."""
        squares, half = objectives.content_squares(maps, part(self.target), None if self.weights is None else part(self.weights))
        return float(squares.sum()) / self.size, half * (2 * factor / self.size)


@dataclass(frozen=True)
class OfPicture:
    """What the pixels themselves are judged by, as `objectives.variation`."""

    text: str
    weight: float
    value_and_slope: objectives.PictureTerm
    reads: str = PICTURE
