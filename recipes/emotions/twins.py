"""Faces that are one photograph: cut a little differently, in another light, with a line of print on it or mirrored. None may be learnt from where its twin is judged on.

Found twice: whatever is roughly alike at 16 × 16 is compared again by its fine structure, moved by up to 6 pixels, which two people in the same pose do not share.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components
from torch.nn import functional as F

ROUGH, FINE = 0.9, 0.78  # correlations; of 120 pairs of different people that are most alike, none reaches the second
BLOCK = 1500  # faces that are compared with all others at once
SHIFT = 3  # half pixels of the fine structure: 6 pixels of 48


def groups(pixels: np.ndarray) -> np.ndarray:
    """(n,): the group of each of the faces (n, 48, 48) uint8; twins and twins of twins are of one."""
    found = list(alike(pixels))
    a, b = (np.array([pair[k] for pair in found], np.intp) for k in (0, 1))
    return np.asarray(connected_components(coo_matrix((np.ones(len(a)), (a, b)), (len(pixels),) * 2), directed=False)[1])


@torch.inference_mode()
def alike(pixels: np.ndarray) -> Iterator[tuple[int, int]]:
    """Pairs of faces that are twins, the lower number first."""
    small = rough(torch.from_numpy(pixels)[:, None].float())
    for mirrored in (False, True):
        others = small.flip(2) if mirrored else small
        flat = others.flatten(1)
        for start in range(0, len(small), BLOCK):
            near = small[start : start + BLOCK].flatten(1) @ flat[start:].T
            a, b = (near > ROUGH).nonzero(as_tuple=True)
            a, b = a[b > a] + start, b[b > a] + start
            for some, other in zip(a.split(BLOCK), b.split(BLOCK), strict=True):
                same = structure(pixels, some, other, mirrored) > FINE
                yield from zip(some[same].tolist(), other[same].tolist(), strict=True)


def rough(faces: torch.Tensor) -> torch.Tensor:
    """(n, 16, 16) of faces (n, 1, 48, 48), without mean and of length 1."""
    return unit(F.avg_pool2d(faces, 3).flatten(1)).unflatten(1, (16, 16))


def structure(pixels: np.ndarray, some: torch.Tensor, other: torch.Tensor, mirrored: bool) -> torch.Tensor:
    """(n,): the best correlation of each pair's fine structure."""
    x, y = (fine(torch.from_numpy(pixels[k.numpy()])[:, None].float()) for k in (some, other))
    y = y.flip(3) if mirrored else y
    size = x.shape[-1] - 2 * SHIFT
    middle = unit(x[..., SHIFT : SHIFT + size, SHIFT : SHIFT + size].flatten(1))
    moved = (y[..., top : top + size, left : left + size] for top in range(2 * SHIFT + 1) for left in range(2 * SHIFT + 1))
    best = torch.full((len(x),), -1.0, device="cpu", dtype=torch.float32)
    for one in moved:
        best = torch.maximum(best, (middle * unit(one.flatten(1))).sum(1))
    return best


def fine(faces: torch.Tensor) -> torch.Tensor:
    """(n, 1, 24, 24): faces at half size without what is coarser than seven pixels of it."""
    half = F.avg_pool2d(faces, 2)
    return half - F.avg_pool2d(F.pad(half, (3, 3, 3, 3), mode="reflect"), 7, 1)


def unit(x: torch.Tensor) -> torch.Tensor:
    """Rows without mean and of length 1; of an even picture 0."""
    x = x - x.mean(1, keepdim=True)
    return x / x.norm(dim=1, keepdim=True).clamp(min=1e-6)
