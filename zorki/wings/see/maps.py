"""Show the feature maps of a photo: where each channel of a layer answers.

Source: Zeiler and Fergus 2013; Yosinski et al. 2015.
Differs: maps are enlarged without smoothing, so that a unit stays a square; all blocks of a net may stand on one board.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from zorki import explaining, lens, pixels
from zorki.blocks import Tile
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

INPUTS = {"photo": Input("the photo whose maps are shown")}
NETS = ("eye",)
ONE, EACH = 16, 6  # channels of one layer; of each with --all
MOST = 8  # rows with --all
SMALL, LARGE = 160, 256  # the longer side of a tile, in pixels; maps of one layer may be larger when the photo is
BENDS = ("ReLU", "GELU", "SiLU", "ELU", "Mish", "Hardswish", "Hardtanh", "Tanh", "Softplus", "Sigmoid", "Softsign")  # in a kind's name


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose maps are shown; not given: the network's own (conv4_1 in eye); with --all: the deepest that is shown"
    all: bool = False
    "every block of the network on one board, the strongest channels of each in a row"
    channel: str = "strongest"
    "channels: the strongest, or 7, 0-63, 1,4,9 or all"
    count: Annotated[int, Least(1)] | None = None
    "how many channels, strongest first; not given: 16, with --all about 6 of each layer"
    by: Literal["mean", "max", "contrast"] = "mean"
    "what makes a channel strong: its mean answer, its largest, or by how much the largest stands out against the mean"
    size: Annotated[int, Least(1)] = 256
    "longest side of the photo as the network gets it"
    scale: Literal["own", "shared"] = "own"
    "whether each map is stretched by itself or all of a layer by one measure"
    over: bool = False
    "lay each map over the photo"
    grid: str | None = None
    "rows x columns of the places that a layer's tokens stand for, as 14x14, where the network does not tell; the rest are left out"
    skip: Annotated[int, Least(0)] = 0
    "with --grid: how many tokens (class, registers) stand before these"


ALSO = {"channels": "channel"}
PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Maps:
    """maps: (n, h, w) as the layer gave them, strongest first or as asked for; channels: their numbers; photo: what was seen.

    sees: what one unit sees, in words. highest: the largest value of any of them. side: longest side of a tile; None: as large as the maps,
    or a few times that. span: where the maps lie in the photo, None: all over it.
    """

    layer: str
    maps: torch.Tensor
    channels: tuple[int, ...]
    photo: torch.Tensor
    settings: Settings
    sees: str
    side: int | None = None
    span: explaining.alignment.Span | None = None

    @property
    def highest(self) -> float:
        return float(self.maps.max())

    def answer(self) -> dict[str, object]:
        """What the command prints beside the picture."""
        return {"layer": self.layer, "channels": list(self.channels), "highest": [float(m.max()) for m in self.maps]}

    def tile_hw(self) -> tuple[int, int]:
        """Rows and columns of each tile: the photo's shape, maps enlarged by a whole number where that fits."""
        h, w = self.photo.shape[-2:] if self.side or self.settings.over else self.maps.shape[-2:]
        k = self.side / max(h, w) if self.side else max(1, -(-SMALL // max(h, w)))
        return max(1, round(h * k)), max(1, round(w * k))

    def tiles(self) -> list[Tile]:
        """Heat colours from 0, or the lowest value below it, to the largest; the caption says layer, channel, size and field."""
        hw, (rows, columns) = self.tile_hw(), self.maps.shape[-2:]
        photo = pixels.sizes.resize(self.photo, hw) if self.settings.over else self.photo
        out = []
        for number, m in zip(self.channels, self.maps, strict=True):
            whole = self.maps if self.settings.scale == "shared" else m
            shown = pixels.display.stretched(m, low=min(0.0, float(whole.min())), high=float(whole.max()))
            shown = explaining.alignment.laid(shown, self.span if self.settings.over else None, hw, pixels.display.blocky)
            picture = pixels.display.overlay(photo, shown) if self.settings.over else pixels.display.heat(shown)
            name = f"{shortened(self.layer)}:{number}"
            out.append(
                Tile(
                    pixels=pixels.display.levels(picture),
                    caption=f"{name}, {columns}x{rows}, {self.sees}" if self.side else name,
                    alt=f"Map of channel {number} of {self.layer}, {columns} × {rows} units, at most {float(m.max()):.3g}",
                )
            )
        return out


@dataclass(frozen=True)
class Depth:
    """layers: the maps of each layer, shallow to deep, each a line of the sheet; where one has fewer channels, its rest stays empty."""

    layers: tuple[Maps, ...]

    @property
    def columns(self) -> int:
        return max(len(one.channels) for one in self.layers)

    def answer(self) -> dict[str, object]:
        return {"layers": [one.answer() for one in self.layers]}

    def tiles(self) -> list[Tile]:
        out = []
        for one in self.layers:
            tiles = one.tiles()
            empty = Tile(pixels=np.full_like(tiles[0].pixels, 255), caption="", alt="Empty: the layer has no more channels")
            out += tiles + [empty] * (self.columns - len(tiles))
        return out


def run(net: lens.Net, photo: torch.Tensor, s: Settings = Settings()) -> Maps | Depth:
    """photo: (1, 3, h, w) float32 sRGB in 0..1.

    Raises UnknownName for a layer the net lacks, InputError for one without maps and for channels that it lacks.
    """
    if not s.all:
        name, channels = explaining.targets.layer_of(net, s.layer, s.channel, Settings.channel)
        return seen(net, photo, [name], replace(s, channel=channels))[0]
    if s.channel != Settings.channel:
        raise InputError(
            "--channel and --all are both given.", "The one chooses channels of one layer, the other shows many.", "Leave one out."
        )
    found = blocks(net, s.layer)
    names = spread(found, MOST)
    if len(names) < len(found):
        events.note(f"Of {len(found)} blocks {len(names)} are shown, spread over the depth.")
    layers = seen(net, photo, names, replace(s, count=EACH if s.count is None else s.count))
    longest = max(layers[0].photo.shape[-2:])
    side = min(LARGE, longest * max(1, -(-SMALL // longest)))
    return Depth(tuple(replace(one, side=side) for one in layers))


def seen(net: lens.Net, photo: torch.Tensor, names: Sequence[str], s: Settings) -> list[Maps]:
    """The maps of each layer, from one look at the photo."""
    import torch

    size = pixels.sizes.fitted(net, (photo.shape[-2], photo.shape[-1]), s.size, names[0] if len(names) == 1 else names)
    small = pixels.sizes.resize(photo, size)
    with torch.no_grad(), net.quiet():
        given = lens.capture(net, small.expand(net.batch or 1, -1, -1, -1).to(net.device), names, grad=False)
    told = lens.grids.told(s.grid, s.skip)
    out = []
    for name in names:
        layer = net.layer(name)
        if given[name].ndim == 2 or (given[name].shape[2:].numel() == 1 and layer.shape[1:] == (1, 1)):
            raise InputError(
                f"{name} gives no maps, but {given[name].shape[1]} numbers.",
                "Maps have rows and columns.",
                "A layer before it has maps: `zorki layers` lists them.",
            )
        a = lens.maps_of(net, name, given[name], size, told).float().cpu()[0]
        if not torch.isfinite(a).all():
            raise Stopped(
                f"{name} gives numbers that are not finite.", "Nothing was written.", "Look at the network's weights, mean and std."
            )
        ranked = s.channel == Settings.channel
        order = strongest(a, s.by, ONE if s.count is None else s.count) if ranked else list(numbers(s.channel, len(a), name))
        field = layer.receptive_field
        sees = "sees all" if field is None else f"sees {field.size[1]:g}x{field.size[0]:g}"
        sees = sees if field is None or field.size[0] != field.size[1] else f"sees {field.size[0]:g} px"
        span = explaining.alignment.span(net, name, size, (a.shape[1], a.shape[2]), told)
        out.append(Maps(name, a[order], tuple(order), small.cpu(), s, sees, span=span))
    return out


def strongest(a: torch.Tensor, by: str, count: int) -> list[int]:
    """The numbers of the strongest of maps (c, h, w)."""
    flat = a.flatten(1)
    mean, most = flat.mean(1), flat.amax(1)
    strength = {"mean": mean, "max": most, "contrast": most - mean}[by]
    order: list[int] = strength.argsort(descending=True, stable=True)[:count].tolist()
    return order


def blocks(net: lens.Net, deepest: str | None = None) -> list[str]:
    """What a net consists of, shallow to deep, as a person would count: up to `deepest`, where one is given.

    The activations, or the convolutions, where they are few (AlexNet's five); else the last layer of each size of the maps (VGG's five
    blocks, a ResNet's stem and its four layers); else, where all maps are of one size, the largest row of numbered blocks (a transformer's).
    """
    table = list(net.layers())
    if deepest is not None:
        last = net.layer(deepest).name
        table = table[: [one.name for one in table].index(last) + 1]
    drawn = [(one, grid) for one in table if (grid := grid_of(net, one)) is not None]
    if not drawn:
        raise InputError(
            f"{net.name} has no layer with maps{f' up to {deepest}' if deepest else ''}.",
            "Maps have rows and columns.",
            "Choose from its layers: `zorki layers` lists them.",
        )
    leaves = {one.name for one in table if next(net.part(one.name).children(), None) is None}
    square = [one for one, _ in drawn if one.name in leaves and len(one.shape) == 3]
    bends = [one.name for one in square if any(kind in one.kind for kind in BENDS)]
    weighs = [one.name for one in square if one.macs]
    for few in (bends, weighs):
        if 2 <= len(few) <= MOST and 2 * len(few) >= len(weighs):
            return few
    groups = [[one for one, _ in group] for _, group in groupby(drawn, key=lambda pair: pair[1])]
    groups = [group for group in groups if any(one.macs for one in group if one.name in leaves)]
    if len(groups) > 1:
        # The outermost that ends last: layer1, not layer1.2.relu, nor what the next block computes before it shrinks the maps.
        return [min(reversed(group), key=lambda one: one.name.count(".")).name for group in groups]
    rows: dict[tuple[str, str], list[str]] = {}
    for one, _ in drawn:
        if (found := re.fullmatch(r"(.*?)\.?\d+", one.name)) and one.name not in leaves:
            rows.setdefault((found[1], one.kind), []).append(one.name)
    return max(rows.values(), key=len) if rows else [drawn[-1][0].name]


def grid_of(net: lens.Net, layer: lens.Layer) -> tuple[int, int] | None:
    """Rows and columns of a layer's maps; None where it has none, or one unit alone, and for tokens inside a block."""
    if len(layer.shape) < 2 or (len(layer.shape) == 2 and not re.search(r"\.\d+$", layer.name)):
        return None
    try:
        cells = lens.grids.cells(net, layer.name, net.hw)
    except InputError:
        return None
    if not cells.in_order and not re.search(r"\.\d+$", layer.name):  # tokens, of a numbered block: not what goes on inside it
        return None
    return cells.hw if min(cells.hw) > 1 else None


def spread(names: list[str], most: int) -> list[str]:
    """At most so many of them, the first and the last among them."""
    if len(names) <= most:
        return names
    return [names[round(i * (len(names) - 1) / (most - 1))] for i in range(most)]


def shortened(name: str, most: int = 18) -> str:
    """A long dotted name without its beginning, so that the channel behind it is still read."""
    return name if len(name) <= most else f"…{name[1 - most :]}"
