"""Show the patches of many photographs that excite a channel most, beside what the net made of them.

Source: Zeiler and Fergus 2013, sec. 2.1 and 4 (top nine, deconvnet with switches); Springenberg et al. 2014 (guided backpropagation).
Differs: a photograph counts once for each channel; the patch is the unit's exact receptive field, which is clipped where the photograph
ends; nothing is rescaled between layers on the way back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
import numpy.typing as npt

from zorki import lens
from zorki.blocks import Tile
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import io
    from zorki.lens.rules import Rule
    from zorki.pixels.index import Best, Index, Search

INPUTS = {"photos": Input("photographs: a folder, a zip, a picture or a pattern; may be given several times", many=True)}
RULES: dict[str, tuple[Rule, ...]] = {
    "deconvnet": ("deconvnet",),
    "guided": ("guided",),
    "gradient": ("gradient",),
    "none": (),
    "all": ("deconvnet", "guided", "gradient"),
}
NINE = 9  # an index holds so many at least, so that it serves again when fewer are shown
SIDE = 160  # pixels of a tile's longer side, at least
PAPER = 0.86  # lightness of what lies outside of the photograph


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layers: conv3_1, or conv3_1,conv4_1, or all (every convolution); not given: the network's own (conv4_1 in eye)"
    channel: str = "0-15"
    "channels of each: 7, 0-63, 1,4,9 or all"
    count: Annotated[int, Least(1, 1000)] = 9
    "patches of a channel, of as many photographs"
    beside: Literal["deconvnet", "guided", "gradient", "none", "all"] = "deconvnet"
    "what is shown beside them: what the network made of each patch, by that way back; all: by each of the three"
    size: Annotated[int, Least(8)] | None = None
    "longest side of the photographs as the network gets them; not given: as they are, up to 256"
    batch: Annotated[int, Least(1)] = 64
    "photographs at a time"
    index: str | None = None
    "a file for the index, to go on with and to use again; not given: in the user's cache folder"


ALSO = {"channels": "channel", "layers": "layer"}
PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Patches:
    """One layer's. channels: (n,); arrays have a row for each and a column for each rank, best first.

    values: (n, k) float32, NaN where there is none; photos: (n, k) numbers of photographs in their set, -1 there; names: (n, k) theirs;
    positions: (n, k, 2) row and column of the unit; boxes: (n, k, 4) left, top, width, height of what it sees, in pixels of the photograph
    at the size that the network got, clipped to it. shown: for each channel the pictures (k, 3, h, w) in 0..1 of each kind, patches
    first; kinds: their names.
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
        """Channel by channel, kind by kind; one size in a channel."""
        from zorki.pixels import ink

        for i, channel in enumerate(self.channels):
            name = f"{self.layer}:{channel}"
            for kind, pictures in zip(self.kinds, self.shown[i], strict=True):
                for k, picture in enumerate(pictures):
                    said = f"{name} #{k + 1} "
                    photo = str(self.names[i, k])
                    if self.photos[i, k] < 0:
                        said, alt = (f"{name} none" if kind == "patch" else ""), "Empty: no photograph excites it"
                    elif kind == "patch":
                        said += f"{self.values[i, k]:.3g} {photo.rpartition('/')[2]}"
                        alt = f"What excites channel {channel} of {self.layer} as number {k + 1}, by {self.values[i, k]:.3g}: a part of {photo}"
                    else:
                        said, alt = said + kind, f"What {self.layer}:{channel} answers to in {photo}, by {kind}"
                    yield Tile(pixels=ink.enlarged(ink.levels(picture), SIDE), caption=said, alt=alt)


@dataclass(frozen=True)
class Excited:
    """layers: of each asked for. count: photographs looked at; failed: (name, why) of those that could not be read. The arrays are the first layer's."""

    layers: tuple[Patches, ...]
    count: int
    failed: tuple[tuple[str, str], ...]

    @property
    def values(self) -> npt.NDArray[np.float32]:
        return self.layers[0].values

    @property
    def photos(self) -> npt.NDArray[np.int64]:
        return self.layers[0].photos

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        return self.layers[0].positions

    @property
    def boxes(self) -> npt.NDArray[np.int64]:
        return self.layers[0].boxes

    def answer(self) -> dict[str, object]:
        """What the command prints beside the picture."""
        failed = [{"photo": name, "why": why} for name, why in self.failed]
        return {"photos": self.count, "failed": failed, "layers": [one.answer() for one in self.layers]}

    @property
    def columns(self) -> int:
        """Of the sheet: a channel's patches are a row, and what the net made of them another."""
        return int(self.layers[0].values.shape[1])

    def tiles(self) -> list[Tile]:
        return [tile for one in self.layers for tile in one.tiles()]


def run(net: lens.Net, photos: io.PhotoSet, s: Settings = Settings()) -> Excited:
    """photos: opened as they are needed. One pass over them, for all channels of all layers asked for.

    Raises UnknownName for a layer, InputError for a channel that it lacks and when no photograph can be read, Stopped for a layer that
    gives nothing but NaN.
    """
    from zorki.pixels import index, keeping

    names = layers_of(net, s.layer)
    chosen = {}
    for name in names:
        count = index.channels_of(net, name)
        chosen[name] = numbers("all" if s.channel == Settings.channel and count < 16 else s.channel, count, name)
    search = index.Search(net, photos, names, max(NINE, s.count), s.size, s.batch)
    found = keeping.found(search, s.index)
    named = [(photos.entries[n].name, why) for n, why in sorted(found.failed.items())]
    failed = tuple((name, why.removeprefix(f"{name} ").removeprefix(f"{name}: ")) for name, why in named)
    shown = min(s.count, len(photos) - len(failed))
    made, done = [], 0
    for name in names:
        one = Cut(search, found, name, chosen[name], shown, RULES[s.beside])
        for _ in chosen[name]:
            one.next()
            done += 1
            events.tell("patches", done, sum(map(len, chosen.values())))
        made.append(one.patches())
    return Excited(tuple(made), len(photos), failed)


def layers_of(net: lens.Net, given: str | None) -> list[str]:
    """The layers' own names, each once. Raises UnknownName."""
    if given is None:
        return [net.pick_layer(None)]
    if given.strip() == "all":
        found = [one.name for one in net.layers() if "Conv" in one.kind and len(one.shape) == 3]
        if not found:
            raise InputError(f"{net.name} has no convolutions.", "--layer all means these.", "Name its layers: zorki layers.")
        return found
    return list(dict.fromkeys(net.pick_layer(part.strip()) for part in given.split(",")))


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
        import torch

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
        from zorki.pixels import units

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
        import torch

        from zorki.pixels import units

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
        out = torch.full((1 + len(self.rules), self.count, 3, *size), PAPER)
        for k, whole, hw in parts:
            for i, picture in enumerate(cuts[k]):
                units.lay(out[i, k], picture if i == 0 else units.seen(picture, boxes[k]), whole, hw)
        self.boxes = np.concatenate([self.boxes, boxes[None]])
        self.shown.append(out)

    def patches(self) -> Patches:
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
            self.layer, sees, self.channels, values, photos, names, self.best.places[chosen].numpy(), self.boxes, ("patch", *self.rules), tuple(self.shown)
        )  # fmt: skip
