"""Which place of the picture each number of a tensor stands for, through whatever a net does with its tokens.

Beside a tensor goes another of its shape that holds the number of each element's place, and what merely moves elements (views, windows,
rolls, class tokens set before or behind, merged patches) is done to both. So nothing is guessed from how many tokens there are.
A place is a cell of a grid: the units of a convolution, or the patches that a linear layer reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Any

import torch
from torch.utils._pytree import tree_leaves, tree_map

from zorki.lens import flow
from zorki.lens.field import Axis, Reads

PRODUCTS = {"mm": 0, "bmm": 0, "addmm": 1, "baddbmm": 1}  # where the left one stands among the arguments
QUERIES = ("scaled_dot_product", "_native_multi_head_attention", "_transformer_encoder_layer_fwd")  # each token stays where it asks from
MOVES = frozenset(
    {"view", "_unsafe_view", "_reshape_alias", "reshape", "permute", "transpose", "t", "unsqueeze", "squeeze", "slice", "select", "narrow"}
    | {"expand", "repeat", "split", "split_with_sizes", "chunk", "unbind", "roll", "flip", "unfold", "im2col", "pixel_unshuffle"}
    | {"index", "index_select", "gather", "constant_pad_nd", "reflection_pad2d", "replication_pad2d", "movedim", "unsafe_split", "glu"}
)
KEEPS = (
    flow.SAME
    | flow.NORMS
    | {"native_layer_norm", "_fused_rms_norm", "native_group_norm", "_softmax", "_log_softmax", "_safe_softmax", "cumsum"}
)
FOLDS = frozenset({"mean", "sum", "amax", "amin", "max", "min", "var", "std", "logsumexp", "prod", "var_mean", "linalg_vector_norm"})


@dataclass(frozen=True)
class Grid:
    """rows x columns of places. down, across: which pixels the cells begin with, and how large they are; None where this is not known."""

    rows: int
    columns: int
    down: Axis | None
    across: Axis | None

    @property
    def hw(self) -> tuple[int, int]:
        return self.rows, self.columns


@dataclass(frozen=True)
class Spread:
    """of: as large as the tensor, float32 in main memory: 1 + row * columns + column, 0 where an element stands for no place.

    grid: None where no element does (`NOWHERE`). other: of products of tokens with tokens the places of the second.
    plain: `of` is known to count the cells of a (b, c, h, w) in order.
    """

    grid: Grid | None
    of: torch.Tensor | None = None
    other: Spread | None = None
    plain: bool = False

    def shaped(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Spread:
        if self.of is None:
            return self
        return Spread(self.grid, change(self.of), None if self.other is None else self.other.shaped(change))


NOWHERE = Spread(None)


def raster(shape: Sequence[int], down: Axis | None, across: Axis | None) -> Spread:
    """Of maps (b, c, h, w), whose cells are the places of a grid of their own."""
    h, w = shape[-2:]
    if h * w == 1:
        return NOWHERE
    of = torch.arange(1, 1 + h * w, dtype=torch.float32, device="cpu").view(1, 1, h, w).expand(tuple(shape))
    return Spread(Grid(h, w, down, across), of, plain=True)


Find = Callable[[Any], "Spread | str | None"]  # "nothing" for what does not depend on the picture


def follow(func: Any, args: Any, kwargs: Any, outs: Sequence[torch.Tensor], find: Find) -> list[Spread | None]:
    """Where the elements of each output stand; None where this gets lost. At least one argument depends on the picture."""
    name = flow.plain_name(func)
    given = [one for one in map(find, tree_leaves((args, kwargs))) if not isinstance(one, str)]
    if all(one is NOWHERE for one in given) and not (name in flow.GRIDS and outs[0].dim() == 4):
        # A decoder's maps have places again; learnt maps too that a number changes, unlike learnt tokens.
        grown = torch.Tag.pointwise in func.tags and outs[0].dim() == 4
        sides = {x.shape[-2:] for x in tree_leaves((args, kwargs)) if isinstance(find(x), Spread)}
        return [raster(out.shape, None, None) if grown and out.shape[-2:] not in sides else NOWHERE for out in outs]
    if torch.Tag.pointwise in func.tags or name in KEEPS:
        return [merged([one for one in given if one is not None], out.shape) for out in outs]
    if any(one is None for one in given):
        return [None] * len(outs)
    known = [one for one in given if one is not None]
    if name in ("cat", "stack"):
        return [joined(func, args, kwargs, outs[0], find)]
    if name in PRODUCTS:
        left, right = (find(x) for x in args[PRODUCTS[name] :][:2])
        return [product(left, right, outs[0])]
    if any(part in name for part in QUERIES):
        asking = find(args[0])
        rows = folded(asking, [-1]) if isinstance(asking, Spread) else NOWHERE
        return [stretched(rows, out.shape) if out.dim() == args[0].dim() else None for out in outs]
    main = find(args[0])
    if len(known) > 1 or not isinstance(main, Spread):  # what chooses must not depend on the picture
        return [None] * len(outs)
    if name in flow.GRIDS and (main.plain or name not in MOVES):
        return [gridded(name, main, flow.Op(func, args, kwargs, outs[0]))] + [None] * (len(outs) - 1)
    if name in FOLDS:
        at = 2 if name == "linalg_vector_norm" else 1
        dims = args[at] if len(args) > at else kwargs.get("dim")
        dims = [dims] if isinstance(dims, int) else list(dims or range(args[0].dim()))
        sums = folded(main, dims)
        return [sums.shaped(lambda of, out=out: of.reshape(out.shape)) for out in outs]  # type: ignore[misc]
    if name in ("view_as_complex", "view_as_real"):
        return [main.shaped(lambda of: of[..., 0] if name == "view_as_complex" else of[..., None].expand(*of.shape, 2))]
    return moved(name, func, args, kwargs, outs, main) if name in MOVES else [None] * len(outs)


def moved(name: str, func: Any, args: Any, kwargs: Any, outs: Sequence[torch.Tensor], main: Spread) -> list[Spread | None]:
    """The same done to the places."""
    if name == "constant_pad_nd":
        args = (*args[:2], 0)  # what is set around stands for no place
    if name.endswith(("view", "reshape", "_reshape_alias")):
        return [main.shaped(lambda of: of.reshape(outs[0].shape))]
    if name == "glu":
        dim = args[1] if len(args) > 1 else -1
        return [main.shaped(lambda of: of.narrow(dim, 0, outs[0].shape[dim]))]
    rest = tree_map(lambda x: x.cpu() if isinstance(x, torch.Tensor) else x, (args[1:], kwargs))

    def run(of: torch.Tensor, at: int) -> torch.Tensor:
        of = of.clone() if func._schema.is_mutable else of
        done = func(of, *rest[0], **rest[1])
        return done if isinstance(done, torch.Tensor) else list(done)[at]

    return [main.shaped(lambda of, at=at: run(of, at)) for at in range(len(outs))]  # type: ignore[misc]


def merged(known: Sequence[Spread], shape: Sequence[int]) -> Spread | None:
    """Of what is reckoned element by element: the place of the one that has one. What gets lost on a branch is held by the other."""
    placed = [one for one in known if one.of is not None]
    if not placed:
        return NOWHERE if known else None
    if all(one is placed[0] for one in placed) and placed[0].of is not None and placed[0].of.shape == tuple(shape):
        return placed[0]
    try:
        wide = [stretched(one, shape) for one in placed]
    except RuntimeError:  # an output of another shape, as the means of a norm
        return None
    return reduce(lambda a, b: None if a is None else agreed(a, b), wide[1:], wide[0])  # type: ignore[return-value,arg-type]


def agreed(a: Spread, b: Spread) -> Spread | None:
    """One of two that lie on each other; None where they contradict each other."""
    if a.of is None or b.of is None or a.grid is None or b.grid is None:
        return a if b.of is None else b
    if a.grid.hw != b.grid.hw:
        left, right = as_raster(a), as_raster(b)
        return None if left is None or right is None else agreed(left, right)
    down, across = (hull(x, y) for x, y in zip(axes(a), axes(b), strict=True))
    grid = a.grid if (down, across) == axes(a) else Grid(a.grid.rows, a.grid.columns, down, across)
    if a.plain and b.plain:
        return Spread(grid, a.of, plain=True)
    one, two = thin(a.of, b.of)
    if bool(((one != two) & (one > 0) & (two > 0)).any()):
        return None if a.other is None and b.other is None else a
    return Spread(grid, torch.where(one > 0, one, two).expand(a.of.shape), a.other or b.other)


def joined(func: Any, args: Any, kwargs: Any, out: torch.Tensor, find: Find) -> Spread | None:
    """Of tensors joined in one; those that stand for no place (a class token) leave gaps."""
    found = [find(x) for x in args[0]]
    placed = [one for one in found if isinstance(one, Spread) and one.of is not None]
    if not placed:
        return NOWHERE
    grids = {one.grid.hw for one in placed if one.grid is not None}
    if len(grids) > 1:
        wholes = [as_raster(one) for one in placed]
        if any(one is None or one.grid is None for one in wholes) or len({one.grid.hw for one in wholes if one and one.grid}) > 1:
            return None  # places of several grids in one row
        replaced = dict(zip(map(id, placed), wholes, strict=True))
        found = [replaced.get(id(one), one) for one in found]
        placed = [one for one in wholes if one is not None]
    parts = [
        one.of if isinstance(one, Spread) and one.of is not None else torch.zeros((), dtype=torch.float32, device="cpu").expand(x.shape)
        for one, x in zip(found, args[0], strict=True)
    ]
    sides = zip(*map(axes, placed), strict=True)
    down, across = (reduce(hull, side) for side in sides)
    assert placed[0].grid is not None
    grid = Grid(placed[0].grid.rows, placed[0].grid.columns, down, across)
    dim = args[1] if len(args) > 1 else kwargs.get("dim", 0)
    if all(one.plain for one in placed) and len(placed) == len(found) and dim in (1, -3) and out.dim() == 4:
        return raster(out.shape, down, across)
    if out.dim() == parts[0].dim():
        dim %= out.dim()
        parts = list(thin(*parts, keep=dim))
        return Spread(grid, func(parts, dim).expand(out.shape))
    return Spread(grid, func(parts, dim))


def product(left: Spread | str | None, right: Spread | str | None, out: torch.Tensor) -> Spread | None:
    """Of left @ right: rows stand where those of the left do, columns where those of the right do; both: pairs of tokens."""
    rows = folded(left, [-1]) if isinstance(left, Spread) else NOWHERE
    if isinstance(left, Spread) and left.other is not None and rows.of is None:
        rows = folded(left.other, [-1])  # attention turned round
    columns = folded(right, [-2]) if isinstance(right, Spread) else NOWHERE
    if rows.of is None:
        return stretched(columns, out.shape)
    rows = stretched(rows, out.shape)
    return rows if columns.of is None else Spread(rows.grid, rows.of, stretched(columns, out.shape))


def gridded(name: str, main: Spread, op: flow.Op) -> Spread | None:
    """Of convolutions, pools and resizings: a new grid; what reads one unit alone leaves each where it stands."""
    out = op.out
    point = name in ("convolution", "_convolution") and math.prod(op.args[1].shape[2:]) == 1 and math.prod(op.args[3]) == 1
    if main.of is not None and (point or out.dim() != 4) and out.shape[2:] == op.args[0].shape[2:]:
        return raster(out.shape, *axes(main)) if main.plain and out.dim() == 4 else stretched(folded(main, [1]), out.shape)
    if out.dim() != 4:
        return None
    start = as_raster(main) if main.of is not None else main
    if start is None and out.shape[2:] == op.args[0].shape[2:]:
        return stretched(folded(main, [1]), out.shape)  # in windows
    reads: list[Reads] | None = flow.GRIDS[name](op)
    if start is None or reads is None:
        return NOWHERE if reads is None else None
    down, across = (axis and axis.read(*one) for axis, one in zip(axes(start), reads, strict=True))
    return raster(out.shape, down, across)


def as_raster(x: Spread) -> Spread | None:
    """Maps (b, c, h, w) whose rows and columns are rows and columns of the grid, or a part of them, as a grid of their own."""
    if x.plain:
        return x
    if x.of is None or x.of.dim() != 4 or x.grid is None:
        return None
    row = folded(x, [1])
    if row.of is None or row.grid is None or varies(row.of, 0):
        return None
    cells = row.of[0, 0]
    rows, columns = (cells - 1).div(row.grid.columns, rounding_mode="floor"), (cells - 1) % row.grid.columns
    if bool((cells == 0).any()) or varies(rows, 1) or varies(columns, 0):
        return None
    down, across = part(row.grid.down, rows[:, 0].tolist()), part(row.grid.across, columns[0].tolist())
    return raster(x.of.shape, down, across)


def folded(x: Spread, dims: Sequence[int]) -> Spread:
    """What sums over `dims` stand for (they stay, of size 1): one place, or the patch that all of its places make."""
    if x.of is None or x.grid is None:
        return NOWHERE
    dims = [d % x.of.dim() for d in dims]
    mixed = [d for d in dims if varies(x.of, d)]
    of = x.of
    for d in set(dims) - set(mixed):
        of = of.narrow(d, 0, 1)
    return Spread(x.grid, of) if not mixed else patches(x.grid, of, mixed)


def patches(grid: Grid, of: torch.Tensor, dims: Sequence[int]) -> Spread:
    """The grid of the boxes that hold all places along `dims`; nowhere, where each holds everything."""
    rows, columns = (of - 1).div(grid.columns, rounding_mode="floor"), (of - 1) % grid.columns
    none = of == 0
    along = tuple(dims)
    edges = [x.masked_fill(none, math.inf).amin(along, keepdim=True) for x in (rows, columns)]
    ends = [x.masked_fill(none, -math.inf).amax(along, keepdim=True) for x in (rows, columns)]
    there = edges[0].isfinite()
    starts = [torch.unique(edge[there]) for edge in edges]
    if math.prod(map(len, starts)) <= 1:
        return NOWHERE
    if all(torch.equal(edge[there], end[there]) for edge, end in zip(edges, ends, strict=True)):  # one place each, and gaps
        return Spread(grid, torch.where(there, edges[0] * grid.columns + edges[1] + 1, 0))
    at = [torch.searchsorted(start, edge) for start, edge in zip(starts, edges, strict=True)]
    sides = []
    for axis, edge, end, start in zip((grid.down, grid.across), edges, ends, starts, strict=True):
        wide = int((end - edge)[there].max()) + 1
        first = part(axis, start.tolist())
        sides.append(first and axis and Axis(axis.size + (wide - 1) * axis.stride, first.stride, first.start))
    made = Grid(len(starts[0]), len(starts[1]), *sides)
    return Spread(made, torch.where(there, at[0] * made.columns + at[1] + 1, 0).float())


def part(axis: Axis | None, steps: Sequence[float]) -> Axis | None:
    """Of an axis the cells at evenly spaced numbers; None where they are not, or nothing is known."""
    gaps = {b - a for a, b in pairwise(steps)} or {1.0}
    return None if axis is None or len(gaps) > 1 else axis.read(int(steps[0]), 1, int(gaps.pop()))


def axes(x: Spread) -> tuple[Axis | None, Axis | None]:
    return (None, None) if x.grid is None else (x.grid.down, x.grid.across)


def hull(a: Axis | None, b: Axis | None) -> Axis | None:
    return a and b and (a if a == b else a.join(b))


def stretched(x: Spread, shape: Sequence[int]) -> Spread:
    """Broadcast to a shape."""
    return x if x.of is None or x.of.shape == tuple(shape) else x.shaped(lambda of: of.expand(tuple(shape)))


def varies(of: torch.Tensor, dim: int) -> bool:
    """Whether places differ along a dimension."""
    if of.shape[dim] == 1 or of.stride(dim) == 0:
        return False
    (of,) = thin(of)
    return not torch.equal(of, of.narrow(dim, 0, 1).expand_as(of))


def thin(*parts: torch.Tensor, keep: int = -1) -> tuple[torch.Tensor, ...]:
    """With one element along the dimensions, but `keep`, along which every part repeats itself without any memory."""
    for d in range(parts[0].dim()):
        if d != keep and all(x.stride(d) == 0 for x in parts):
            parts = tuple(x.narrow(d, 0, 1) for x in parts)
    return parts
