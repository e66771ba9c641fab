"""How each tensor operation moves receptive fields: aten operation in, what its outputs see out.

What is not known here sees the whole picture: never a field that is too small.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch.utils._pytree import tree_leaves

from zorki.lens import layout as lay
from zorki.lens.field import Axis, Reads, interpolated, joined, nearest, shared, spread, window
from zorki.lens.layout import Layout


@dataclass(frozen=True)
class Seen:
    """What a tensor's units see, and where in the tensor they lie. `None` in its place: the whole picture."""

    layout: Layout
    rows: Axis
    columns: Axis

    def laid(self, layout: Layout | None) -> Seen | None:
        return None if layout is None else Seen(layout, self.rows, self.columns)

    def read(self, shape: Sequence[int], rows: Reads, columns: Reads) -> Seen:
        return Seen(lay.of_picture(shape), self.rows.read(*rows), self.columns.read(*columns))


See = Callable[[Any], "Seen | Literal['nothing'] | None"]

# Pointwise in effect, though not all versions of torch tag them so
SAME = frozenset(
    {"clone", "detach", "alias", "_to_copy", "lift_fresh", "copy", "expand", "masked_fill", "native_dropout", "channel_shuffle"}
    | {"native_channel_shuffle", "_native_batch_norm_legit_no_training", "hardswish", "hardsigmoid", "_prelu_kernel", "mish"}
    | {"softplus", "elu", "celu", "silu", "gelu", "leaky_relu", "threshold", "hardtanh", "relu", "log_sigmoid_forward"}
)
NORMS = frozenset({"native_batch_norm", "_native_batch_norm_legit", "cudnn_batch_norm", "miopen_batch_norm", "_batch_norm_with_update"})
VALUELESS = frozenset(
    {"zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "new_zeros", "new_ones", "new_empty", "new_full"}
)
"""Operations that take a tensor's shape only"""


class Op(NamedTuple):
    """One operation that ran, and one of its outputs."""

    func: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: torch.Tensor

    def option(self, at: int, default: Any) -> Any:
        return self.args[at] if len(self.args) > at else default


def flow(op: Op, see: See) -> Seen | None:
    """What the output sees. At least one of the arguments depends on the picture."""
    name = plain_name(op.func)
    tensors = [one for one in tree_leaves((op.args, op.kwargs)) if isinstance(one, torch.Tensor)]
    seen = [one for one in map(see, tensors) if one != "nothing"]
    known = [one for one in seen if isinstance(one, Seen)]
    if len(known) < len(seen):
        return None
    if torch.Tag.pointwise in op.func.tags or name in SAME or (name in NORMS and not op.args[5]):
        return merged(known, op.out.shape)
    if name in ("cat", "stack"):
        return concatenated(name, op.option(1, op.kwargs.get("dim", 0)) % op.out.dim(), known, op.out)
    main = see(op.args[1] if name in ("addmm", "baddbmm") else op.args[0])
    if len(known) > 1 or name not in RULES or not isinstance(main, Seen):  # what weighs must not depend on the picture
        return None
    return RULES[name](main, op)


def plain_name(func: Any) -> str:
    """aten.relu_.default → "relu"."""
    name: str = func.overloadpacket.__name__
    return name if name.startswith("_") else name.removesuffix("_")


def merged(known: Sequence[Seen], shape: Sequence[int]) -> Seen | None:
    """The hull of tensors that broadcast to `shape`."""
    layouts = [lay.fitted(one.layout, shape) for one in known]
    places = {None if one is None else tuple(tuple(a.what for a in dim if a.what) for dim in one) for one in layouts}
    rows, columns = joined(one.rows for one in known), joined(one.columns for one in known)
    if len(places) > 1 or layouts[0] is None or rows is None or columns is None:
        return None
    return Seen(layouts[0], rows, columns)


def concatenated(name: str, dim: int, known: Sequence[Seen], out: torch.Tensor) -> Seen | None:
    """The hull of tensors joined along `dim`; tensors joined along rows or columns see all."""
    if name == "stack":
        known = [Seen((*one.layout[:dim], (), *one.layout[dim:]), one.rows, one.columns) for one in known]
    if lay.spatial(known[0].layout[dim]):
        return None
    return merged(known, out.shape)


Rule = Callable[[Seen, Op], Seen | None]
RULES: dict[str, Rule] = {}


def rule(*names: str) -> Callable[[Rule], Rule]:
    def keep(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return keep


Grid = Callable[[Op], list[Reads] | None]
GRIDS: dict[str, Grid] = {}


def grid(*names: str) -> Callable[[Grid], Grid]:
    """A rule for what takes (b, c, h, w): the function says what rows and columns read."""

    def keep(function: Grid) -> Grid:
        def moved(x: Seen, op: Op) -> Seen | None:
            reads = function(op) if lay.is_picture(x.layout) and op.out.dim() == 4 else None
            return None if reads is None else x.read(op.out.shape, *reads)

        rule(*names)(moved)
        GRIDS.update(dict.fromkeys(names, function))
        return function

    return keep


def pair(value: Any) -> tuple[int, int]:
    """3, [3] or [3, 5] → rows and columns."""
    return (value, value) if isinstance(value, int) else (value[0], value[-1])


@grid("convolution", "_convolution")
def _convolution(op: Op) -> list[Reads]:
    _, weight, _, stride, padding, dilation, transposed = op.args[:7]
    read = spread if transposed else window
    return [read(*at) for at in zip(weight.shape[2:], pair(stride), pair(padding), pair(dilation), strict=True)]


@grid("max_pool2d", "max_pool2d_with_indices", "mkldnn_max_pool2d")
def _max_pool(op: Op) -> list[Reads]:
    stride = op.option(2, []) or op.args[1]
    sizes = map(pair, (op.args[1], stride, op.option(3, 0), op.option(4, 1)))
    return [window(*at) for at in zip(*sizes, strict=True)]


@grid("avg_pool2d")
def _average_pool(op: Op) -> list[Reads]:
    return _max_pool(op._replace(args=op.args[:4])) or []


@grid("_adaptive_avg_pool2d", "adaptive_avg_pool2d", "adaptive_max_pool2d")
def _adaptive(op: Op) -> list[Reads] | None:
    sizes = list(zip(op.args[0].shape[2:], op.out.shape[2:], strict=True))
    if any(after == 1 < before for before, after in sizes):
        return None
    return [shared(*size) for size in sizes]


@grid("constant_pad_nd", "reflection_pad2d", "replication_pad2d")
def _pad(op: Op) -> list[Reads]:
    pad = [*op.args[1], 0, 0]
    return [(-pad[2], 1, 1), (-pad[0], 1, 1)]


@grid("upsample_nearest2d", "_upsample_nearest_exact2d")
def _nearest(op: Op) -> list[Reads]:
    return [nearest(*size) for size in zip(op.args[0].shape[2:], op.out.shape[2:], strict=True)]


def resized(name: str, reach: int, smooth: bool) -> None:
    @grid(name)
    def resize(op: Op) -> list[Reads]:
        sizes = zip(op.args[0].shape[2:], op.out.shape[2:], strict=True)
        return [interpolated(*size, reach, bool(op.args[2]), smooth) for size in sizes]


for _name, _reach in (("upsample_bilinear2d", 1), ("upsample_bicubic2d", 2)):
    resized(_name, _reach, smooth=False)
    resized(f"_{_name}_aa", _reach, smooth=True)


@grid("pixel_shuffle")
def _shuffle(op: Op) -> list[Reads]:
    return [nearest(1, op.args[1])] * 2


@grid("pixel_unshuffle")
def _unshuffle(op: Op) -> list[Reads]:
    return [window(op.args[1], op.args[1])] * 2


@rule("view", "_unsafe_view", "_reshape_alias", "reshape")
def _view(x: Seen, op: Op) -> Seen | None:
    return x.laid(
        lay.fitted(x.layout, op.out.shape) if tuple(op.out.shape) == tuple(op.args[0].shape) else lay.viewed(x.layout, op.out.shape)
    )


@rule("permute")
def _permute(x: Seen, op: Op) -> Seen | None:
    return x.laid(tuple(x.layout[d] for d in op.args[1]))


@rule("transpose", "t")
def _transpose(x: Seen, op: Op) -> Seen | None:
    dims = list(x.layout)
    a, b = (op.args[1], op.args[2]) if len(op.args) > 2 else (0, -1)
    dims[a], dims[b] = dims[b], dims[a]
    return x.laid(tuple(dims))


@rule("unsqueeze")
def _unsqueeze(x: Seen, op: Op) -> Seen | None:
    at = op.args[1] % op.out.dim()
    return x.laid((*x.layout[:at], (), *x.layout[at:]))


@rule("slice")
def _slice(x: Seen, op: Op) -> Seen | None:
    dim, start, step = op.option(1, 0) % op.out.dim(), op.option(2, 0) or 0, op.option(4, 1)
    if not lay.spatial(x.layout[dim]):
        return x.laid(lay.fitted(x.layout, op.out.shape))
    if lay.where(x.layout) is None:
        return None
    what = x.layout[dim][0].what
    first = start if start >= 0 else max(op.args[0].shape[dim] + start, 0)
    layout = (*x.layout[:dim], (lay.Atom(what, op.out.shape[dim]),), *x.layout[dim + 1 :])
    if what == "h":
        return Seen(layout, x.rows.read(first, 1, step), x.columns)
    return Seen(layout, x.rows, x.columns.read(first, 1, step))


@rule("repeat")
def _repeat(x: Seen, op: Op) -> Seen | None:
    return x.laid(lay.fitted(x.layout, op.out.shape))


@rule("split", "split_with_sizes", "chunk")
def _split(x: Seen, op: Op) -> Seen | None:
    return x.laid(None if lay.spatial(x.layout[op.option(2, 0)]) else lay.fitted(x.layout, op.out.shape))


@rule("native_layer_norm", "_fused_rms_norm")
def _layer_norm(x: Seen, op: Op) -> Seen | None:
    return x.laid(None if any(map(lay.spatial, x.layout[-len(op.args[1]) :])) else lay.fitted(x.layout, op.out.shape))


@rule("_softmax", "_log_softmax", "glu", "cumsum", "cumprod")
def _along(x: Seen, op: Op) -> Seen | None:
    return x.laid(None if lay.spatial(x.layout[op.option(1, -1)]) else lay.fitted(x.layout, op.out.shape))


@rule("mm", "addmm", "bmm", "baddbmm")
def _linear(x: Seen, op: Op) -> Seen | None:
    return x.laid(None if lay.spatial(x.layout[-1]) else (*x.layout[:-1], (lay.Atom("", op.out.shape[-1]),)))


@rule("mean", "sum", "amax", "amin", "max", "min", "var", "std", "logsumexp")
def _reduced(x: Seen, op: Op) -> Seen | None:
    dims = op.option(1, op.kwargs.get("dim")) or []
    return x.laid(lay.reduced(x.layout, [dims] if isinstance(dims, int) else dims, keep=op.out.dim() == len(x.layout)))
