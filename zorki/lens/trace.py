"""One look at a forward pass: which modules run, in what order, what comes out, what it sees and what it costs."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import ExitStack
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from zorki.lens import layout as lay
from zorki.lens.cells import Cells, cells_of
from zorki.lens.field import Axis, ReceptiveField, receptive_field
from zorki.lens.flow import VALUELESS, Op, Seen, flow, plain_name
from zorki.lens.places import NOWHERE, Spread, follow, raster
from zorki.lens.quieting import eager, quiet
from zorki.lens.refusals import refuse_flat
from zorki.lens.table import Layer, Layers


@dataclass(frozen=True)
class Trace:
    """What one pass showed. paths: layer's base name → the module's path; a net's `aliases` (name → path) give it other names. calls: (base name, which call), as they ended."""

    layers: Layers
    paths: dict[str, str]
    calls: tuple[tuple[str, int], ...]
    overwritten: set[tuple[str, int]]  # calls whose output a later in-place operation changes; `capture` adds what it meets
    cells: dict[str, Cells | str | None]  # by layer that depends on the picture: where its units lie, or why nowhere; None: not known
    ways: frozenset[str]  # the layers that have a gradient to the picture

    def grids(self) -> list[tuple[int, ...]]:
        """Rows and columns of every layer whose units have places; where nothing is known of one, by its shape."""
        found: list[tuple[int, ...]] = []
        for layer in self.layers:
            cells = self.cells.get(layer.name, "nothing")
            if isinstance(cells, Cells):
                found.append(cells.hw)
            elif cells is None and len(layer.shape) == 3:
                found.append(layer.shape[1:])
        return [hw for hw in found if min(hw) > 1]


ANSWERS = ("logits", "image_embeds", "pooler_output")  # what models call it, the surest first


def answer_in(output: Any) -> torch.Tensor | None:
    """The tensor meant in what a whole net gives: one that is named as an answer, else the first."""
    named = output if isinstance(output, Mapping) else {}
    return next((named[name] for name in ANSWERS if isinstance(named.get(name), torch.Tensor)), tensor_in(output))


def tensor_in(output: Any) -> torch.Tensor | None:
    """The first tensor in a module's output: itself, or in a tuple, list, dict or dataclass."""
    if isinstance(output, torch.Tensor):
        return output
    if isinstance(output, Mapping):
        output = list(output.values())
    elif is_dataclass(output):
        output = [getattr(output, field.name) for field in fields(output)]
    if isinstance(output, list | tuple):
        return next((found for found in map(tensor_in, output) if found is not None), None)
    return None


