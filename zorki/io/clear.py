"""What is seen of a picture's transparent parts: the colours around them carried on, whatever is stored there.

Source: Gortler, Grzeszczuk, Szeliski, Cohen 1996, 3.3.2 (pull and push).
"""

from __future__ import annotations

import numpy as np

from zorki.io.photo import Array, Floats
from zorki.io.scale import resize

HARDLY = 1 / 8
"""Opacity below which a stored colour counts less and less: what a person hardly sees, a network hardly sees."""


def seen(pixels: Floats, alpha: Floats) -> Floats:
    """(h, w, 3) in 0..1 as a network gets it: as stored where it can be seen, else its surroundings; white where all is transparent.

    alpha: (h, w) in 0..1. At alpha 0 nothing of what is stored is left.
    """
    weight = np.minimum(alpha[..., None] / np.float32(HARDLY), 1).astype(np.float32)
    if weight.min() == 1:
        return pixels
    if weight.max() == 0:
        return np.ones_like(pixels)
    return _carried(np.where(weight > 0, pixels, np.float32(0)), weight)


def _carried(pixels: Array, weight: Array) -> Floats:
    """Fills by halves: what has no colour at one size takes that of the next smaller, to which everything that has one adds."""
    if weight.min() == 1 or max(weight.shape) == 1:
        return pixels
    sums, count = _halved(pixels * weight), _halved(weight)
    smaller = _carried(sums / np.maximum(count, np.float32(1e-12)), np.minimum(count, 1))
    return weight * pixels + (1 - weight) * resize(smaller, (weight.shape[0], weight.shape[1]))


def _halved(data: Array) -> Array:
    """Sums of two by two, zeros beyond the edge."""
    height, width = data.shape[:2]
    even = np.pad(data, ((0, height % 2), (0, width % 2), (0, 0)))
    halved: Array = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
    return halved
