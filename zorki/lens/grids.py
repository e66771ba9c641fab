"""Activations as maps, whatever order a net keeps them in."""

from __future__ import annotations

import re

import torch

from zorki.core.errors import InputError
from zorki.lens.cells import Cells
from zorki.lens.net import Net

EXTRA = (0, 1, 2, 4, 5, 8)  # tokens before the grid: class, distillation, registers
Told = tuple[int, int, int]  # rows, columns, and the tokens before them, as a person says


def maps(activation: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Maps (b, c, h, w) from convolutions' (b, c, h, w), Swin-like (b, h, w, c), tokens (b, n, c) or vectors (b, c), by their shapes alone.

    hw: the picture's size, whose shape tells the grid's. Tokens that stand before the grid (class, registers) are left
    out; vectors become maps of one position. Raises InputError where no grid fits. Where the net is at hand, `maps_of` knows better.
    """
    if activation.dim() == 4:
        b_h_w_c = fits(tuple(activation.shape[1:3]), hw) and not fits(tuple(activation.shape[2:]), hw)
        return activation.permute(0, 3, 1, 2) if b_h_w_c else activation
    if activation.dim() == 3:
        extra, h, w = token_grid(activation.shape[1], hw)
        return activation[:, extra:].transpose(1, 2).reshape(len(activation), -1, h, w)
    if activation.dim() == 2:
        return activation[:, :, None, None]
    raise InputError(
        f"An activation has the shape {tuple(activation.shape)}.", "Maps come from 2 to 4 dimensions.", "Choose another layer."
    )


def maps_of(net: Net, layer: str, activation: torch.Tensor, hw: tuple[int, int], told: Told | None = None) -> torch.Tensor:
    """What a layer gave for pictures of hw, as maps (b, c, h, w); its vectors (b, c) as maps of one position.

    told: what a person says of its tokens. Raises InputError for a layer whose numbers stand for no places.
    """
    if activation.dim() == 2 or (activation.dim() == 4 and activation.shape[2:].numel() == 1):
        return activation if activation.dim() == 4 else activation[:, :, None, None]
    return cells(net, layer, hw, told).maps(activation)


def cells(net: Net, layer: str, hw: tuple[int, int], told: Told | None = None) -> Cells:
    """Where a layer's units lie in pictures of hw. Raises InputError where there are no places, or none are known."""
    name = net.layer(layer).name
    found = net._trace(None).cells.get(name, "it does not depend on the picture")
    if hw != net.hw and not (isinstance(found, Cells) and found.in_order):
        found = net._trace(hw).cells.get(name, "it does not depend on the picture")
    shape = next(one.shape for one in net.layers(None if isinstance(found, Cells) and found.in_order else hw) if one.name == name)
    if told is not None:
        return as_told(name, found, shape, told)
    found = by_shape(net, shape, hw) if found is None else found
    if isinstance(found, str):
        tell = "; if its tokens do stand for places, tell: --grid=8x8 and --skip=1" if len(shape) == 2 and "--grid" not in found else ""
        raise InputError(
            f"{name} gives no maps: {found}.", "Maps are of places.", f"A layer before it may have maps (`zorki layers`){tell}."
        )
    return found


def as_told(name: str, found: Cells | str | None, shape: tuple[int, ...], told: Told) -> Cells:
    """The tokens (b, n, c) that a person says are the grid. Raises InputError where they cannot be, or the net shows others."""
    rows, columns, skip = told
    if isinstance(found, Cells):
        first = 0 if found.order is None else int(found.order[0])
        if (found.hw, first) != ((rows, columns), skip):
            raise InputError(
                f"{name} has {found.hw[0]} × {found.hw[1]} places behind {first} tokens.",
                "The network itself shows it.",
                "Leave --grid out.",
            )
        return found
    if len(shape) != 2:
        given = " × ".join(map(str, shape))
        raise InputError(f"{name} gives {given} numbers, not tokens.", "--grid says where tokens lie.", "Leave it out.")
    if skip + rows * columns > shape[0]:
        raise InputError(
            f"{name} has {shape[0]} tokens: {skip} and {rows} × {columns} are more.",
            "All have to be among them.",
            "Give --grid and --skip that fit.",
        )
    return Cells((rows, columns), (1,), shape[0], None, None, torch.arange(skip, skip + rows * columns, device="cpu"))


def by_shape(net: Net, shape: tuple[int, ...], hw: tuple[int, int]) -> Cells | str:
    """Where places got lost on the way: rows and columns by the picture's shape, tokens only where they are as many as places elsewhere."""
    if len(shape) == 3:
        last = fits(shape[:2], hw) and not fits(shape[1:], hw)
        rows, columns = shape[:2] if last else shape[1:]
        return Cells((rows, columns), (1, 2) if last else (2, 3), rows * columns, None, None)
    grids = {one.hw: one for one in net._trace(hw).cells.values() if isinstance(one, Cells)}
    same = [one for one in grids.values() if len(shape) == 2 and one.hw[0] * one.hw[1] == shape[0]]
    if len(same) == 1:
        return Cells(same[0].hw, (1,), shape[0], same[0].down, same[0].across)
    return f"where its {shape[0]} tokens lie is not known; --grid=ROWSxCOLUMNS and --skip=TOKENS tell"


def told(grid: str | None, skip: int) -> Told | None:
    """What `--grid 8x8 --skip 17` says. Raises InputError."""
    if grid is None:
        if skip:
            raise InputError(
                "--skip is given without --grid.", "It says how many tokens stand before a grid.", "Give both, as --grid=14x14."
            )
        return None
    found = re.fullmatch(r"\s*(\d{1,4})\s*[x×]\s*(\d{1,4})\s*", grid)
    if not found or not int(found[1]) * int(found[2]):
        raise InputError(f"--grid is {grid!r}.", "It is rows x columns.", "Write it as --grid=14x14.")
    return int(found[1]), int(found[2]), skip


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
    raise InputError(
        f"{n} tokens make no grid of a picture of {h} × {w} pixels.", "A grid has the picture's shape.", "Choose a layer of patches."
    )
