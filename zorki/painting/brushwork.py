"""Painting with a brush: which styles a network has, and a photo painted in a mixture of them, whole or in strips.

Source: Dumoulin, Shlens, Kudlur 2017; the network: `zorki/nets/brush.py`.
Differs: a large photo is painted in strips with the statistics of the whole, so that memory does not grow with what the network holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import torch

from zorki.core.errors import InputError
from zorki.nets.brush import STRIDE, Brush
from zorki.painting import chosen, fitted
from zorki.painting.strips import Strips
from zorki.pixels import colour
from zorki.weights.cards import Style

if TYPE_CHECKING:
    from zorki import lens

WHOLE, ELSEWHERE = 2**21, 2**25  # pixels up to which a photo is painted in one piece: on a processor, on another device
STRIP = 2**19  # pixels of a strip


def opened(net: lens.Net) -> tuple[Brush, tuple[Style, ...]]:
    """The brush in a network, and its styles in the order of its vectors; the styles that the user fitted to it come behind its own.

    Raises InputError for a network that is none, or that its card does not fit.
    """
    brush = net.inner
    if not isinstance(brush, Brush):
        raise InputError(
            f"{net.name} is no brush.",
            "Styles are painted by a brush: the one that ships, or what a training of styles left.",
            "Give --model=brush.",
        )
    known = tuple(net.styles)
    if known and len(known) != brush.styles:
        raise InputError(
            f"The card of {net.name} lists {len(known)} styles.", f"The network has {brush.styles}.", "Mend the card, or train again."
        )
    known = known or tuple(Style(str(k), f"Style {k}", "", "") for k in range(1, 1 + brush.styles))
    names = [style.name for style in known]
    own = tuple(one for one in fitted.those_of(brush) if one.style.name not in names)
    return fitted.joined(brush, own), (*known, *(one.style for one in own))


def weights_of(net: lens.Net, text: str) -> list[float]:
    """What `chosen.weights_of` makes of it for the styles of that network. Raises InputError too for a style that was fitted to another brush."""
    names = [style.name for style in opened(net)[1]]
    others = {path.stem for path in fitted.files()} - set(names)
    for part in map(str.strip, text.split(",")):
        if name := next((x for x in (part, part.rpartition(":")[0].strip()) if x in others), None):
            raise InputError(
                f"{name!r} is a style of yours for another network than {net.name}.",
                "A fitted style fits the one that it was fitted to.",
                "Fit it to this one with --from and another --name.",
            )
    return chosen.weights_of(text, names)


def painted(
    net: lens.Net,
    x: torch.Tensor,
    weights: Sequence[float],
    strength: float = 1.0,
    tell: Callable[[float], None] = lambda _share: None,
    height: int | None = None,
) -> torch.Tensor:
    """x: (1, 3, h, w) float32 sRGB in 0..1, any size. weights: of each style; strength: from 0, the photo, to 1. Returns the same shape, on the processor.

    tell: hears what share of the work is done. height: of the strips in pixels; not given: strips where the photo is large.
    """
    brush, _ = opened(net)
    pixels = x.shape[-2] * x.shape[-1]
    one = x[..., :1, :1]
    if pixels > 1 and torch.equal(x, one.expand_as(x)):  # strips would be taken for a picture where they differ by rounding
        return painted(net, one, weights, strength, tell).expand_as(x).contiguous()
    if height is None and pixels > (WHOLE if net.device.type == "cpu" else ELSEWHERE):
        height = STRIP // x.shape[-1]
    with net.alone(), net.quiet(), torch.no_grad():
        shares = torch.tensor(weights, dtype=torch.float32, device=net.device)
        if height is None:
            with net.precision():
                whole: torch.Tensor = brush(x.to(net.device), shares, strength)
            return whole.cpu()
        height = max(1, height // STRIDE) * STRIDE
        rows = brush.rows(torch.empty((1, 0), dtype=torch.float32, device=net.device), shares, strength)
        return Strips(brush, x, rows, height, tell).painted()


def lay(photo: torch.Tensor, painted: torch.Tensor, own_colours: bool = False, cover: torch.Tensor | None = None) -> None:
    """What was painted becomes, in its place, the photo's in colour, or the photo where it is not covered.

    All (1, 3, h, w) in 0..1; cover (1, 1, h, w): where it is 0 the photo stays to the bit.
    """
    step = max(1, STRIP // photo.shape[-1])
    for top in range(0, photo.shape[-2], step):
        here, there = (x[..., top : top + step, :] for x in (photo, painted))
        if own_colours:
            there.copy_((here + (colour.lightness(there) - colour.lightness(here))).clamp_(0, 1))
        if cover is not None:
            there.copy_(torch.lerp(here, there, cover[..., top : top + step, :]))
