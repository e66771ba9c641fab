"""What excites each channel of a network most among many photographs: one pass over them, memory flat in their number.

Of a photograph counts, for each channel, its best unit alone. What is equal goes by the order of the photographs; what is no number
is never best. Where the network draws in bfloat16 and the photographs are many, a first pass in that finds more candidates than are
wanted, and these are measured in float32, each no deeper than it is wanted; layers for which that could leave one out are passed over
once more in float32. The cheapest layers are float32 from the start: many photographs saturate them equally.

Source: Zeiler and Fergus 2013, sec. 4 (the strongest activations of each map over a set of photographs).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate

import numpy as np
import numpy.typing as npt
import torch

from zorki import io, lens
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.exciting.ranking import NOBODY, Best, best_units, ranked
from zorki.lens.capturing import Reached
from zorki.lens.capturing import keep as tensor_of
from zorki.pixels import sizes

Maps = Callable[[str, torch.Tensor], None]
Pictures = npt.NDArray[np.float32]
BLOCK = 256  # photographs between two states of an index that can be gone on from
LARGEST = 256  # pixels of the longer side, where nobody says more
ROOM = 1 << 28  # bytes that the largest maps of a batch may take
SPARE, MORE = 4, 12  # candidates in bfloat16 for each that is wanted, and so many more
CHEAP = 0.03  # share of the multiply-adds up to which a layer is looked at in float32 at once


@dataclass
class Index:
    """best: of each layer. done: photographs seen, from the first on. rough: layers whose values are bfloat16's, candidates only.

    failed: number of a photograph → why it could not be read.
    """

    best: dict[str, Best]
    done: int = 0
    rough: tuple[str, ...] = ()
    failed: dict[int, str] = field(default_factory=dict)


@dataclass
class Search:
    """What is looked for: of `photos` those that excite `layers` of `net` most, `count` for each channel.

    size: longest side that photographs are brought to; batch: photographs at a time. keep: told of the index at states that can be
    gone on from.
    """

    net: lens.Net
    photos: io.PhotoSet
    layers: Sequence[str]
    count: int = 9
    size: int | None = None
    batch: int = 64
    keep: Callable[[Index], None] = lambda _: None

    def __post_init__(self) -> None:
        self.channels = {name: channels_of(self.net, name) for name in self.layers}
        self.step, self.least, self.multiple = self.net.step(self.layers), self.net.least, self.net.multiple(self.layers)
        largest = max((math.prod(layer.shape) for layer in self.net.layers()), default=1)
        self.bytes_of_pixel = 4 * largest / math.prod(self.net.hw)

    def hw(self, own: tuple[int, int]) -> tuple[int, int]:
        """The size at which a photograph of `own` pixels is looked at."""
        if not self.step:
            return self.net.hw
        longest = self.size or LARGEST
        if max(own) <= longest and min(own) >= self.least and not any(side % self.step for side in own):
            return own
        return sizes.fit(own, longest, self.multiple)

    def prepared(self, photo: io.Photo) -> Pictures:
        """(h, w, 3) as the net is to see it."""
        hw = self.hw(photo.hw)
        return photo.seen if hw == photo.hw else io.resize(photo.seen, hw).clip(0, 1)

    def rough(self) -> bool:
        """Whether candidates are found in half the time: measuring them must cost less than it saves."""
        return isinstance(self.net.precision(), torch.autocast) and len(self.photos) > 1.5 * (self.count + 2) * sum(self.channels.values())

    def start(self, rough: bool | None = None) -> Index:
        """An index of no photograph yet."""
        first = self.dear() if (self.rough() if rough is None else rough) else ()
        some = SPARE * self.count + MORE
        return Index({name: Best.empty(c, some if name in first else self.count) for name, c in self.channels.items()}, rough=first)

    def dear(self) -> tuple[str, ...]:
        """The layers that cost too much to be looked at in float32 at once."""
        sums = dict(zip(self.net.names(), accumulate(layer.macs for layer in self.net.layers()), strict=True))
        most = max(sums.get(name, 0) for name in self.layers)
        return tuple(name for name in self.layers if sums.get(name, most) > CHEAP * most)

    def finish(self, index: Index) -> Index:
        """Goes on with an index to its end. Raises Stopped for a layer that gives nothing but NaN, InputError when no photograph can be read."""
        self.sweep(index)
        if not index.rough:
            return index
        self.keep(index)
        return self.measured(index)

    def sweep(self, index: Index, stage: str = "photographs") -> None:
        """One pass over the photographs that the index has not seen."""
        of = len(self.photos)
        exact = [name for name in index.best if name not in index.rough]
        for numbers, x in self.batches(range(index.done, of), index):
            if x is not None:
                visit(self.net, x, exact, partial(take, index, numbers))
                with self.net.precision():
                    visit(self.net, x, index.rough, partial(take, index, numbers))
                events.tell(stage, int(numbers[-1]) + 1, of)
                continue
            index.done = int(numbers[-1]) + 1
            self.require_answers(index)
            if index.done < of:
                self.keep(index)
        self.require_answers(index)

    def require_answers(self, index: Index) -> None:
        """Raises InputError where no photograph could be read, Stopped for a layer that gave nothing but NaN."""
        if index.done and len(index.failed) == index.done == len(self.photos):
            raise InputError(
                f"None of the {index.done:,} photographs can be read.", f"The first: {next(iter(index.failed.values()))}", "Give others."
            )
        for name, best in index.best.items():
            if len(index.failed) < index.done and bool((best.photos == NOBODY).all()):
                raise Stopped(
                    f"{name} gives numbers that are not finite.",
                    "Nothing can be ranked by them.",
                    "Look at the network's weights, mean and std.",
                )

    def batches(self, numbers: Sequence[int], index: Index) -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
        """Photographs of equal size with their numbers, which rise; after each BLOCK of them its last number, and None.

        What is in a batch depends on the block alone: it makes no difference at which block's end a search was broken off.
        """
        groups: dict[tuple[int, ...], list[tuple[int, Pictures]]] = {}
        last = -1

        def rest() -> Iterator[tuple[torch.Tensor, torch.Tensor | None]]:
            yield from map(stacked, groups.values())
            groups.clear()
            yield torch.tensor([last], dtype=torch.int64, device="cpu"), None

        for k, (number, picture) in enumerate(self.photos.read(self.prepared, numbers)):
            if k and k % BLOCK == 0:
                yield from rest()
            last = number
            if isinstance(picture, InputError):
                index.failed[number] = picture.got
                continue
            group = groups.setdefault(picture.shape, [])
            group.append((number, picture))
            if len(group) >= self.at_once(picture.shape):
                yield stacked(groups.pop(picture.shape))
        if last >= 0:
            yield from rest()

    def at_once(self, shape: tuple[int, ...]) -> int:
        """Photographs of that size in a batch."""
        fit = int(ROOM / (self.bytes_of_pixel * shape[0] * shape[1]))
        return max(1, min(self.batch, fit, self.net.batch or self.batch))

    def measured(self, index: Index) -> Index:
        """The float32 index from candidates, and for layers where one could be missing from another pass."""
        rough = {name: index.best[name] for name in sorted(index.rough, key=self.net.names().index)}
        exact = {name: Best(torch.full_like(b.values, math.nan), b.photos, b.places.clone()) for name, b in rough.items()}
        while True:
            wanted = {name: set(rough[name].photos[asked(rough[name], exact[name], self.count)].tolist()) for name in exact}
            if not any(wanted.values()):
                break
            self.measure(wanted, exact, index)
            for number in index.failed:  # it could be read before
                for best in exact.values():
                    best.values[best.photos == number] = -math.inf
        again = [name for name in exact if uncertain(rough[name], exact[name], self.count)]
        out = Index(
            {n: sorted_out(exact[n], self.count) if n in exact else b for n, b in index.best.items()}, index.done, failed=index.failed
        )
        if again:
            events.note(f"{', '.join(again)}: many photographs excite a channel almost equally, so they are compared once more in float32.")
            second = Index({name: Best.empty(self.channels[name], self.count) for name in again})
            quietly = Search(self.net, self.photos, again, self.count, self.size, self.batch)
            quietly.step, quietly.least, quietly.multiple = self.step, self.least, self.multiple
            quietly.sweep(second, "photographs in float32")
            out.best |= second.best
        return out

    def measure(self, wanted: dict[str, set[int]], exact: dict[str, Best], index: Index) -> None:
        """Fills candidates in from the photographs wanted by each layer, shallow to deep; none goes deeper than it is wanted."""
        done, of = 0, len(set().union(*wanted.values()))
        layers = list(wanted)
        seen: set[int] = set()
        for deepest in reversed(layers):
            reached = layers[: layers.index(deepest) + 1]
            for numbers, x in self.batches(sorted(wanted[deepest] - seen), index):
                if x is not None:
                    visit(self.net, x, reached, partial(measure, exact, numbers))
                    done += len(numbers)
                    events.tell("candidates in float32", done, of)
            seen |= wanted[deepest]


def channels_of(net: lens.Net, name: str) -> int:
    """Of a layer's maps, whatever order it keeps them in."""
    return lens.maps_of(net, name, torch.empty(1, *net.layer(name).shape, dtype=torch.float32, device="cpu"), net.hw).shape[1]


