"""Show the weights of a layer as pictures.

Source: Krizhevsky, Sutskever, Hinton 2012, figure 3; Zeiler and Fergus 2013, figure 2, layer 1. The composition of deeper
filters down to the picture is the chain rule with the ReLUs left out (`pixels.linear`).
Differs: all filters share one scale around mid-grey and are sorted by strength; the scale is the power 0.6 of the weights, so
that a weak filter looks weak and can still be seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

from zorki import explaining, pixels
from zorki.blocks import Pixels, Tile
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.numbers import numbers
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS: dict[str, object] = {}
NETS = ("eye",)
POWER = 0.6  # of the weights is what is shown
SIDE, LARGE = 48, 96  # pixels that a filter's, a composition's longer side gets at least
GAP = 3  # pixels between slices


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "convolution whose weights are shown; not given: the first, of compositions the second"
    channel: str = "all"
    "filters: 7, 0-63, 1,4,9 or all; the strongest of them are shown"
    count: Annotated[int, Least(1)] = 64
    "how many filters at most, strongest first"
    as_: Literal["weights", "composition"] = "weights"
    "the weights as they are, or what they would read of the picture if the layers before were linear"
    slices: Annotated[int, Least(1)] = 4
    "of a filter that reads no colours: how many input channels, strongest first (of 1 x 1 filters twice as many)"
    fold: bool = False
    "multiply by the batch norm that follows; in a composition by all of them"


ALSO = {"channels": "channel"}
PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Filters:
    """weights: (n, c, kh, kw), strongest first; channels: their numbers; scale: the value shown as full contrast.

    first: of each filter the input channel that its slice 0 reads, 0 but for grouped convolutions. colours: what the slices are: the
    picture's three colours, its grey, or neither. settings: as asked for.
    """

    layer: str
    weights: torch.Tensor
    channels: tuple[int, ...]
    scale: float
    first: tuple[int, ...]
    colours: Literal["rgb", "grey", "none"]
    settings: Settings

    def answer(self) -> dict[str, object]:
        """What the command prints beside the picture."""
        return {"layer": self.layer, "as": self.settings.as_, "channels": list(self.channels), "scale": self.scale}

    def slices(self, i: int) -> tuple[int, ...]:
        """The strongest slices of the i-th filter, strongest first."""
        w = self.weights[i]
        count = self.settings.slices * (2 if w.shape[-2:].numel() == 1 else 1)
        return tuple(w.flatten(1).norm(dim=1).argsort(descending=True, stable=True)[:count].tolist())

    def shown(self, values: torch.Tensor) -> torch.Tensor:
        """Weights as contrast in -1..1."""
        x = values / self.scale
        return x.sign() * x.abs() ** POWER

    def tiles(self) -> list[Tile]:
        """In colour where a filter reads the picture's colours, else slice by slice; the last tile is the scale."""
        least = SIDE if self.settings.as_ == "weights" else LARGE
        out = []
        for i, (number, first, w) in enumerate(zip(self.channels, self.first, self.weights, strict=True)):
            size = f"{w.shape[-2]} by {w.shape[-1]} weights"
            if self.colours != "none":
                picture = pixels.display.enlarged(pixels.display.levels(0.5 + self.shown(w.expand(3, -1, -1)) / 2), least)
                out.append(Tile(pixels=picture, caption=f"{number}", alt=f"Filter {number} of {self.layer}, {size}"))
                continue
            chosen = self.slices(i)
            side = least // 2 if w.shape[-2:].numel() == 1 else least
            row = [pixels.display.enlarged(pixels.display.levels(pixels.display.signed(self.shown(w[k]))), side) for k in chosen]
            reads = ", ".join(str(first + k) for k in chosen)
            alt = f"Filter {number} of {self.layer}, {size} on each of its input channels {reads}: orange above zero, blue below"
            out.append(Tile(pixels=beside(row), caption=f"{number}: {reads.replace(',', '')}", alt=alt))
        return [*out, self.legend(out[0].pixels.shape[:2])]

    def legend(self, hw: tuple[int, ...]) -> Tile:
        """From minus to plus the scale, left to right, as large as a filter."""
        import torch

        ramp = self.shown(torch.linspace(-self.scale, self.scale, hw[1], dtype=torch.float32, device="cpu")).expand(hw[0], -1)
        picture = pixels.display.signed(ramp) if self.colours == "none" else (0.5 + ramp / 2).expand(3, -1, -1)
        said = f"±{self.scale:.2g}"
        return Tile(pixels=pixels.display.levels(picture), caption=said, alt=f"The scale of all: from minus to plus {self.scale:.3g}")


