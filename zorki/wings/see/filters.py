"""Show the weights of a layer as pictures.

Source: Krizhevsky, Sutskever, Hinton 2012, figure 3; Zeiler and Fergus 2013, figure 2, layer 1.
Differs: all filters share one scale around mid-grey and are sorted by strength; the scale is the power 0.6 of the weights, so
that a weak filter looks weak and can still be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from zorki import pixels
from zorki.blocks import Tile
from zorki.core.errors import InputError
from zorki.core.settings import Least

if TYPE_CHECKING:
    import torch

    from zorki import lens

INPUTS: dict[str, object] = {}


@dataclass(frozen=True)
class Settings:
    layer: str | None = None
    "convolution whose weights are shown; not given: the first"
    count: Annotated[int, Least(1)] = 64
    "how many filters at most, strongest first"


PRESETS: dict[str, Settings] = {}


@dataclass(frozen=True)
class Filters:
    """weights: (n, c, kh, kw), strongest first; channels: their numbers; scale: the value shown as full contrast."""

    layer: str
    weights: torch.Tensor
    channels: tuple[int, ...]
    scale: float

    def tiles(self) -> list[Tile]:
        """In colour where a filter reads three channels; else the slice on its strongest input channel."""
        out = []
        for number, w in zip(self.channels, self.weights, strict=True):
            shown = w if w.shape[0] == 3 else w[w.flatten(1).norm(dim=1).argmax()].expand(3, -1, -1)
            picture = pixels.ink.enlarged(pixels.ink.levels(0.5 + shown.sign() * (shown.abs() / self.scale) ** 0.6 / 2), 48)
            out.append(
                Tile(pixels=picture, caption=f"{number}", alt=f"Filter {number} of {self.layer}, {w.shape[-2]} by {w.shape[-1]} weights")
            )
        return out


def run(net: lens.Net, s: Settings = Settings()) -> Filters:
    """The filters of one convolution. Raises UnknownName for a layer the net lacks, InputError for one without filters."""
    import torch

    convolutions = [layer.name for layer in net.layers() if "Conv" in layer.kind]
    name = net.layer(convolutions[0] if s.layer is None else s.layer).name if s.layer is not None or convolutions else ""
    weight = getattr(net.part(name), "weight", None) if name else None
    if not isinstance(weight, torch.Tensor) or weight.ndim != 4:
        raise InputError(
            f"{name or 'This network'} has no filters to show.", f"Its convolutions are {', '.join(convolutions[:12]) or 'none'}."
        )
    weight = weight.detach().float().cpu()
    if not torch.isfinite(weight).all():
        raise InputError(f"{name} has weights that are not finite.", "Nothing was written.", "Load other weights.")
    order = weight.flatten(1).norm(dim=1).argsort(descending=True)[: s.count]
    return Filters(name, weight[order], tuple(order.tolist()), float(weight.abs().max()) or 1.0)