def stacked(group: Sequence[tuple[int, Pictures]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Numbers (b,) and pictures (b, 3, h, w), laid out channels last, which convolutions like."""
    numbers = torch.tensor([n for n, _ in group], dtype=torch.int64, device="cpu")
    return numbers, torch.from_numpy(np.stack([p for _, p in group])).permute(0, 3, 1, 2)


def visit(net: lens.Net, x: torch.Tensor, layers: Sequence[str], see: Maps) -> None:
    """Runs pictures (b, 3, h, w) through the net as far as the deepest of `layers`, and shows each one's maps as they come.

    Nothing is kept: unlike `lens.capture` no two layers' maps need be there at once. The net is quiet meanwhile, and nothing is differentiated.
    """
    if not layers:
        return
    hw = (x.shape[-2], x.shape[-1])
    with torch.no_grad(), net.quiet(), ExitStack() as stack:
        wanted: dict[str, dict[int, str]] = {}  # by module and call
        for name in layers:
            base, _, call = name.rpartition(":") if net.layer(name).calls > 1 else (name, "", "0")
            wanted.setdefault(base, {})[int(call)] = name
        for name in layers:
            with suppress(InputError):  # told where its maps come; here only so that no pass of the net's falls into the other
                lens.grids.cells(net, name, hw)
        left = set(layers)

        def listen(calls: dict[int, str]) -> Callable[..., None]:
            count = -1

            def hook(_module: object, _given: object, output: object) -> None:
                nonlocal count
                count += 1
                if count in calls:
                    see(calls[count], lens.maps_of(net, calls[count], tensor_of((calls[count], 0), output), hw))
                    left.discard(calls[count])
                    if not left:
                        raise Reached

            return hook

        for base, calls in wanted.items():
            stack.callback(net.part(base).register_forward_hook(listen(calls)).remove)
        with suppress(Reached):
            net.run(x.to(net.device))
        if left:
            raise InputError(
                f"The layer {min(left)!r} did not run this time.",
                "The net chooses its way by what it is given.",
                "Choose one that always runs.",
            )


def take(index: Index, numbers: torch.Tensor, name: str, maps: torch.Tensor) -> None:
    """Merges what a layer gives."""
    index.best[name].take(maps, numbers, placed=name not in index.rough)


def measure(candidates: dict[str, Best], numbers: torch.Tensor, name: str, maps: torch.Tensor) -> None:
    """Fills in what a layer's maps say of candidates that are not measured yet."""
    exact = candidates[name]
    row, slot = (torch.isin(exact.photos, numbers) & exact.values.isnan()).nonzero(as_tuple=True)
    which = torch.searchsorted(numbers, exact.photos[row, slot])
    exact.values[row, slot], exact.places[row, slot] = best_units(maps, which, row)


def asked(rough: Best, exact: Best, count: int) -> torch.Tensor:
    """The candidates (channels, n) that must be measured still: the first, and then all that could belong to them."""
    there = (rough.photos != NOBODY) & exact.values.isnan()
    first = there.clone()
    first[:, count:] = False
    if bool(first.any()):
        return first
    return there & (rough.values >= bar(rough, exact, count))


def uncertain(rough: Best, exact: Best, count: int) -> bool:
    """Whether a photograph that was dropped could belong to the best of any channel."""
    full = rough.photos[:, -1:] != NOBODY
    return bool((full & (rough.values[:, -1:] > bar(rough, exact, count))).any())


def bar(rough: Best, exact: Best, count: int) -> torch.Tensor:
    """(channels, 1): what a candidate must reach in bfloat16 to have a chance of being among the best in float32.

    The last of the best so far, less what the two have been seen to differ by: twice the most of the channel's own candidates, and
    three times what 99 % of the layer's stay below, as shares of the channel's best.
    """
    known = exact.values.isfinite() & rough.values.isfinite()
    off = (exact.values - rough.values).abs().masked_fill(~known, 0)
    scale = rough.values[:, :1].abs()
    scale = scale.masked_fill(~scale.isfinite(), 0)
    shares = (off / scale.clamp_min(1e-30))[known]
    usual = shares.sort().values[math.ceil(0.99 * len(shares)) - 1] if len(shares) else torch.tensor(0.0, dtype=torch.float32, device="cpu")
    slack = torch.maximum(2 * off.amax(1, keepdim=True), 3 * usual * scale)
    values = exact.values.masked_fill(exact.values.isnan(), -math.inf).sort(dim=1, descending=True).values
    return values[:, min(count, values.shape[1]) - 1][:, None] - slack


def sorted_out(best: Best, count: int) -> Best:
    """The best of what was measured."""
    values = best.values.masked_fill(best.values.isnan(), -math.inf)
    photos = best.photos.masked_fill(values == -math.inf, NOBODY)
    order = ranked(values, photos)[:, :count]
    places = best.places.gather(1, order[..., None].expand(-1, -1, 2))
    return Best(values.gather(1, order), photos.gather(1, order), places)
