"""Pieces of a picture that is too large to be looked at at once, and pictures of a size that a net takes."""

from __future__ import annotations

import math
from typing import Any, Protocol

import torch

from zorki import lens

STEP = 0.5  # how far tiles lie apart, in sides
SMALL = 64  # pixels of a side, below which a net may have nothing left to see


class Rows(Protocol):
    """A picture that is read some rows at a time."""

    @property
    def hw(self) -> tuple[int, int]: ...

    def rows(self, top: int, bottom: int) -> Any:
        """Rows `top` up to `bottom`, (n, w, c) in 0..1, an array or a tensor."""


class Held:
    """A picture (c, h, w) at hand, as Rows."""

    def __init__(self, picture: torch.Tensor) -> None:
        self.picture = picture
        self.hw = (picture.shape[-2], picture.shape[-1])

    def rows(self, top: int, bottom: int) -> torch.Tensor:
        return self.picture[:, top:bottom].permute(1, 2, 0)


def strip(picture: Rows, top: int, bottom: int) -> torch.Tensor:
    """Some rows as a picture (1, c, n, w)."""
    found = picture.rows(top, bottom)
    return (found if isinstance(found, torch.Tensor) else torch.from_numpy(found)).permute(2, 0, 1)[None]


def positions(size: int, tile: int, step: float = STEP) -> list[int]:
    """Where tiles begin so that they cover `size` pixels, evenly, at most tile · step apart (a pixel at least)."""
    if size <= tile:
        return [0]
    count = math.ceil((size - tile) / max(1.0, tile * step)) + 1
    return [round(i * (size - tile) / (count - 1)) for i in range(count)]


def size_for(net: lens.Net, hw: tuple[int, int]) -> tuple[int, int]:
    """The smallest size that holds hw and that the net takes."""
    step = net.step()
    if not step:
        return net.hw
    least = net.least if min(hw) < SMALL else 1
    h, w = (-(-max(side, least) // step) * step for side in hw)
    return h, w


def widened(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """x (b, c, h, w) reflected beyond its last row and column, as often as needed, to the size hw."""
    for dim, wanted in zip((2, 3), hw, strict=True):
        size = x.shape[dim]
        if wanted > size:
            there = torch.arange(wanted, dtype=torch.int64, device=x.device) % max(1, 2 * (size - 1))
            x = x.index_select(dim, torch.where(there < size, there, 2 * (size - 1) - there))
    return x
