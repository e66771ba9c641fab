"""Show the patches of many photographs that excite a channel most, beside what the net made of them.

Source: Zeiler and Fergus 2013, sec. 2.1 and 4 (top nine, deconvnet with switches); Springenberg et al. 2014 (guided backpropagation).
Differs: a photograph counts once for each channel; the patch is the unit's exact receptive field, which is clipped where the photograph
ends; nothing is rescaled between layers on the way back.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import numpy.typing as npt

from zorki import blocks, explaining, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.method import Input
from zorki.core.numbers import numbers
from zorki.core.settings import Least

if TYPE_CHECKING:
    from zorki import io
    from zorki.exciting.crops import Patches
    from zorki.lens.rules import Rule

INPUTS = {"photos": Input("photographs: a folder, a zip, a picture or a pattern; may be given several times", kind="pictures")}
NETS = ("eye",)
RULES: dict[str, tuple[Rule, ...]] = {
    "deconvnet": ("deconvnet",),
    "guided": ("guided",),
    "gradient": ("gradient",),
    "none": (),
    "all": ("deconvnet", "guided", "gradient"),
}
NINE = 9  # an index holds so many at least, so that it serves again when fewer are shown
CLASSES = 3  # named for each channel


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
    drawn: bool = True
    "draw each channel too, beside its patches"
    size: Annotated[int, Least(8)] | None = None
    "longest side of the photographs as the network gets them; not given: as they are, up to 256"
    batch: Annotated[int, Least(1)] = 64
    "photographs at a time"
    index: str | None = field(default=None, metadata={"file": True})
    "a file for the index, to go on with and to use again; not given: in the user's cache folder"


ALSO = {"channels": "channel", "layers": "layer"}
PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Excited:
    """layers: of each asked for. count: photographs looked at. The arrays are the first layer's."""

    layers: tuple[Patches, ...]
    count: int

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
        return {"photos": self.count, "layers": [one.answer() for one in self.layers]}

    @property
    def columns(self) -> int:
        """Of the tiles: a channel's drawing and its patches are a row, and what the net made of them another."""
        return int(self.layers[0].values.shape[1]) + (self.layers[0].drawn is not None)

    def tiles(self) -> list[blocks.Tile]:
        return [tile for one in self.layers for tile in one.tiles()]


def run(net: lens.Net, photos: io.PhotoSet, s: Settings = Settings()) -> Excited:
    """photos: opened as they are needed. One pass over them, for all channels of all layers asked for.

    Raises UnknownName for a layer, InputError for a channel that it lacks and when no photograph can be read, Stopped for a layer that
    gives nothing but NaN.
    """
    from zorki.exciting import channel_classes, crops, index, index_files

    chosen = {}
    for name, channels in layers_of(net, s).items():
        count = index.channels_of(net, name)
        chosen[name] = numbers("all" if channels == Settings.channel and count < 16 else channels, count, name)
    names = list(chosen)
    search = index.Search(net, photos, names, max(NINE, s.count), s.size, s.batch)
    found = index_files.found(search, s.index)
    shown = min(s.count, len(photos) - len(found.failed))
    made, done = [], 0
    for name in names:
        one = crops.Cut(search, found, name, chosen[name], shown, RULES[s.beside])
        for _ in chosen[name]:
            one.next()
            done += 1
            events.tell("patches", done, sum(map(len, chosen.values())))
        drawn = crops.drawings(net, name, chosen[name], 1 + len(one.rules)) if s.drawn else None
        words = {} if drawn is None else channel_classes.spoken(net, drawn[:, 0], name, chosen[name], CLASSES)
        made.append(one.patches(drawn, words))
    if any(one.drawn is None for one in made):  # a sheet has one number of columns
        made = [replace(one, drawn=None) for one in made]
    return Excited(tuple(made), len(photos))


def page(net: lens.Net, found: Excited, s: Settings, command: str, photos: io.PhotoSet) -> blocks.Page:
    """Zeiler and Fergus' slides, layer by layer: for each channel its drawing, its patches, and what the net made of them."""
    names, missing = [one.layer for one in found.layers], photos.missing
    drawn, ways = found.layers[0].drawn is not None, found.layers[0].kinds[1:]
    beside = f", and what the network made of each on the way back from that one unit ({', '.join(ways)})" if s.beside != "none" else ""
    sections = [section(one, command if k == 0 else "") for k, one in enumerate(found.layers)]
    if missing:
        some = ", ".join(name for name, _ in missing[:10]) + (" …" if len(missing) > 10 else "")
        left = blocks.Note(f"{len(missing)} of {found.count:,} photographs could not be read and are left out: {some}.")
        sections[-1] = replace(sections[-1], blocks=(*sections[-1].blocks, left))
    return blocks.Page(
        title=f"What excites {', '.join(names) if len(names) < 5 else f'{len(names)} layers'}",
        lead=f"For each channel {'its drawing, ' if drawn else ''}the parts of {found.count:,} photographs that excite it most{beside}.",
        sections=tuple(sections),
        facts=(("network", net.name), ("photographs", f"{found.count - len(missing):,}")),
        foot="Made by Zorki on this machine. Nothing left it.",
    )


def section(one: Patches, command: str) -> blocks.Section:
    """One layer's slide; what all slides have in common is said where the command stands."""
    count = len(one.channels)
    said = ["A patch is all that the unit sees; light is what lies outside of the photograph."]
    said += ["What comes back is mid-grey where it is nothing."] if one.kinds[1:] else []
    said += ["Beside a channel's name stand the classes whose logit grows most when it is doubled in its own drawing."] if one.words else []
    lead = f"{'One channel' if count == 1 else f'{count} channels'} whose units see {one.sees}."
    return blocks.Section(one.layer, one.layer, lead, (blocks.Slide(one.plates(), " ".join(said) if command else "", command),))


def layers_of(net: lens.Net, s: Settings) -> dict[str, str]:
    """The channels of each layer, by the layers' own names. Raises UnknownName, InputError."""
    if s.layer is not None and s.layer.strip() == "all":
        found = [one.name for one in net.layers() if "Conv" in one.kind and len(one.shape) == 3]
        if not found:
            raise InputError(f"{net.name} has no convolutions.", "--layer=all means these.", "Name its layers: `zorki layers` lists them.")
        return dict.fromkeys(found, s.channel)
    listed = [None] if s.layer is None else explaining.targets.listed(net, s.layer)
    return dict(explaining.targets.layer_of(net, one, s.channel, Settings.channel) for one in listed)
