"""A photo with its faces: a box about each, and beside it what people would call its expression."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from zorki.facing.faces import EMOTIONS, Face
from zorki.locating import drawing

Pixels = npt.NDArray[np.uint8]
COLOURS = dict(
    zip(EMOTIONS, ("#cc3311", "#aa4499", "#997700", "#332288", "#ee9900", "#777777", "#4477aa", "#009988"), strict=True)
)  # after Paul Tol, 2021: told apart by whoever sees few colours; films and pages have the same


def drawn(photo: npt.NDArray[np.floating] | Pixels, faces: Sequence[Face], times: tuple[float, float] = (1.0, 1.0)) -> Pixels:
    """(h, w, 3) uint8: the photo with its faces. photo: (h, w, 3) in 0..1, or uint8; it stays as it is. times: pixels of it for one of the faces', sideways and down."""
    k = np.array([*times, *times])
    texts = [f"{face.emotion} {100 * face.scores[face.emotion]:.0f}%" for face in faces]
    boxes = np.array([face.box for face in faces]).reshape(-1, 4) * k
    return drawing.drawn(photo, boxes, texts, [COLOURS[face.emotion] for face in faces])