class Watch(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Follows the picture through all operations. seen: what each tensor sees; what depends on no picture is not in it."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.seen: MutableMapping[torch.Tensor, Seen | None] = WeakTensorKeyDictionary()
        self.given: MutableMapping[torch.Tensor, list[tuple[str, int]]] = WeakTensorKeyDictionary()  # what modules gave
        self.overwritten: set[tuple[str, int]] = set()
        self.places: MutableMapping[torch.Tensor, Spread | None] = WeakTensorKeyDictionary()
        self.ways: MutableMapping[torch.Tensor, bool] = WeakTensorKeyDictionary()  # what has a gradient to the picture
        self.dice: MutableMapping[torch.Tensor, bool] = WeakTensorKeyDictionary()  # what random numbers went into
        self.macs = [0]  # one counter for each module that is running, the net's own first

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # else torch loads its compiler, 2 s, at the first operation

    def see(self, x: Any) -> Any:
        return self.seen.get(x, "nothing") if isinstance(x, torch.Tensor) else "nothing"

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        macs = self.cost(func, args, out)
        if macs:
            self.macs = [count + macs for count in self.macs]
        if func._schema.is_mutable:
            self.written(args[0])
        given = [x for x in tree_leaves((args, kwargs)) if isinstance(x, torch.Tensor)]
        outs = [x for x in tree_leaves(out) if isinstance(x, torch.Tensor)]
        if torch.Tag.nondeterministic_seeded in func.tags or (self.dice and any(x in self.dice for x in given)):
            self.dice.update(dict.fromkeys(outs, True))
        if plain_name(func) in VALUELESS or all(self.see(x) == "nothing" for x in given):
            return out
        way = torch.is_grad_enabled() and plain_name(func) != "detach" and any(x in self.ways for x in given)
        for x, spread in zip(outs, self.spread(func, args, kwargs, given, outs), strict=True):
            self.mark(x, flow(Op(func, args, kwargs, x), self.see), spread, func._schema.is_mutable)
            if way and x.is_floating_point():
                self.ways[x] = True
        return out

    def spread(self, func: Any, args: Any, kwargs: Any, given: list[torch.Tensor], outs: list[torch.Tensor]) -> list[Spread | None]:
        """Where the outputs' elements stand; nobody knows where drawn lots, or the picture itself, put them."""
        if plain_name(func) in ("index", "gather", "index_select") and any(x in self.dice or x in self.seen for x in given[1:]):
            return [NOWHERE] * len(outs)
        try:
            return follow(func, args, kwargs, outs, lambda x: self.places.get(x, "nothing") if isinstance(x, torch.Tensor) else "nothing")
        except (RuntimeError, TypeError, ValueError, IndexError):  # an operation of a form not met so far: the net's pass goes on
            return [None] * len(outs)

    def written(self, x: Any) -> None:
        if isinstance(x, torch.Tensor):
            for given, calls in self.given.items():
                if given.untyped_storage()._cdata == x.untyped_storage()._cdata:
                    self.overwritten.update(calls)

    def mark(self, x: torch.Tensor, seen: Seen | None, spread: Spread | None, written: bool) -> None:
        if written and x._is_view() and self.see(x) != seen and x._base is not None:
            self.seen[x._base] = self.places[x._base] = None  # a part was written: of the rest no one keeps account
        self.seen[x], self.places[x] = seen, spread

    def cost(self, func: Any, args: Any, out: Any) -> int:
        """Multiply-adds of a convolution or of a product with weights."""
        name = plain_name(func)
        if name in ("convolution", "_convolution"):
            x, weight, transposed = args[0], args[1], args[6]
            return int(math.prod(weight.shape[1:]) * (x if transposed else out).numel())
        if name in ("mm", "addmm", "bmm", "baddbmm"):
            left, right = args[-2:] if len(args) == 3 else args[:2]
            return int(out.numel() * left.shape[-1]) if self.see(right) == "nothing" else 0
        return 0

    def field(self, x: torch.Tensor) -> ReceptiveField | None:
        seen = self.see(x)
        return receptive_field(seen.rows, seen.columns) if isinstance(seen, Seen) and lay.where(seen.layout) else None


class Row(NamedTuple):
    """A module's call as its hook met it."""

    call: tuple[str, int]
    part: nn.Module
    shape: tuple[int, ...] | None
    field: ReceptiveField | None
    macs: int
    spread: Spread | str | None = "nothing"
    way: bool = False


def trace(module: nn.Module, run: Callable[[Any], Any], sample: Any) -> Trace:
    """Runs `run(sample)` once in eval mode and tells what `module`'s parts did; raises what the net raises.

    sample: a picture (1, c, h, w), or whatever the net takes.
    """
    watch = Watch()
    rows: list[Row] = []
    if isinstance(module, torch.jit.ScriptModule):  # its inside runs where no hook sees it
        with quiet(module), torch.no_grad():
            run(sample)
        return Trace(Layers([], weights(module), 0), {}, (), set(), {}, frozenset())
    named = {path: name for name, path in getattr(module, "aliases", {}).items()}  # the papers' names, where a net knows them
    seen = [path for path, part in module.named_modules() if path and not isinstance(part, torch.jit.ScriptModule)]  # which take no hooks
    paths = {named.get(path, path.replace("_orig_mod.", "").removesuffix("._orig_mod")): path for path in seen}
    paths = paths or {type(module).__name__.lower(): ""}

    def enter(part: nn.Module, args: Any) -> None:
        refuse_flat(part, args)
        watch.macs.append(0)

    count: Counter[str] = Counter()

    def leave(base: str, part: nn.Module, output: Any) -> None:
        x, macs, call = tensor_in(output), watch.macs.pop(), (base, count[base])
        count[base] += 1
        if x is None:
            rows.append(Row(call, part, None, None, macs))
        else:
            rows.append(Row(call, part, tuple(x.shape[1:]), watch.field(x), macs, watch.places.get(x, "nothing"), x in watch.ways))
            watch.given.setdefault(x, []).append(call)

    pictures = [x for x in tree_leaves(sample) if isinstance(x, torch.Tensor) and x.dim() == 4]
    with ExitStack() as stack:
        stack.enter_context(quiet(module))
        stack.enter_context(torch.enable_grad())  # all is frozen, so no graph is kept; but where the net forbids gradients, this is seen
        stack.enter_context(eager(list(module.modules()), backward=False))
        for base, path in paths.items():
            part = module.get_submodule(path)
            stack.callback(part.register_forward_pre_hook(enter).remove)
            stack.callback(part.register_forward_hook(lambda part, _, output, base=base: leave(base, part, output)).remove)
        watch.seen.update({x: Seen(lay.of_picture(x.shape), Axis(), Axis()) for x in pictures})
        watch.places.update({x: raster(x.shape, Axis(), Axis()) for x in pictures})
        watch.ways.update(dict.fromkeys(pictures, True))
        stack.enter_context(watch)
        run(sample)
    layers, cells, ways = [], {}, set()
    for (base, k), part, shape, field, macs, spread, way in rows:
        if shape is not None:
            name = base if count[base] == 1 else f"{base}:{k}"
            layers.append(Layer(name, kind(part), shape, field, weights(part), macs, count[base]))
            if not isinstance(spread, str):
                cells[name] = cells_of(spread, shape)
            if way:
                ways.add(name)
    table = Layers(layers, weights(module), watch.macs[0])
    return Trace(table, paths, tuple(row.call for row in rows), watch.overwritten, cells, frozenset(ways))


def kind(part: nn.Module) -> str:
    """A module's class by name; of an exported one the class that it was."""
    return str(getattr(part, "_ty", None) or type(part).__name__).rpartition(".")[2]


def weights(module: nn.Module) -> int:
    """Parameters of a module and of all inside it, each counted once; those of a lazy layer that never ran are 0."""
    return sum(p.numel() for p in module.parameters() if not isinstance(p, nn.parameter.UninitializedParameter))
