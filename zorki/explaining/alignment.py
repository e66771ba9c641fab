"""Where maps lie in the picture that they are of: each cell in the middle of what it sees."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional as F

from zorki import lens
from zorki.core.errors import InputError
from zorki.lens.cells import Cells
from zorki.lens.field import Axis
from zorki.pixels.sizes import resize

Span = tuple[
    float, float, float, float
]  # top, bottom, left, right, as shares of the picture; may reach outside; of a mirrored one right is before left
CLOSE = 1e-6


def span(net: lens.Net, layer: str, hw: tuple[int, int], grid: tuple[int, int], told: lens.grids.Told | None = None) -> Span | None:
    """Which part of a picture of hw the cells of a layer's maps (grid: rows, columns) cover; None where it is all of it, or not known.

    A cell is as wide as the step from one to the next, about the middle of what its unit sees: without padding the rim is covered by none.
    """
    try:
        found = lens.grids.cells(net, layer, hw, told)
        if found.in_order and not steady(found, net.hw, hw, grid):
            found = net._trace(hw).cells[net.layer(layer).name]  # type: ignore[assignment]
    except InputError:  # vectors, and what is not known
        return None
    if not isinstance(found, Cells) or found.down is None or found.across is None:
        return None
    top, bottom = edges(found.down, grid[0], hw[0])
    left, right = edges(found.across, grid[1], hw[1])
    whole = all(abs(a - b) < CLOSE for a, b in ((top, 0), (bottom, 1), (left, 0), (right, 1)))
    return None if whole else (top, bottom, left, right)


def steady(found: Cells, known: tuple[int, int], hw: tuple[int, int], grid: tuple[int, int]) -> bool:
    """Whether the step from cell to cell, known of one size, explains the number of cells at another: not behind adaptive pools."""
    return all(
        axis is None or abs((now - before) - (side - usual) / float(axis.stride)) < 2
        for axis, before, now, usual, side in zip((found.down, found.across), found.hw, grid, known, hw, strict=True)
    )


def edges(axis: Axis, count: int, side: int) -> tuple[float, float]:
    """Where the first cell begins and the last ends."""
    first = axis.start + (axis.size - axis.stride) / 2
    return float(first / side), float((first + count * axis.stride) / side)


def laid(
    cells: torch.Tensor, span: Span | None, hw: tuple[int, int], enlarge: Callable[[torch.Tensor, tuple[int, int]], torch.Tensor]
) -> torch.Tensor:
    """Cells (rows, columns) on a picture (h, w), enlarged by `enlarge`; NaN where none lies."""
    if span is None:
        return enlarge(cells, hw)
    top, bottom, left, right = span
    if bottom < top or right < left:  # the net saw the picture mirrored
        turned = [d for d, back in ((0, bottom < top), (1, right < left)) if back]
        return laid(cells.flip(turned), (min(top, bottom), max(top, bottom), min(left, right), max(left, right)), hw, enlarge)
    out = torch.full(hw, torch.nan, dtype=torch.float32, device="cpu")
    top, left = round(span[0] * hw[0]), round(span[2] * hw[1])
    high, wide = max(1, round(span[1] * hw[0]) - top), max(1, round(span[3] * hw[1]) - left)
    large = enlarge(cells, (high, wide))
    rows, columns = (slice(max(0, at), min(side, at + long)) for at, long, side in ((top, high, hw[0]), (left, wide, hw[1])))
    out[rows, columns] = large[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    return out


def smooth(cells: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Cells (rows, columns) at another size, without steps between them."""
    return resize(cells[None, None], hw)[0, 0]


def hard(cells: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Cells (rows, columns) at another size, each of one value."""
    return F.interpolate(cells[None, None], hw, mode="nearest-exact")[0, 0]


def striped(picture: torch.Tensor, photo: torch.Tensor, unknown: torch.Tensor) -> torch.Tensor:
    """A picture (3, h, w) with stripes over the photo (1, 3, h, w) where `unknown` (rows, columns) says so."""
    h, w = picture.shape[-2:]
    lines = torch.where((torch.arange(h, device="cpu")[:, None] + torch.arange(w, device="cpu")) % 8 < 2, 0.85, 0.35)
    return torch.where(hard(unknown.float(), (h, w)) > 0, photo[0] * 0.3 + 0.7 * lines, picture)
