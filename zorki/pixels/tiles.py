"""The gradient of a picture of any size: computed tile by tile, and the same as the whole picture's.

Each unit of a layer belongs to one tile. A tile's window holds all that its units see, so each unit finds what it would find
in the whole picture; what the windows give back is added up. So there is no seam to hide, and memory holds one window.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch

from zorki import lens
from zorki.core.errors import InputError
from zorki.lens.chunks import SHARE, free_memory

ROOM = 80 << 20  # bytes for one window's maps in main memory beside a large picture, which leaves little
ALL, COPIES = 640 << 20, 12  # bytes for a smaller picture and its window; copies of it that are about while it is drawn on
WIDEST = 2  # copies of the widest layer's maps that come and go on the way back


@dataclass(frozen=True)
class Axis:
    """What layers need in one direction. step: windows begin at multiples of it. before, after: pixels that units see beyond their own
    cells. strides: of each layer; empty where a unit sees the whole picture, so that tiles are pictures of their own."""

    step: int
    before: int
    after: int
    strides: Mapping[str, float]


@dataclass(frozen=True)
class Cut:
    """In one direction: a window's pixels start..stop, and the pixels own..end whose units are its own."""

    start: int
    stop: int
    own: int
    end: int


Pull = Callable[[Mapping[str, torch.Tensor], tuple[Cut, Cut]], Sequence[tuple[torch.Tensor, torch.Tensor]]]
"""From the maps of some layers, and the tile that they are of, to pairs: what is climbed, and the gradient that it gets; no pair where
nothing is."""


def axes(net: lens.Net, layers: Sequence[str]) -> tuple[Axis, Axis]:
    """What tiles for these layers need, vertically and horizontally; from their receptive fields."""
    known = {x.name: x for x in net.layers()}
    order = list(known)
    wanted = [net.layer(name) for name in layers]
    passed = order[: 1 + max(order.index(x.name) for x in wanted)]
    out = []
    for d in (0, 1):
        fields = {name: known[name].receptive_field for name in passed}
        strides = [f.stride[d] for f in fields.values() if f is not None]
        step = math.lcm(net.step(layers) or 1, *(int(s) for s in strides if s == int(s)))
        found = {asked: x.receptive_field for asked, x in zip(layers, wanted, strict=True)}
        exact = net.step(layers) != 0 and all(f is not None and (step / f.stride[d]).is_integer() for f in found.values())
        if not exact:
            out.append(Axis(net.multiple(layers), 0, 0, {}))
            continue
        seen = [f for f in found.values() if f is not None]
        before = max(0, *(math.ceil(-f.offset[d]) for f in seen))
        after = max(0, *(math.ceil(f.offset[d] + f.size[d] - f.stride[d]) for f in seen))
        out.append(Axis(step, before, after, {name: f.stride[d] for name, f in found.items() if f is not None}))
    rows, columns = out
    return (rows, columns) if rows.strides and columns.strides else (Axis(rows.step, 0, 0, {}), Axis(columns.step, 0, 0, {}))