def beside(row: list[Pixels]) -> Pixels:
    """Pictures of one height in a row, a white gap between."""
    gap = np.full((row[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([part for picture in row for part in (gap, picture)][1:], 1)


def run(net: lens.Net, s: Settings = Settings()) -> Filters:
    """The filters of one convolution, or their compositions with all that comes before.

    Raises UnknownName for a layer the net lacks, InputError for one without filters and, for a composition, for one that is not
    linear with its ReLUs and norms taken out.
    """
    import torch

    from zorki.wings.see import _filters

    with net.quiet():  # in train mode a weight that is computed when asked for would change what it is computed from
        name, channels = chosen(net, s)
        if s.as_ == "weights":
            weights, first = arranged(net, name)
            asked = numbers(channels, len(weights), name)
        else:
            weights, asked = _filters.readings(net, name, channels, keep=s.fold)
            first = [0] * len(asked)
        slope = _filters.following_norm(net, name) if s.fold else None
        if s.fold and slope is None:
            events.note(f"No batch norm follows {name}: nothing of that kind was folded in.")
        if slope is not None:
            slope = slope if s.as_ == "weights" else slope[list(asked)]
            weights = weights * slope.view(-1, 1, 1, 1)
        if not torch.isfinite(weights).all():
            raise InputError(f"{name} has weights that are not finite.", "Nothing was written.", "Load other weights.")
        scale = float(weights.abs().max()) or 1.0  # of the whole layer, so that a filter shown alone looks as it does among all
        if s.as_ == "weights":
            weights, first = weights[list(asked)], [first[k] for k in asked]
        order = weights.flatten(1).norm(dim=1).argsort(descending=True, stable=True)[: s.count].tolist()
        return Filters(
            name, weights[order], tuple(asked[k] for k in order), scale, tuple(first[k] for k in order), colours(net, name, weights, s), s
        )


def chosen(net: lens.Net, s: Settings) -> tuple[str, str]:
    """The layer's own name, and which of its filters. Raises UnknownName, InputError for a network without convolutions."""
    if s.layer is not None:
        return explaining.targets.layer_of(net, s.layer, s.channel, Settings.channel)
    found = convolutions(net)
    if not found:
        linear = next((layer.name for layer in net.layers() if layer.kind == "Linear"), None)
        raise without(net.name, "" if linear is None else flattened(linear))
    return found[0] if s.as_ == "weights" else found[min(1, len(found) - 1)], s.channel


def convolutions(net: lens.Net, under: str = "") -> list[str]:
    """The layers that have filters, in the order in which they run; of one layer, those inside it."""
    names = [layer.name for layer in net.layers() if layer.name.startswith(under)]
    return [name for name in names if getattr(getattr(net.part(name), "weight", None), "ndim", 0) == 4]


def without(what: str, why: str, found: Sequence[str] = ()) -> InputError:
    """What to say of a layer or a net that has no filters."""
    said = f"Its convolutions are {', '.join(found[:12])}{', …' if len(found) > 12 else ''}." if found else "It has no convolution."
    do = "Use --as=composition." if why else "Choose one of these." if found else "Use a network with convolutions."
    return InputError(f"{what} has no filters to show.", why or said, do)


def flattened(name: str) -> str:
    return f"{name} is linear: its weights stand in a row, and nothing says which of them reads which pixel."


def arranged(net: lens.Net, name: str) -> tuple[torch.Tensor, list[int]]:
    """A convolution's filters (n, c, kh, kw) in float32 and the input channel that each one's slice 0 reads.

    A transposed convolution's are what each of its output channels gathers; as they lie, so as it lays them down.
    Raises InputError for any other layer.
    """
    import torch

    part = net.part(name)
    weight, groups = getattr(part, "weight", None), int(getattr(part, "groups", 1))
    if not isinstance(weight, torch.Tensor) or weight.ndim != 4:
        if isinstance(part, torch.nn.Linear):
            raise without(name, flattened(name))
        if isinstance(weight, torch.Tensor) and weight.ndim in (3, 5):
            has = f"It convolves in {weight.ndim - 2} dimensions, and a picture has two."
            raise InputError(f"{name} has no filters to show.", has, "Choose another layer: `zorki layers` lists them.")
        raise without(name, "", convolutions(net, f"{name}.") or convolutions(net))
    w = weight.detach().float().cpu()
    if isinstance(part, torch.nn.ConvTranspose2d):
        w = w.reshape(groups, -1, *w.shape[1:]).transpose(1, 2).flatten(0, 1)
    return w, [k * groups // len(w) * w.shape[1] for k in range(len(w))]


def colours(net: lens.Net, name: str, weights: torch.Tensor, s: Settings) -> Literal["rgb", "grey", "none"]:
    """Whether filters (n, c, kh, kw) read the picture's colours, its grey, or channels that look like nothing."""
    c = weights.shape[1]
    if s.as_ == "weights" and c == 3:
        return "rgb" if getattr(net.part(name), "groups", 1) == 1 else "none"
    first = s.as_ == "composition" or (net.channels == 1 and convolutions(net)[:1] == [name])
    return "rgb" if c == 3 else "grey" if c == 1 and first else "none"
