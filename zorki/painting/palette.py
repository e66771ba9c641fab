"""The loss of a painting's palette: of colours about mid-grey, not of a layer, so it is no choice of `--statistics`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zorki.pixels.objectives import gram_distance

if TYPE_CHECKING:
    import torch

    from zorki.painting.moments import Moments

LEAST = 1e-3  # of a mean that is off by eleven levels


def distance(m: Moments, target: Moments) -> torch.Tensor:
    """(r,): of the products and, half as dear, of the means: the Gram matrix of colours about mid-grey beside a constant channel of ½."""
    return gram_distance(m.product, target.product) + (m.mean - target.mean).pow(2).sum(1) / 2
