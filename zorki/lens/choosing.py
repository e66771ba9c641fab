"""Which layer is meant when none is given: one with maps, that depends on the picture, and from which a gradient comes back."""

from __future__ import annotations

from collections.abc import Iterable

import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.lens.capturing import capture
from zorki.lens.cells import Cells
from zorki.lens.net import Net
from zorki.lens.outputs import OUTPUT
from zorki.lens.sizes import ramp
from zorki.lens.table import Layer

READERS = ("encoder.", "backbone.")  # before the names of their layers


def mapped(net: Net) -> list[Layer]:
    """The layers that give (c, h, w), or one number in place of each map, in the order in which they run: see `drawable`."""
    found = net._trace(None).cells

    def is_map(layer: Layer) -> bool:
        return layer.name in found and len(layer.shape) == 3 and (layer.shape[1:] == (1, 1) or ordered(found[layer.name]))

    return with_way(net, [layer for layer in net.layers() if is_map(layer)])


def drawable(net: Net) -> list[Layer]:
    """The layers with maps, in the order in which they run; not attention, nor what depends on no picture or passes no gradient back.

    Maps have rows and columns of their own; where a net has none of these, tokens and numbers are taken.
    """
    found = net._trace(None)
    known = [layer for layer in net.layers() if layer.name in found.cells]
    maps = [layer for layer in mapped(net) if min(layer.shape[1:]) > 1]
    tokens = [layer for layer in known if len(layer.shape) > 1 and not isinstance(found.cells[layer.name], str)]
    return maps or with_way(net, tokens) or with_way(net, known) or list(net.layers())


def ordered(cells: Cells | str | None) -> bool:
    """Whether maps are rows and columns as they are; where nothing is known they are taken for such."""
    return cells is None or (isinstance(cells, Cells) and cells.in_order)


def with_way(net: Net, layers: list[Layer]) -> list[Layer]:
    """Those that have a gradient to the picture, or all, where the net lets none through."""
    ways = net._trace(None).ways
    return [layer for layer in layers if layer.name in ways] or layers


def weighable(net: Net) -> list[str]:
    """The layers that Grad-CAM can weigh: all whose units have places, tokens too. Raises InputError for a net without."""
    found = net._trace(None).cells

    def placed(layer: Layer) -> bool:
        cells = found.get(layer.name, "")
        if cells is None:
            return len(layer.shape) == 3 and min(layer.shape[1:]) > 1
        return isinstance(cells, Cells) and min(cells.hw) > 1

    names = [layer.name for layer in with_way(net, [layer for layer in net.layers() if placed(layer)])]
    if not names:
        raise InputError(f"{net.name} has no layer with maps.", "Grad-CAM weighs maps.", "Use --method=gradient.")
    return names


def weighed(net: Net, layer: str | None, segments: bool = False) -> str:
    """The layer that Grad-CAM weighs: the one given, else the last whose places all have a way to the answer.

    Where only the class token goes on, or a layer is a segmenter's answer itself, the last one before is taken, and this is said.
    """
    name = None if layer is None else net.layer(layer).name
    cells = net._trace(None).cells
    tokens = any(isinstance(one, Cells) and one.extra for one in cells.values())
    if name is not None and not (tokens and isinstance(cells.get(name), Cells)):
        return name
    names = weighable(net)
    if not tokens and not segments:
        return names[-1]
    some, every = heard(net)
    if name is not None:
        return name if name in some or not some else before(net, name) or name
    chosen = last(names, every) or last(names, some) or names[-1]
    if tokens and chosen != names[-1]:
        events.note(
            f"{chosen} is weighed: it is the last layer whose patches have a way to the class; behind it only other tokens have one."
        )
    return chosen


def read(net: Net) -> str:
    """The layer that Grad-CAM weighs in a net that locates: the last map of the part that reads the picture, where the net has one that is called so, since
    behind it each cell sees little but its own neighbours; else as of a segmenter. Raises InputError for a net without maps."""
    readers = [name for name in weighable(net) if name.startswith(READERS)]
    return readers[-1] if readers else weighed(net, None, segments=True)


def before(net: Net, name: str) -> str | None:
    """The last layer before one whose places have no way to the answer; this is said. None where there is none."""
    names = weighable(net)
    found = last(names[: names.index(name)] if name in names else names, heard(net)[1])
    if found is not None:
        cells = net._trace(None).cells.get(name)
        why = "behind it only the class token, or another beside the patches, goes on" if isinstance(cells, Cells) and cells.extra else ""
        events.note(
            f"{name} has no way to the class from any place{f': {why}' if why else ''}. {found} is weighed, the last layer before it that has "
            "one; --layer takes any block before that, for Grad-CAM as for LayerCAM."
        )
    return found


def last(names: list[str], among: Iterable[str]) -> str | None:
    """The last of the names that is among others."""
    return next((name for name in reversed(names) if name in among), None)


def heard(net: Net) -> tuple[frozenset[str], frozenset[str]]:
    """The layers of which some place, and those of which some place in each channel, has a way to the first number of the net's answer.

    A NaN is sent back from there: it passes all weights, zeros too, and nothing else. Remembered.
    """
    known, key = net._known(), f"heard by output {net.output}"
    if key not in known:
        known[key] = listened(net, weighable(net))
    found: tuple[frozenset[str], frozenset[str]] = known[key]
    return found


def listened(net: Net, names: list[str]) -> tuple[frozenset[str], frozenset[str]]:
    """One pass there and back."""
    from zorki.lens.grids import maps_of

    x = ramp(net, net.channels, net.hw).expand(net.batch or 1, -1, -1, -1)
    with torch.inference_mode(False), torch.enable_grad(), torch.autograd.set_detect_anomaly(False), net.quiet():
        try:
            seen = capture(net, x.clone().requires_grad_(True), [*names, OUTPUT])
        except InputError:
            return frozenset(), frozenset()
        asked = seen.pop(OUTPUT)
        seen = {name: a for name, a in seen.items() if a.requires_grad}
        if not asked.requires_grad or not seen:
            return frozenset(), frozenset()
        told = torch.zeros_like(asked)
        told[:, 0] = float("nan")
        back = torch.autograd.grad(asked, list(seen.values()), told, allow_unused=True)
    some: set[str] = set()
    every: set[str] = set()
    for name, g in zip(seen, back, strict=True):
        if g is not None:
            channels = maps_of(net, name, g, net.hw).isnan().transpose(0, 1).flatten(1).any(1)
            some.update({name} if channels.any() else ())
            every.update({name} if channels.all() and len(channels) > 1 else ())  # one channel alone may be the answer itself
    return frozenset(some), frozenset(every)
