"""A style as statistics: what the channels of a layer are on average, and how they go together, region by region.

Source: Gatys, Ecker, Bethge 2016 (Gram matrices); Gatys et al. 2017, "Controlling perceptual factors" (guides). What of them is compared:
`zorki/painting/losses/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from zorki.pixels.objectives import no_maps

FEW = 1e-6  # a region of fewer of all places than that is empty
PARTS = 16  # of the rows of a product in bfloat16


@dataclass(frozen=True)
class Moments:
    """mean (r, c), product (r, c, c): E[a] and E[a aᵀ] over the places of each of r regions; share (r,): of all places, 0..1."""

    mean: torch.Tensor
    product: torch.Tensor
    share: torch.Tensor

    @property
    def covariance(self) -> torch.Tensor:
        return self.product - self.mean[:, :, None] * self.mean[:, None, :]

    def regions(self, which: Sequence[int]) -> Moments:
        """Some of the regions, each as often as it is named."""
        pick = list(which)
        return Moments(self.mean[pick], self.product[pick], self.share[pick])


def mixed(parts: Sequence[Moments], weights: Sequence[float]) -> Moments:
    """The weighted mean, weights brought to a sum of 1. Products are averaged and not covariances: what lies between two styles has the
    distance of their means as variance of its own."""
    total = sum(weights)
    shares = [w / total for w in weights]

    def mean(values: Sequence[torch.Tensor]) -> torch.Tensor:
        return torch.stack([s * v for s, v in zip(shares, values, strict=True)]).sum(0)

    return Moments(mean([p.mean for p in parts]), mean([p.product for p in parts]), parts[0].share)


class Sums:
    """Moments while they are added up, tile by tile."""

    def __init__(self) -> None:
        self.weight = self.first = self.second = torch.zeros((), dtype=torch.float32, device="cpu")
        self.places = 0

    def add(self, maps: torch.Tensor, weights: torch.Tensor | None = None) -> None:
        """maps: (1, c, h, w); weights: (r, h, w), of the places; not given: one region, all of it."""
        a = rows_of(maps)
        if weights is None:
            ones = torch.ones(len(a), 1, dtype=a.dtype, device=a.device)
            weight, first, second = torch.tensor([float(len(a))], dtype=torch.float32, device="cpu"), square(ones, a), square(a, a)[None]
        else:
            w = weights.reshape(len(weights), -1).to(a.device)
            weight, first = w.sum(1), w @ a.float()
            second = torch.stack([square(a, a * one[:, None].to(a.dtype)) for one in w])
        self.weight, self.first, self.second = self.weight.to(a.device) + weight.to(a.device), self.first + first, self.second + second
        self.places += len(a)

    def moments(self) -> Moments:
        """Of a region without places they are 0, and so is its share."""
        weight = self.weight.clamp_min(FEW * self.places)
        return Moments(self.first / weight[:, None], self.second / weight[:, None, None], self.weight / max(1, self.places))


def rows_of(maps: torch.Tensor) -> torch.Tensor:
    """Maps (1, c, h, w) as rows (places, c); no copy where channels lie last. Raises InputError for what has no places."""
    if maps.ndim != 4:
        raise no_maps(f"A layer of shape {tuple(maps.shape[1:])}")
    rows = maps.permute(0, 2, 3, 1).reshape(-1, maps.shape[1])
    return rows if rows.dtype in (torch.bfloat16, torch.float64) else rows.float()


def square(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """aᵀ b (c, d) in float32 of rows (n, c) and (n, d). bfloat16 is multiplied as it is, in PARTS whose rounding is not added up."""
    if a.dtype != torch.bfloat16:
        return (a.T @ b).float()
    many = len(a) // PARTS * PARTS
    out = torch.zeros(a.shape[1], b.shape[1], device=a.device, dtype=torch.float32)
    if many:
        x, y = (p[:many].view(PARTS, many // PARTS, p.shape[1]) for p in (a, b))
        out += torch.bmm(x.transpose(1, 2), y).float().sum(0)
    if many < len(a):
        out += (a[many:].T @ b[many:]).float()
    return out


def of(maps: torch.Tensor, weights: torch.Tensor | None = None) -> Moments:
    """Of the maps (1, c, h, w) of one picture; weights: (r, h, w) of its places."""
    sums = Sums()
    sums.add(maps, weights)
    return sums.moments()


def placed(weights: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Weights (r, h, w) of pixels as weights of a layer's places (r, *hw): means of the pixels below each, soft at the edges."""
    return F.adaptive_avg_pool2d(weights[None], hw)[0]


def slopes(d: Moments, m: Moments, maps: torch.Tensor, weights: torch.Tensor | None, places: int) -> torch.Tensor:
    """d loss / d maps (1, c, h, w), from d loss / d moments, for all or some of the `places` that the moments are of.

    d: the loss's gradient with respect to mean and product.
    """
    a = rows_of(maps)
    out: torch.Tensor | None = None
    for r in range(len(d.mean)):
        count = float(m.share[r]) * places
        if not count:
            continue
        mean, product = (d.mean[r] / count).to(a.dtype), ((d.product[r] + d.product[r].T) / count).to(a.dtype)
        one = torch.addmm(mean, a, product) if a.is_contiguous() else torch.addmm(mean[:, None], product, a.T).T  # laid as the maps are
        if weights is not None:
            one.mul_(weights[r].reshape(-1, 1).to(one))
        out = one if out is None else out.add_(one)
    _, c, h, w = maps.shape
    return (torch.zeros_like(a) if out is None else out).view(1, h, w, c).permute(0, 3, 1, 2)
