"""Show the feature maps of a photo: where each channel of a layer answers.

Source: Zeiler and Fergus 2013; Yosinski et al. 2015.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

from zorki import lens, pixels
from zorki.blocks import Tile
from zorki.core.errors import InputError, Stopped
from zorki.core.method import Input
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

INPUTS = {"photo": Input("the photo whose maps are shown")}


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "layer whose maps are shown; not given: the network's own (conv4_1 in eye)"
    count: Annotated[int, Least(1)] = 16
    "how many channels, strongest first"
    size: Annotated[int, Least(1)] = 256
    "longest side of the photo as the network gets it"
    scale: Literal["own", "shared"] = "own"
    "whether each map is stretched by itself or all by one measure"
    over: bool = False
    "lay each map over the photo"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Maps:
    """maps: (n, h, w) as the layer gave them, strongest mean first; channels: their numbers; photo: what was seen."""

    layer: str
    maps: torch.Tensor
    channels: tuple[int, ...]
    photo: torch.Tensor
    settings: Settings

    def tiles(self) -> list[Tile]:
        out = []
        shared = float(self.maps.max()) if self.settings.scale == "shared" else None
        for number, m in zip(self.channels, self.maps, strict=True):
            hw = (self.photo.shape[-2], self.photo.shape[-1])
            shown = pixels.ink.stretched(m, low=min(0.0, float(m.min())), high=shared)
            shown = pixels.shift.resize(shown[None, None], hw)[0, 0] if self.settings.over else shown
            picture = pixels.ink.overlay(self.photo, shown) if self.settings.over else pixels.ink.heat(shown)
            tile = pixels.ink.enlarged(pixels.ink.levels(picture), 96)
            out.append(
                Tile(
                    pixels=tile,
                    caption=f"{self.layer}:{number}",
                    alt=f"Map of channel {number} of {self.layer}, at most {float(m.max()):.3g}",
                )
            )
        return out


def run(net: lens.Net, photo: torch.Tensor, s: Settings = Settings()) -> Maps:
    """photo: (1, 3, h, w) float32 sRGB in 0..1. Raises UnknownName for a layer the net lacks, InputError for one without maps."""
    import torch

    name = net.pick_layer(s.layer)
    small = pixels.shift.resize(photo, pixels.shift.fitted(net, (photo.shape[-2], photo.shape[-1]), s.size, name))
    with torch.no_grad(), net.quiet():
        a = lens.maps(lens.capture(net, small.to(net.device), name, grad=False)[name], (small.shape[-2], small.shape[-1])).float().cpu()
    if a.ndim != 4:
        raise InputError(
            f"{name} gives no maps, but {tuple(a.shape[1:])} numbers.", "A layer before it has maps: `zorki layers` lists them."
        )
    if not torch.isfinite(a).all():
        raise Stopped(f"{name} gives numbers that are not finite.", "Nothing was written.", "Look at the network's weights, mean and std.")
    order = a[0].flatten(1).mean(1).argsort(descending=True, stable=True)[: s.count]
    return Maps(name, a[0][order], tuple(order.tolist()), small.cpu(), s)