def cuts(length: int, axis: Axis, most: int) -> list[Cut]:
    """Windows of about `most` pixels that cover 0..length; one where that is enough. Their own parts do not overlap."""
    if length <= most:
        return [Cut(0, length, 0, length)]
    core = max(axis.step, (axis.before + axis.after) // 2, most - axis.before - axis.after - 2 * axis.step)
    count = math.ceil(length / core)
    if not axis.strides:  # pictures of their own: all of one size, overlapping by as much as is left over
        side = min(length, max(axis.step, most // axis.step * axis.step))
        count = math.ceil((length - side) / max(1, side * 3 // 4)) + 1
        starts = [round(k * (length - side) / max(1, count - 1)) for k in range(count)]
        return [Cut(a, a + side, a, a + side) for a in starts]
    edges = sorted({min(length, round(k * length / count / axis.step) * axis.step) for k in range(count)} | {length})
    out = []
    for own, end in itertools.pairwise(edges):
        start = max(0, (own - axis.before) // axis.step * axis.step)
        stop = min(length, -(-(end + axis.after) // axis.step) * axis.step)
        field = axis.before + axis.after + axis.step  # at a border too it holds one unit's, else a net without padding could not run
        start = max(0, min(start, (stop - field) // axis.step * axis.step))
        stop = min(length, max(stop, start + field))
        out.append(Cut(start, stop, own, end))
    side = max(cut.stop - cut.start for cut in out)  # all alike: memory that one window leaves is then of use to the next
    return [alike(cut, side, length, axis.step) for cut in out]


def alike(cut: Cut, side: int, length: int, step: int) -> Cut:
    """The window with `side` pixels, as far as there are so many."""
    start = max(0, min(cut.start, length - side)) // step * step
    return Cut(start, min(length, max(cut.stop, start + side)), cut.own, cut.end)


def bytes_a_pixel(net: lens.Net, layers: Sequence[str]) -> float:
    """What one pixel costs on its way to the deepest of the layers and back."""
    known = {x.name: x for x in net.layers()}
    order = list(known)
    passed = order[: 1 + max(order.index(net.layer(name).name) for name in layers)]
    size = 4 if net.drawing == torch.float32 else 2
    each = [math.prod(known[name].shape) / math.prod(net.hw) for name in passed]
    return size * (sum(each) + WIDEST * max(each) + 4 * net.channels)


def room(device: torch.device, times: float = 1) -> float:
    """Bytes that a window's maps may take on a device; `times` as many as usual in main memory, for who pays for each tile twice."""
    free = SHARE * free_memory(device)
    return free if device.type == "cuda" else min(free, times * ROOM)


def spare(device: torch.device, hw: tuple[int, int]) -> float:
    """The same beside a picture of that size: the fewer windows, the less is looked at twice where they overlap."""
    return room(device, max(1, (ALL - COPIES * 3 * 4 * hw[0] * hw[1]) / ROOM))


@dataclass(frozen=True)
class Tiles:
    """A picture's windows. hw: the picture's size; rows, columns: the cuts; exact: whether they add up to the whole picture's gradient."""

    hw: tuple[int, int]
    rows: Sequence[Cut]
    columns: Sequence[Cut]
    strides: tuple[Mapping[str, float], Mapping[str, float]]

    @classmethod
    def of(cls, net: lens.Net, layers: Sequence[str], hw: tuple[int, int], bytes_: float | None = None) -> Tiles:
        """As few as fit into `bytes_` each; not given: into what the device has to spare. A net of one size gets windows of that size."""
        down, across = axes(net, layers)
        if net.step(layers) == 0:
            most = net.hw
        else:
            pixels = (spare(net.device, hw) if bytes_ is None else bytes_) / bytes_a_pixel(net, layers)
            side = math.sqrt(pixels)
            most = (int(max(side, pixels / hw[1])), int(max(side, pixels / hw[0])))
        return cls(hw, cuts(hw[0], down, most[0]), cuts(hw[1], across, most[1]), (down.strides, across.strides))

    @property
    def count(self) -> int:
        return len(self.rows) * len(self.columns)

    @property
    def exact(self) -> bool:
        return self.count == 1 or bool(self.strides[0])

    def __iter__(self) -> Iterator[tuple[Cut, Cut]]:
        return ((r, c) for r in self.rows for c in self.columns)

    def own(self, name: str, maps: torch.Tensor, cut: tuple[Cut, Cut]) -> torch.Tensor:
        """The units of a layer's maps (1, c, h, w) of a window that belong to the tile."""
        if self.count == 1 or not self.strides[0]:
            return maps
        for d, (c, n) in enumerate(zip(cut, self.hw, strict=True)):
            stride = self.strides[d][name]
            first = round((c.own - c.start) / stride)
            last = maps.shape[2 + d] if c.end == n else round((c.end - c.start) / stride)
            maps = maps.narrow(2 + d, min(first, maps.shape[2 + d]), max(0, min(last, maps.shape[2 + d]) - first))
        return maps

    def grid(self, name: str) -> tuple[int, int]:
        """The size of a layer's maps of the whole picture, where tiles are exact."""
        rows, columns = (round(n / stride[name]) for n, stride in zip(self.hw, self.strides, strict=True))
        return rows, columns

    def part(self, name: str, whole: torch.Tensor, cut: tuple[Cut, Cut], hw: tuple[int, int]) -> torch.Tensor:
        """Of something that has a layer's whole grid (…, rows, columns) what belongs to a tile, whose own maps have the size hw."""
        if self.count == 1:
            return whole
        for d, (c, n) in enumerate(zip(cut, hw, strict=True)):
            whole = whole.narrow(whole.ndim - 2 + d, round(c.own / self.strides[d][name]), n)
        return whole

    def share(self, cut: tuple[Cut, Cut], like: torch.Tensor) -> torch.Tensor | float:
        """What a window's gradient counts: 1, or of a picture of its own less towards its borders."""
        if self.exact:
            return 1.0
        sides = []
        for c in cut:
            n = c.stop - c.start
            place = torch.arange(n, dtype=torch.float32, device="cpu") + 0.5
            sides.append(torch.minimum(place, n - place).to(like.device))
        return sides[0].view(-1, 1) * sides[1].view(1, -1)


def gridded(net: lens.Net, layer: str, x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """A layer's activation for pictures of hw as maps (1, c, h, w); as it is where it has no grid."""
    try:
        return x if x.ndim < 3 else lens.maps_of(net, layer, x, hw)
    except InputError:
        return x


def pieces(start: int, stop: int, length: int) -> list[tuple[slice, slice]]:
    """Pixels start..stop of a side that goes round and round: (where in the window, where in the picture), piece by piece."""
    out, at = [], start
    while at < stop:
        first = at % length
        count = min(stop - at, length - first)
        out.append((slice(at - start, at - start + count), slice(first, first + count)))
        at += count
    return out


@dataclass(frozen=True)
class Window:
    """A part of a picture that is rolled by `move` (rows, columns) and continued beyond its ends, without a copy of the whole."""

    cut: tuple[Cut, Cut]
    hw: tuple[int, int]
    move: tuple[int, int]

    def places(self) -> Iterator[tuple[tuple[slice, slice], tuple[slice, slice]]]:
        rows, columns = (pieces(c.start - m, c.stop - m, n) for c, m, n in zip(self.cut, self.move, self.hw, strict=True))
        return (((here, across), (there, beyond)) for here, there in rows for across, beyond in columns)

    def of(self, x: torch.Tensor) -> torch.Tensor:
        """A copy of it, (b, c, rows, columns)."""
        out = x.new_empty(*x.shape[:2], *(c.stop - c.start for c in self.cut))
        for here, there in self.places():
            out[..., here[0], here[1]] = x[..., there[0], there[1]]
        return out

    def add(self, x: torch.Tensor, part: torch.Tensor) -> None:
        """Adds what a window holds to the picture's own places."""
        for here, there in self.places():
            x[..., there[0], there[1]] += part[..., here[0], here[1]]


def looked(
    net: lens.Net, picture: torch.Tensor, layers: Sequence[str], tiles: Tiles
) -> Iterator[tuple[tuple[Cut, Cut], dict[str, torch.Tensor]]]:
    """Tile by tile the units (1, c, h, w) of layers that belong to it; no gradient. The net must be quiet."""
    for cut in tiles:
        window = Window(cut, tiles.hw, (0, 0)).of(picture.detach())
        with torch.no_grad(), net.precision():
            seen = lens.capture(net, window.contiguous(memory_format=torch.channels_last), layers, grad=False)
        size = (window.shape[-2], window.shape[-1])
        yield cut, {name: tiles.own(name, gridded(net, name, x, size), cut) for name, x in seen.items()}


def gradient(
    net: lens.Net,
    picture: torch.Tensor,
    layers: Sequence[str],
    pull: Pull,
    tiles: Tiles | None = None,
    where: torch.Tensor | None = None,
    move: tuple[int, int] = (0, 0),
) -> torch.Tensor:
    """d objective / d picture, (1, c, h, w) float32, where the objective is a sum over the units of `layers`.

    picture: (1, c, h, w) in 0..1. pull: see `Pull`; it gets only the units that belong to a tile, and each unit once, as maps
    (1, c, h, w); what has no grid as the net made it. where: (1, 1, h, w), windows that hold nothing but 0 of it are left out.
    move: the net sees the picture rolled by so many rows and columns, and continued, as if it wrapped around, to the tiles' own size.
    Raises InputError in the net's own words.
    """
    hw = (picture.shape[-2], picture.shape[-1])
    tiles = tiles or Tiles.of(net, layers, hw)
    out = torch.zeros_like(picture, dtype=torch.float32)
    weight = None if tiles.exact else torch.zeros_like(out[:1, :1])
    for cut in tiles:
        window = Window(cut, hw, move)
        if where is not None and tiles.count > 1 and not bool(window.of(where).any()):
            continue
        with torch.enable_grad():
            part = window.of(picture.detach()).requires_grad_(True)
            with net.precision():
                seen = lens.capture(net, part.contiguous(memory_format=torch.channels_last), layers)
            size = (part.shape[-2], part.shape[-1])
            pairs = pull({name: tiles.own(name, gridded(net, name, x, size), cut) for name, x in seen.items()}, cut)
            pairs = [(a, g.to(a.dtype)) for a, g in pairs if a.requires_grad and a.numel()]
            if not pairs:
                continue
            (found,) = torch.autograd.grad([a for a, _ in pairs], part, [g for _, g in pairs], allow_unused=True)
        del seen, pairs, part
        if found is None:
            continue
        share = tiles.share(cut, out)
        window.add(out, found * share if isinstance(share, torch.Tensor) else found)
        if weight is not None and isinstance(share, torch.Tensor):
            window.add(weight, share.expand(1, 1, *share.shape))
    return out if weight is None else out.div_(weight.clamp_min(torch.finfo(out.dtype).tiny))
