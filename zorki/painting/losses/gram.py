"""Gram matrices, divided by the number of places: which channels answer together.

Source: Gatys, Ecker, Bethge 2016, equations 3 and 4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.pixels.objectives import gram_distance

if TYPE_CHECKING:
    import torch

    from zorki.painting.moments import Moments


def distance(m: Moments, target: Moments) -> torch.Tensor:
    """(r,): the squared distance of the products."""
    return gram_distance(m.product, target.product)
