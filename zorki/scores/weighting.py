"""What each class weighs in a loss, by how often it is seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from zorki.core.void import VOID

CAMVID = (0.2595, 0.1826, 4.5640, 0.1417, 0.9051, 0.3826, 9.6446, 1.8418, 0.6823, 6.2478, 7.3614)
"the weights that are published with SegNet, for CamVid's eleven classes in its order; they do not follow from its masks, of which the sign is far off"


def pixels(numbers: Any, classes: int) -> np.ndarray:
    """(k,): how many pixels of each class a mask (h, w) has; void and other numbers are not counted."""
    return np.bincount(np.asarray(numbers).reshape(-1), minlength=max(classes, VOID + 1))[:classes].astype(np.int64)


def median_frequency(counts: Any, sizes: Any = None) -> np.ndarray:
    """(k,): the median of the classes' frequencies over each one's; a frequency is a class's share of the pictures that hold it.

    counts: (n, k), the pixels of each picture by class. sizes: (n,), all pixels of each, void too; not given, the known ones. A class that no
    picture holds weighs 1. Source: Eigen, Fergus 2015, section 5.3.2.
    """
    counts = np.asarray(counts, np.float64)
    of_all = counts.sum(1) if sizes is None else np.asarray(sizes, np.float64)
    seen = (counts > 0).any(0)
    frequency = counts.sum(0)[seen] / (of_all @ (counts > 0))[seen]
    out = np.ones(counts.shape[1])
    if seen.any():
        out[seen] = np.median(frequency) / frequency
    return out


def enet(counts: Any) -> np.ndarray:
    """(k,): 1 / ln(1.02 + the class's share of all pixels); from 1.4 for all of them to 50.5 for none.

    counts: (n, k) or (k,), pixels by class. Source: Paszke et al. 2016, section 3.2 ("inverse class probability").
    """
    counts = np.atleast_2d(np.asarray(counts, np.float64)).sum(0)
    return np.asarray(1 / np.log(1.02 + counts / max(counts.sum(), 1.0)))
