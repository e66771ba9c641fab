"""Pictures made larger and smaller, in float."""

from __future__ import annotations

import numpy as np
from PIL import Image

from zorki.io.photo import Array, Floats


def resize(pixels: Floats, hw: tuple[int, int], antialias: bool = True) -> Floats:
    """(h, w, c) float32 to (*hw, c), any number of channels: Lanczos when it shrinks, bicubic when it grows.

    Each channel stays within its own range, so that 0..1 stays 0..1. antialias=False looks at four by four neighbours even when it shrinks.
    """
    height, width = pixels.shape[:2]
    if (height, width) == tuple(hw):
        return pixels.copy()
    out = np.empty((*hw, pixels.shape[2]), np.float32)
    kind = Image.Resampling.LANCZOS if hw[0] < height or hw[1] < width else Image.Resampling.BICUBIC
    for c in range(pixels.shape[2]):
        if antialias:
            plane = Image.fromarray(np.ascontiguousarray(pixels[..., c], dtype=np.float32))
            out[..., c] = np.asarray(plane.resize((hw[1], hw[0]), kind))
        else:  # Pillow's unfiltered bicubic (Image.transform) bends straight lines, so that this is done by hand
            out[..., c] = _sampled(_sampled(pixels[..., c], hw[0]).T, hw[1]).T
        np.clip(out[..., c], pixels[..., c].min(), pixels[..., c].max(), out=out[..., c])
    return out


def _sampled(plane: Array, count: int) -> Array:
    """`count` rows read from (h, w) by the cubic through four neighbours (Keys 1981, a = -1/2); the edge is repeated."""
    at = (np.arange(count) + 0.5) * len(plane) / count - 0.5
    first = np.floor(at).astype(np.int64)
    t = (at - first)[:, None].astype(np.float32)
    weights = (-t * (1 - t) ** 2 / 2, 1 + t * t * (1.5 * t - 2.5), t * (0.5 + 2 * t - 1.5 * t * t), -t * t * (1 - t) / 2)
    rows = (plane[np.clip(first + step, 0, len(plane) - 1)] for step in (-1, 0, 1, 2))
    summed: Array = np.sum([weight * row for weight, row in zip(weights, rows, strict=True)], axis=0)
    return summed
