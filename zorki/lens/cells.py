"""Where a layer's units lie: the grid that they make, and the way from its activation to maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from zorki.lens.field import Axis
from zorki.lens.places import Spread, part, varies

NOWHERE = "its numbers stand for no places of the picture"
PAIRS = "it says how much tokens look at each other (tokens × tokens), which is no map of the picture"
BATCH = "it cuts the picture into windows that lie among the pictures"


@dataclass(frozen=True)
class Cells:
    """A layer's units on a grid of hw.

    dims: the dimensions of its activation along which the place changes. order: the numbers of the units that have a place, row by row,
    along these dimensions taken as one; None: all of them, in order. count: how many units there are. down, across: which pixels each cell
    begins with, and how large it is; None where this is not known. batch: the dimension of pictures.
    """

    hw: tuple[int, int]
    dims: tuple[int, ...]
    count: int
    down: Axis | None
    across: Axis | None
    order: torch.Tensor | None = field(default=None, repr=False, compare=False)
    batch: int = 0

    @property
    def extra(self) -> int:
        """Tokens beside the places: class, registers."""
        return self.count - self.hw[0] * self.hw[1]

    @property
    def in_order(self) -> bool:
        """Whether rows and columns are dimensions of their own, so that pictures of other sizes lie in the same way."""
        return len(self.dims) == 2 and self.order is None and self.batch == 0

    def maps(self, x: torch.Tensor) -> torch.Tensor:
        """An activation as maps (b, c, h, w)."""
        if self.in_order:
            return x if self.dims == (2, 3) else x.permute(0, *({1, 2, 3} - set(self.dims)), *self.dims)
        others = [d for d in range(x.dim()) if d not in self.dims and d != self.batch]
        flat = x.permute(self.batch, *others, *self.dims)
        flat = flat.reshape(x.shape[self.batch], -1, self.count)
        flat = flat if self.order is None else flat[..., self.order.to(x.device)]
        return flat.reshape(*flat.shape[:2], *self.hw)


def cells_of(spread: Spread | None, unit: Sequence[int]) -> Cells | str | None:
    """What the places of a layer's output make, whose shape without the first dimension is `unit`; why no maps; None where not known."""
    if spread is None:
        return None
    if spread.of is None or spread.grid is None or len(unit) < 2:
        return NOWHERE
    shape = spread.of.shape
    if spread.plain:
        return Cells(spread.grid.hw, (2, 3), spread.of[0, 0].numel(), spread.grid.down, spread.grid.across)
    dims = tuple(d for d in range(len(shape)) if varies(spread.of, d))
    if spread.other is not None and spread.other.of is not None and any(varies(spread.other.of, d) for d in range(len(shape))):
        return PAIRS
    if not dims:
        return NOWHERE
    sequence = dims == (0,) and len(shape) == 3 and shape[1] == 1  # tokens first, then pictures
    if 0 in dims and not sequence:
        return BATCH
    thin = spread.of
    for d in set(range(len(shape))) - set(dims):
        thin = thin.narrow(d, 0, 1)
    numbers = thin.flatten()
    order = numbers.argsort(stable=True)[int((numbers == 0).sum()) :]
    places = numbers[order] - 1
    rows, columns = (torch.unique(x) for x in (places.div(spread.grid.columns, rounding_mode="floor"), places % spread.grid.columns))
    if len(places) != len(torch.unique(places)) or len(places) != len(rows) * len(columns):
        return f"its {len(numbers)} units hold {len(torch.unique(places))} places of {spread.grid.rows} × {spread.grid.columns}, which make no grid"
    hw = (len(rows), len(columns))
    plain = len(order) == len(numbers) and bool((order == torch.arange(len(order), device="cpu")).all())
    plain = plain and (len(dims) == 1 or (len(shape) == 4 and tuple(shape[d] for d in dims) == hw))
    return Cells(
        hw, dims, len(numbers), part(spread.grid.down, rows.tolist()), part(spread.grid.across, columns.tolist()),
        None if plain else order, 1 if sequence else 0,
    )  # fmt: skip
