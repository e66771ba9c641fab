"""Patches cut out of photographs where an index says that they excite a channel, what the net made of them, and their channel's drawing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from zorki import lens
from zorki.blocks import Mosaic, Plate, Tile
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.exciting import units
from zorki.exciting.index import Index, Search
from zorki.exciting.ranking import Best
from zorki.lens.rules import Rule
from zorki.pixels import boards, display, sizes

SIDE = 160  # pixels of a tile's longer side, at least
CELL = 96  # of one in a mosaic
SMALL = 32  # pixels: of smaller patches each pixel is to be seen
PAPER, NOTHING = 0.86, 0.5  # lightness of what lies outside of the photograph, and of where nothing came back


@dataclass(frozen=True)
class Patches:
    """One layer's. channels: (n,); arrays have a row for each and a column for each rank, best first.

    values: (n, k) float32, NaN where there is none; photos: (n, k) numbers of photographs in their set, -1 there; names: (n, k) theirs;
    positions: (n, k, 2) row and column of the unit; boxes: (n, k, 4) left, top, width, height of what it sees, in pixels of the photograph
    at the size that the network got, clipped to it. shown: for each channel the pictures (k, 3, h, w) in 0..1 of each kind, patches
    first; kinds: their names. drawn: (n, number of kinds, 3, h, w) in 0..1, drawings of each channel, each from another start. words: for
    channels the classes that they speak for.
    """

    layer: str
    sees: str
    channels: tuple[int, ...]
    values: npt.NDArray[np.float32]
    photos: npt.NDArray[np.int64]
    names: npt.NDArray[Any]
    positions: npt.NDArray[np.int64]
    boxes: npt.NDArray[np.int64]
    kinds: tuple[str, ...]
    shown: tuple[torch.Tensor, ...]
    drawn: torch.Tensor | None = None
    words: Mapping[int, str] = field(default_factory=dict)

    def answer(self) -> dict[str, object]:
        rows = []
        for i, channel in enumerate(self.channels):
            best = [
                {
                    "value": float(self.values[i, k]),
                    "photo": str(self.names[i, k]),
                    "position": self.positions[i, k].tolist(),
                    "box": self.boxes[i, k].tolist(),
                }
                for k in range(self.values.shape[1])
                if self.photos[i, k] >= 0
            ]
            rows.append({"channel": channel, "best": best})
        return {"layer": self.layer, "sees": self.sees, "channels": rows}

    def tiles(self) -> Iterator[Tile]:
        """Channel by channel, kind by kind, a drawing first; one size in a channel."""
        for i in range(len(self.channels)):
            for kind in range(len(self.kinds)):
                if self.drawn is not None:
                    yield self.drawing(i, kind)
                for k in range(self.values.shape[1]):
                    yield self.tile(i, kind, k)

    def drawing(self, i: int, start: int) -> Tile:
        """The i-th channel drawn, from one of several starts."""
        assert self.drawn is not None
        name = f"{self.layer}:{self.channels[i]}"
        drawing = sizes.resize(self.drawn[i, start : start + 1], (SIDE, SIDE)).clamp(0, 1)[0]
        return Tile(pixels=display.levels(drawing), caption=f"{name} drawn", alt=f"What {name} answers to, drawn from nothing")

    def tile(self, i: int, kind: int, k: int, side: int = SIDE) -> Tile:
        """The i-th channel's k-th patch, or what the net made of it, enlarged to so many pixels at least."""
        name, photo, shown = f"{self.layer}:{self.channels[i]}", str(self.names[i, k]), self.kinds[kind]
        said = f"{name} #{k + 1} "
        if self.photos[i, k] < 0:
            said, alt = (f"{name} none" if kind == 0 else ""), "Empty: no photograph excites it"
        elif kind == 0:
            said += f"{self.values[i, k]:.3g} {photo.rpartition('/')[2]}"
            by = f"{self.values[i, k]:.3g}"
            alt = f"What excites channel {self.channels[i]} of {self.layer} as number {k + 1}, by {by}: a part of {photo}"
        else:
            said, alt = said + shown, f"What {name} answers to in {photo}, by {shown}"
        return Tile(pixels=display.enlarged(display.levels(self.shown[i][kind, k]), side), caption=said, alt=alt)

    def mosaics(self, i: int) -> tuple[Mosaic, ...]:
        """Of the i-th channel what belongs side by side: its drawings one below the other, the patches, what the net made of them, as squares."""
        count, crisp = self.values.shape[1], max(self.shown[i].shape[-2:]) <= SMALL
        side = math.ceil(math.sqrt(count))
        kinds = tuple(
            Mosaic(tuple(self.tile(i, kind, k, CELL) for k in range(count)), "patches" if kind == 0 else name, side, crisp)
            for kind, name in enumerate(self.kinds)
        )
        if self.drawn is None:
            return kinds
        drawings = tuple(self.drawing(i, start) for start in range(len(self.kinds)))
        return Mosaic(drawings, "drawn", math.isqrt(len(drawings))), *kinds

    def plates(self) -> tuple[Plate, ...]:
        """For each channel what a slide shows of it."""
        return tuple(
            Plate(f"{self.layer}-{channel}", f"{self.layer}:{channel}", self.mosaics(i), self.line(i))
            for i, channel in enumerate(self.channels)
        )

    def line(self, i: int) -> str:
        """The classes that the i-th channel speaks for; where they are not known, how much it is excited."""
        if said := self.words.get(self.channels[i]):
            return said
        best = float(self.values[i, 0])
        return f"excited by {best:.3g} at most" if best > 0 else "no photograph excites it"


