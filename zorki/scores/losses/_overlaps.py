"""How much of each class was found, in soft pixels: what Dice and Tversky are made of."""

from __future__ import annotations

from typing import NamedTuple

import torch

from zorki.scores.losses import _pixels


class Overlaps(NamedTuple):
    """(k,) each, summed over all known pixels of a batch."""

    both: torch.Tensor  # probability of the class where it is true
    predicted: torch.Tensor  # probability of the class anywhere
    true: torch.Tensor  # pixels of the class


def overlaps(logits: torch.Tensor, truth: torch.Tensor) -> Overlaps:
    """logits: (b, k, h, w). truth: (b, h, w), 255 = void."""
    classes, valid = _pixels.known(truth)
    p = _pixels.reckoned(logits).softmax(1)
    right = _pixels.at_truth(p, classes) * valid
    predicted = (p * valid[:, None]).sum((0, 2, 3))
    return Overlaps(by_class(right, classes, p.shape[1]), predicted, by_class(valid.to(p.dtype), classes, p.shape[1]))


def by_class(each: torch.Tensor, classes: torch.Tensor, count: int) -> torch.Tensor:
    """(k,): the sums of `each` (b, h, w) over the pixels of every class. Row by row first, since a sum of millions in one go loses its last digits."""
    b, h, w = each.shape
    rows = each.new_zeros(b * h, count).scatter_add(1, classes.reshape(b * h, w), each.reshape(b * h, w))
    return rows.sum(0)
