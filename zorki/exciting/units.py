"""One unit of a layer and the way back from it to the picture; what it sees, cut out and laid on paper."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch

from zorki import lens
from zorki.core.errors import InputError
from zorki.lens.rules import UNRULED, Operations, Rule

Box = tuple[int, int, int, int]
COMMON = 0.98  # of what comes back is shown without clipping


def traced_back(net: lens.Net, x: torch.Tensor, layer: str, channel: int, places: torch.Tensor, rule: Rule) -> torch.Tensor:
    """What a 1 in one unit of each picture, all others 0, becomes on its way back: (b, 3, h, w) in main memory.

    x: (b, 3, h, w); places: (b, 2) rows and columns of the units in `channel` of `layer`. By "gradient" this is d unit / d picture.
    Raises InputError for a rule that the net's non-linearities do not have.
    """
    hw = (x.shape[-2], x.shape[-1])
    watch = Operations()
    with torch.inference_mode(False), torch.enable_grad(), net.quiet(), lens.backward_rule(net, rule):
        given = x.to(net.device).detach().clone().requires_grad_(True)
        with watch:
            maps = lens.maps_of(net, layer, lens.capture(net, given, layer)[layer], hw)
        if rule != "gradient" and (missed := sorted(watch.met & UNRULED)):
            raise InputError(
                f"{net.name} has a {missed[0]} that the rule {rule!r} does not reach.",
                "It is defined for ReLU only.",
                "Use --beside=gradient.",
            )
        rows, columns = (places[:, i].to(maps.device) for i in (0, 1))
        units = maps[torch.arange(len(x), device=maps.device), channel, rows, columns]
        return torch.autograd.grad(units.float().sum(), given)[0].detach().float().cpu()


def seen(slopes: torch.Tensor, box: npt.NDArray[np.int64]) -> torch.Tensor:
    """(3, h, w) of either sign as a picture in 0..1: mid-grey is 0, and but for the strongest 2 % what is inside the box (left, top, width,
    height) stays short of black and white. Of deep layers few numbers come back large, and by these alone the rest would be grey.
    """
    left, top, width, height = box.tolist()
    strength = slopes[:, top : top + height, left : left + width].abs().flatten()
    largest = strength.amax()
    if not bool(largest.isfinite()):
        return torch.full_like(slopes, 0.5)
    common = strength.kthvalue(max(1, math.ceil(COMMON * len(strength)))).values
    return (0.5 + slopes / (2 * (common if bool(common > 0) else largest).clamp_min(1e-30))).clamp(0, 1)


def common_size(boxes: Sequence[tuple[Box, tuple[int, int]]]) -> tuple[int, int]:
    """(h, w) that holds each box (left, top, width, height) as far as it lies in its photograph of (h, w): one size for all."""
    if not boxes:
        return 1, 1
    return max(min(box[3], hw[0]) for box, hw in boxes), max(min(box[2], hw[1]) for box, hw in boxes)


def lay(paper: torch.Tensor, picture: torch.Tensor, box: Box, hw: tuple[int, int]) -> None:
    """Lays what a box shows of a picture (3, h, w) on paper (3, H, W), where it lies in the box; paper shows where the photograph has ended.

    Where the box is larger than the paper it is moved so that all of what it shows is on it.
    """
    spans = []
    for axis in (1, 0):
        start, length = box[axis], box[axis + 2]
        first, last = max(start, 0), min(start + length, hw[1 - axis])
        room = paper.shape[2 - axis]
        spans.append((first, last, min(first - start, room - (last - first))))
    (top, bottom, y), (left, right, x) = spans
    paper[:, y : y + bottom - top, x : x + right - left] = picture[:, top:bottom, left:right]
