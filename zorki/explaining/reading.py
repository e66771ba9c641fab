"""What a net that locates may be asked: how sure it is of a class, and where it says that a side of a box lies.

Its answer is logits (b, k) with a box (b, 4) in shares of the picture's sides, or of n cells logits (b, n, k) with boxes (b, n, 4) in the picture's pixels;
boxes are left, top, width, height.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from zorki import lens

Side = Literal["left", "top", "right", "bottom", "width", "height"]
SIDES: Mapping[Side, tuple[int, int, int, int]] = {
    "left": (1, 0, 0, 0), "top": (0, 1, 0, 0), "right": (1, 0, 1, 0), "bottom": (0, 1, 0, 1), "width": (0, 0, 1, 0), "height": (0, 0, 0, 1),
}  # fmt: skip


@dataclass(frozen=True)
class Reading:
    """One number of such logits, or of such boxes. weights: of which numbers of a cell it is the sum; cells: those that are added up, where there are several."""

    weights: Mapping[int, float]
    cells: tuple[int, ...] = ()

    def of(self, answers: torch.Tensor) -> torch.Tensor:
        """(b,) of logits or boxes (b, k) or (b, n, k); half precision is summed in single."""
        x = answers.float() if answers.dtype in (torch.float16, torch.bfloat16) else answers
        if x.ndim == 3:
            x = x[:, list(self.cells)].sum(1)
        return torch.stack([weight * x[:, k] for k, weight in self.weights.items()]).sum(0)


def of_class(number: int, cells: Sequence[int] = ()) -> Reading:
    """The logit of a class, of several cells their sum."""
    return Reading({number: 1.0}, tuple(cells))


def of_side(side: Side, times: tuple[float, float], cells: Sequence[int] = ()) -> Reading:
    """Where a side lies, or how wide or high the box is, in pixels. times: what makes pixels of the box's numbers, down and across as (h, w)."""
    down, across = times
    return Reading({k: n * (down if k % 2 else across) for k, n in enumerate(SIDES[side]) if n}, tuple(cells))


def levels(net: lens.Net, cells: Sequence[int], hw: tuple[int, int]) -> dict[str, int]:
    """The layers that these cells of a picture (h, w) are said from, and how many of them each, most first; of as many that of the first cell. Nothing of a net that
    does not tell its cells by `cells(h, w)`, as in `middle`, and by `level(stride)` the layer of a stride."""
    places, level = getattr(net.inner, "cells", None), getattr(net.inner, "level", None)
    if not callable(places) or not callable(level):
        return {}
    counts = Counter(level(int(stride)) for stride in places(*hw)[list(cells), 2].tolist())
    return dict(counts.most_common())


def middle(net: lens.Net) -> Callable[[int, int], int] | None:
    """Of a net of cells (n, 3) that it tells by `cells(h, w)`, x, y and stride: the number of the one in the middle of a picture (h, w), of the coarsest, which see the
    largest things. None of any other net."""
    cells = getattr(net.inner, "cells", None)
    if not callable(cells):
        return None

    def number(h: int, w: int) -> int:
        places = cells(h, w)
        far = (places[:, :2] - places.new_tensor([w / 2, h / 2])).norm(dim=1)
        return int(far.where(places[:, 2] == places[:, 2].max(), torch.inf).argmin())

    return number
