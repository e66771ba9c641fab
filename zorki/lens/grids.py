"""Activations as maps, whatever order a net keeps them in."""

from __future__ import annotations

import torch

from zorki.core.errors import InputError

EXTRA = (0, 1, 2, 4, 5, 8)  # tokens before the grid: class, distillation, registers


def maps(activation: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Maps (b, c, h, w) from convolutions' (b, c, h, w), Swin-like (b, h, w, c), tokens (b, n, c) or vectors (b, c).

    hw: the picture's size, whose shape tells the grid's. Tokens that stand before the grid (class, registers) are left
    out; vectors become maps of one position. Raises InputError where no grid fits.
    """
    if activation.dim() == 4:
        b_h_w_c = fits(tuple(activation.shape[1:3]), hw) and not fits(tuple(activation.shape[2:]), hw)
        return activation.permute(0, 3, 1, 2) if b_h_w_c else activation
    if activation.dim() == 3:
        extra, h, w = token_grid(activation.shape[1], hw)
        return activation[:, extra:].transpose(1, 2).reshape(len(activation), -1, h, w)
    if activation.dim() == 2:
        return activation[:, :, None, None]
    raise InputError(f"An activation has the shape {tuple(activation.shape)}.", "Maps come from 2 to 4 dimensions.")


def fits(grid: tuple[int, ...], hw: tuple[int, int]) -> bool:
    """Whether rows and columns are the picture's, shrunk by the same factor and rounded either way."""
    (h, w), (rows, columns) = hw, grid
    low, high = max((rows - 1) / h, (columns - 1) / w), min((rows + 1) / h, (columns + 1) / w)
    return low < high


def token_grid(n: int, hw: tuple[int, int]) -> tuple[int, int, int]:
    """(tokens before the grid, rows, columns) of n tokens: the fewest that leave a grid of the picture's shape."""
    h, w = hw
    grids = {(h // p, w // p) for p in range(1, min(h, w) + 1)} | {(-(-h // p), -(-w // p)) for p in range(1, max(h, w) + 1)}
    for extra in EXTRA:
        near = [grid for grid in grids if grid[0] * grid[1] == n - extra]
        if near:
            return (extra, *min(near, key=lambda grid: abs(grid[0] * w - grid[1] * h)))
    raise InputError(f"{n} tokens make no grid of a picture of {h} × {w} pixels.", "", "Choose a layer of patches.")
