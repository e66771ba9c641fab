"""What a set is, to be looked at before anything is learnt: pictures with their masks laid over, and the table."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from zorki.segmenting.table import VOID, Table

COUNT = 6  # pictures shown
SIDE = 320  # their longer side
COVER = 0.55  # of the colour over the picture
Pixels = npt.NDArray[np.uint8]


def laid_over(picture: npt.NDArray[np.float32], numbers: npt.NDArray[np.integer], table: Table) -> Pixels:
    """The classes' colours over the picture in grey, void hatched. picture: (h, w, c) 0..1; numbers: (h, w). (h, w, 3) uint8."""
    grey = picture[..., :3].mean(axis=2, keepdims=True) * np.ones(3, np.float32)
    colours = table.palette[numbers] / np.float32(255)
    out = (1 - COVER) * grey + COVER * colours
    y, x = np.indices(numbers.shape)
    out = np.where(((numbers == VOID) & ((x + y) // 3 % 2 == 0))[..., None], 1 - grey, out)
    covered: Pixels = np.rint(255 * np.clip(out, 0, 1)).astype(np.uint8)
    return covered
