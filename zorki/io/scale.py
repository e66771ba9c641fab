"""Pictures made larger and smaller, in float."""

from __future__ import annotations

import numpy as np
from PIL import Image

from zorki.io.photo import Floats


def resize(pixels: Floats, hw: tuple[int, int], antialias: bool = True) -> Floats:
    """(h, w, c) float32 to (*hw, c), any number of channels: Lanczos when it shrinks, bicubic when it grows.

    Each channel stays within its own range, so that 0..1 stays 0..1. antialias=False reads four by four neighbours even when it shrinks.
    """
    height, width = pixels.shape[:2]
    size = (hw[1], hw[0])
    if (height, width) == tuple(hw):
        return pixels.copy()
    smaller = hw[0] < height or hw[1] < width
    out = np.empty((*hw, pixels.shape[2]), np.float32)
    for c in range(pixels.shape[2]):
        plane = Image.fromarray(np.ascontiguousarray(pixels[..., c], dtype=np.float32))
        if antialias:
            moved = plane.resize(size, Image.Resampling.LANCZOS if smaller else Image.Resampling.BICUBIC)
        else:
            moved = plane.transform(size, Image.Transform.EXTENT, (0, 0, width, height), Image.Resampling.BICUBIC)
        np.clip(np.asarray(moved), pixels[..., c].min(), pixels[..., c].max(), out=out[..., c])
    return out
