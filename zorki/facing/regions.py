"""Where eyes, nose and mouth lie in faces that are cut out aligned: which part of the face each pixel belongs to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

NAMES = ("eyes", "nose", "mouth", "rest")
TITLES = {"eyes": "eyes and brows", "nose": "nose", "mouth": "mouth", "rest": "the rest"}
AT = {"eyes": "at the eyes and brows", "nose": "at the nose", "mouth": "at the mouth", "rest": "elsewhere"}
BOXES = {
    "eyes": (0.10, 0.22, 0.90, 0.49),
    "nose": (0.35, 0.49, 0.65, 0.65),
    "mouth": (0.22, 0.65, 0.78, 0.92),
}  # left, top, right, bottom as shares of the side, about where `aligning.AT` puts eyes and mouth; a mouth that is open reaches down
Numbers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def parts(side: int) -> Numbers:
    """(side, side): of each pixel the number of its part in NAMES, by where its middle lies."""
    middles = (np.arange(side) + 0.5) / side
    out = np.full((side, side), NAMES.index("rest"), np.int64)
    for name, (left, top, right, bottom) in BOXES.items():
        rows, columns = (middles >= top) & (middles < bottom), (middles >= left) & (middles < right)
        out[np.ix_(rows, columns)] = NAMES.index(name)
    return out


def shares(amount: Floats) -> Floats:
    """(4,): of an amount (side, side), 0 or more at each pixel, what lies in each part, together 1; nan where there is none."""
    found = np.bincount(parts(len(amount)).ravel(), np.asarray(amount, np.float64).ravel(), len(NAMES))
    total = found.sum()
    return np.asarray(found / total) if total > 0 else np.full(len(NAMES), np.nan)
