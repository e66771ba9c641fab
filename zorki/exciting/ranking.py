"""The strongest answers of a layer's channels among photographs, merged batch by batch."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch.nn import functional as F

from zorki import lens

ROOM = 1 << 28  # bytes of maps that are looked at in one go
POOL = 8  # side of the squares that half precision is pooled by first
NOBODY = 1 << 62  # in place of a photograph's number: the place is free


@dataclass
class Best:
    """The best photographs of a layer's channels so far, best first.

    values: (channels, n) float32, -inf where there is none yet; photos: (channels, n) int64, NOBODY there; places: (channels, n, 2)
    int64, row and column of the unit in the layer's maps, -1 where not looked for.
    """

    values: torch.Tensor
    photos: torch.Tensor
    places: torch.Tensor

    @classmethod
    def empty(cls, channels: int, count: int) -> Best:
        shape = (channels, count)
        photos = torch.full(shape, NOBODY, dtype=torch.int64, device="cpu")
        return cls(
            torch.full(shape, -math.inf, dtype=torch.float32, device="cpu"),
            photos,
            torch.full((*shape, 2), -1, dtype=torch.int64, device="cpu"),
        )

    def take(self, maps: torch.Tensor, numbers: torch.Tensor, placed: bool = True) -> None:
        """Merges maps (b, channels, h, w) of the photographs `numbers` (b,), which rise; with the places of units if `placed`."""
        new = highest(maps).T
        last = self.photos[:, -1:]
        rows = ((new > self.values[:, -1:]) | ((new == self.values[:, -1:]) & (numbers < last))).any(1).nonzero()[:, 0]
        if not len(rows):
            return
        count = self.values.shape[1]
        values = torch.cat([self.values[rows], new[rows]], 1)
        photos = torch.cat([self.photos[rows], numbers.expand(len(rows), -1)], 1)
        photos.masked_fill_(values == -math.inf, NOBODY)
        unknown = torch.full((len(rows), len(numbers), 2), -1, dtype=torch.int64, device="cpu")
        places = torch.cat([self.places[rows], unknown], 1)
        order = ranked(values, photos)[:, :count]
        values, photos = values.gather(1, order), photos.gather(1, order)
        places = places.gather(1, order[..., None].expand(-1, -1, 2))
        if placed:
            row, slot = ((places[..., 0] < 0) & (photos != NOBODY)).nonzero(as_tuple=True)
            which = torch.searchsorted(numbers, photos[row, slot])
            places[row, slot] = best_units(maps, which, rows[row])[1]
        self.values[rows], self.photos[rows], self.places[rows] = values, photos, places

    def first(self, count: int) -> Best:
        return Best(self.values[:, :count], self.photos[:, :count], self.places[:, :count])


def ranked(values: torch.Tensor, photos: torch.Tensor) -> torch.Tensor:
    """The order of each row (rows, n): highest value first, of equal ones the earlier photograph."""
    order = photos.argsort(dim=1, stable=True)
    return order.gather(1, values.gather(1, order).argsort(dim=1, descending=True, stable=True))


def highest(maps: torch.Tensor) -> torch.Tensor:
    """(b, c) float32 in main memory: each map's largest number, -inf where it has none. maps: (b, c, h, w)."""
    small = maps
    if maps.dtype in (torch.bfloat16, torch.float16):  # torch has no fast amax for these; a pool does most of it
        small = F.max_pool2d(maps, [min(POOL, side) for side in maps.shape[-2:]], ceil_mode=True)
    found = small.amax((2, 3)).float().cpu()
    if not bool(found.isfinite().all()):
        found = maps.float().masked_fill(~maps.isfinite(), -math.inf).amax((2, 3)).cpu()
    return found


def best_units(maps: torch.Tensor, which: torch.Tensor, channels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """For n pairs of a picture of the batch and a channel: the largest number (n,) and where it is first met (n, 2), row by row."""
    w = maps.shape[-1]
    values, places = [torch.empty(0, dtype=torch.float32, device="cpu")], [torch.empty(0, 2, dtype=torch.int64, device="cpu")]
    for some in lens.chunk(len(which), 4 * maps[0, 0].numel(), ROOM):
        units = maps[which[some].to(maps.device), channels[some].to(maps.device)].flatten(1).float()
        units = units.masked_fill(~units.isfinite(), -math.inf)
        top = units.amax(1, keepdim=True)
        ramp = torch.arange(units.shape[1], device=units.device)
        at = torch.where(units == top, ramp, units.shape[1]).amin(1).cpu()
        values.append(top[:, 0].cpu())
        places.append(torch.stack([at // w, at % w], 1))
    return torch.cat(values), torch.cat(places)
