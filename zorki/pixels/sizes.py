"""From the size worked at to the size asked for: only the change is enlarged, the photo keeps its own detail."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.nn import functional as F

from zorki import lens


def resize(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Pictures (b, c, h, w) at another size; antialiased, clamped to 0..1."""
    if tuple(x.shape[-2:]) == hw:
        return x
    return F.interpolate(x, hw, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def fitted(net: lens.Net, hw: tuple[int, int], longest: int, layers: str | Sequence[str] | None = None) -> tuple[int, int]:
    """`fit` to the sizes that a net takes as far as `layers`: to its own when it takes no other."""
    return fit(hw, longest, net.multiple(layers)) if net.step(layers) else net.hw


def fit(hw: tuple[int, int], longest: int, multiple: int = 1) -> tuple[int, int]:
    """The size with that longest side, never larger than hw itself, each side a multiple of `multiple` and at least that.

    A net that halves a picture four times drops up to 15 pixels of a side that is no multiple of 16: nothing would hold
    them in place while a picture is drawn, and they would show as a coloured border.
    """
    k = min(1.0, longest / max(hw)) / multiple
    return max(1, round(hw[0] * k)) * multiple, max(1, round(hw[1] * k)) * multiple


def within(x: torch.Tensor, longest: int | None) -> torch.Tensor:
    """Pictures (b, c, h, w), brought down to that longest side where they are larger."""
    return x if longest is None else resize(x, fit((x.shape[-2], x.shape[-1]), longest))


def carry(full: torch.Tensor, before: torch.Tensor, after: torch.Tensor) -> torch.Tensor:
    """full + the enlarged change from `before` to `after`; brought down again it is `after`, up to clipping."""
    if full.shape[-2:] == after.shape[-2:]:
        same = full.shape == before.shape and torch.equal(full, before)
        return after if same else (full + (after - before)).clamp(0, 1)  # of a net that sees no colours `before` is grey
    hw = (full.shape[-2], full.shape[-1])
    change = F.interpolate(after - before, hw, mode="bicubic", align_corners=False)
    return (full + change).clamp(0, 1)