class Cut:
    """Cuts one layer's patches out of the photographs, a channel at a time."""

    def __init__(self, search: Search, index: Index, layer: str, channels: tuple[int, ...], count: int, rules: tuple[Rule, ...]) -> None:
        self.search, self.layer, self.channels, self.rules, self.count = search, layer, channels, rules, count
        self.best: Best = index.best[layer].first(count)
        self.left = iter(channels)
        self.boxes = np.zeros((0, count, 4), np.int64)
        self.shown: list[Any] = []
        self.fields: dict[tuple[int, int], lens.ReceptiveField | None] = {}
        self.larger = False

    def field(self, hw: tuple[int, int]) -> lens.ReceptiveField | None:
        """What a unit sees of photographs of that size."""
        if hw not in self.fields:
            net = self.search.net
            try:
                table = {one.name: one for one in net.layers(hw)}
            except InputError:  # behind this layer the net takes no such size
                table = {}
            self.fields[hw] = table.get(self.layer, net.layer(self.layer)).receptive_field
        return self.fields[hw]

    def next(self) -> None:
        """The next channel: its photographs are opened once more, and the net goes back from each one's best unit."""
        channel = next(self.left)
        photos = self.best.photos[channel].tolist()
        wanted = sorted({n for n in photos if n < len(self.search.photos)})
        read = self.search.photos.read(self.search.prepared, wanted)
        opened = {n: p for n, p in read if not isinstance(p, InputError)}  # one may have gone since
        cuts: list[Any] = [None] * self.count
        groups: dict[tuple[int, int], list[int]] = {}
        for k, n in enumerate(photos):
            if n in opened:
                groups.setdefault((opened[n].shape[0], opened[n].shape[1]), []).append(k)
        for ranks in groups.values():
            for some in (ranks[i : i + 16] for i in range(0, len(ranks), 16)):
                x = torch.from_numpy(np.stack([opened[photos[k]] for k in some])).permute(0, 3, 1, 2)
                pictures = self.pictures(x, channel, self.best.places[channel][some])
                for i, k in enumerate(some):
                    cuts[k] = [p[i] for p in pictures]
        self.finish(channel, cuts)

    def pictures(self, x: torch.Tensor, channel: int, places: torch.Tensor) -> list[torch.Tensor]:
        """The photographs (b, 3, h, w) and, for each rule, what the net made of them; by its gradient alone where it has more than ReLUs."""
        net = self.search.net
        try:
            return [x, *(units.traced_back(net, x, self.layer, channel, places, rule) for rule in self.rules)]
        except InputError as error:
            if self.rules == ("gradient",):
                raise
            slopes = units.traced_back(net, x, self.layer, channel, places, "gradient")
            events.note(f"{error.got} {error.expected} The gradient is shown.")
            self.rules = ("gradient",)
            return [x, slopes]

    def finish(self, channel: int, cuts: list[Any]) -> None:
        """Cuts the boxes out, all of a channel at one size."""
        boxes, parts = np.zeros((self.count, 4), np.int64), []
        for k, cut in enumerate(cuts):
            if cut is None:
                continue
            hw = (cut[0].shape[-2], cut[0].shape[-1])
            field, place = self.field(hw), self.best.places[channel, k].tolist()
            whole = (0, 0, hw[1], hw[0]) if field is None else field.box(place[0], place[1])
            boxes[k] = (0, 0, hw[1], hw[0]) if field is None else field.clip(place[0], place[1], hw)
            self.larger |= whole[2] > hw[1] or whole[3] > hw[0]
            if boxes[k, 2:].all():
                parts.append((k, whole, hw))
        size = units.common_size([(whole, hw) for _, whole, hw in parts])
        out = torch.full((1 + len(self.rules), self.count, 3, *size), PAPER, dtype=torch.float32, device="cpu")
        for k, whole, hw in parts:
            out[1:, k] = NOTHING
            for i, picture in enumerate(cuts[k]):
                units.lay(out[i, k], picture if i == 0 else units.seen(picture, boxes[k]), whole, hw)
        self.boxes = np.concatenate([self.boxes, boxes[None]])
        self.shown.append(out)

    def patches(self, drawn: torch.Tensor | None = None, words: Mapping[int, str] | None = None) -> Patches:
        """All of them, and what a person should know."""
        chosen = list(self.channels)
        values, photos = self.best.values[chosen].numpy().copy(), self.best.photos[chosen].numpy().copy()
        gone = photos >= len(self.search.photos)
        values[gone], photos[gone] = np.nan, -1
        names = np.array(["" if n < 0 else self.search.photos.entries[n].name for n in photos.flat], dtype=object).reshape(photos.shape)
        field = self.search.net.layer(self.layer).receptive_field
        sees = "the whole photograph" if field is None else f"{field.size[1]:g} × {field.size[0]:g} px"
        if field is None or self.larger:
            more = "" if field is None else ", more than there is of a photograph"
            events.note(f"A unit of {self.layer} sees {sees}{more}: patches are whole photographs or large parts of them.")
        dead = int((values[:, 0] <= 0).sum())
        if dead:
            events.note(f"{self.layer}: no photograph excites {dead} of {len(chosen)} channels.")
        return Patches(
            self.layer, sees, self.channels, values, photos, names, self.best.places[chosen].numpy(), self.boxes, ("patch", *self.rules), tuple(self.shown), drawn, words or {}
        )  # fmt: skip


def drawings(net: lens.Net, layer: str, channels: Sequence[int], rows: int) -> torch.Tensor | None:
    """(channels, rows, 3, h, w): each channel drawn so many times. None where the net cannot be drawn, which is said."""
    last = None
    try:
        for last in boards.of_channels(net, layer, channels, each=rows):
            events.tell(f"{layer} drawn", (last.stage - 1) * last.of + last.i, last.stages * last.of)
    except (InputError, Stopped) as error:
        events.note(f"{layer} is not drawn: {error.got}")
        return None
    return None if last is None else last.image().reshape(len(channels), rows, *last.image().shape[1:])
