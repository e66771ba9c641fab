"""Pictures that say what belongs to what: of a size that fits, their colours found through noise and soft edges."""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import numpy.typing as npt

from zorki.core import events
from zorki.core.errors import InputError

EXACT = 64  # of more colours than that none is meant alone that is near to a commoner one: a flat picture after JPEG
RARE = 0.05  # of a commoner colour near by: so rare a one is that one's noise, however few colours there are
NEAR = 48  # levels, summed over the colours, by which noise or a soft edge may be off
LEAST = 2e-4  # of all pixels: less is no region but a trace
ASPECT = 0.02  # by which a mask's shape may be off, beside a pixel's rounding
FLAT = 0.5  # of the pixels of a picture of parts lie among their like, at least, also after JPEG
Ints = npt.NDArray[np.int64]


def levels(mask: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(h, w, 3) in 0..1 as 8-bit colours."""
    return (mask * 255).round().astype(np.uint8)


def fitting(what: str, had: tuple[int, int], whose: str, hw: tuple[int, int]) -> None:
    """Says that a mask of size `had` (h, w) is brought to the size hw of its picture. Raises InputError for another shape, as of a turned one."""
    if had == hw:
        return
    sizes = f"{what} has {had[1]} × {had[0]} pixels, {whose} {hw[1]} × {hw[0]}"
    off = abs(had[1] * hw[0] - had[0] * hw[1])  # 0 where the shapes are alike
    if off > max(ASPECT * had[0] * hw[1], *hw):
        raise InputError(f"{sizes}.", "A mask has the shape of its picture.", "Turn it, or make it of the picture's size.")
    events.note(f"{sizes}: it is brought to that size.")


def parts(mask: npt.NDArray[np.uint8]) -> Ints:
    """The parts of a flat picture (h, w, 3) as numbers (h, w), each colour one.

    Where most colours fill no square of 3 × 3, as after JPEG or with soft edges, those that do are the parts, near ones joined, and
    each pixel goes to the part of the nearest colour.
    """
    packed = mask.astype(np.int64) @ np.array([65536, 256, 1])
    padded = np.pad(packed, 1, mode="edge")
    h, w = packed.shape
    inside = np.all([padded[y : y + h, x : x + w] == packed for y in range(3) for x in range(3)], axis=0)
    found, place = np.unique(packed, return_inverse=True)
    if inside.mean() < FLAT or 2 * len(np.unique(packed[inside])) >= len(found):
        exact: Ints = place.reshape(h, w)
        return exact
    chosen, _ = palette(mask[inside][None], noisy=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], -1)
    return nearest(colours, chosen)[place].reshape(h, w)


def nearest(colours: Ints, chosen: Ints) -> Ints:
    """For each colour (n, 3) the number of the nearest of those chosen (m, 3)."""
    out: Ints = np.abs(colours[:, None] - chosen[None]).sum(-1).argmin(1)
    return out


def palette(mask: npt.NDArray[np.uint8], sure: Container[tuple[int, ...]] = (), noisy: bool = False) -> tuple[Ints, Ints]:
    """The colours of a mask (h, w, 3), commonest first: (n, 3), and for each pixel (h, w) the number of its own; noise goes to its neighbour.

    sure: colours that are no noise. noisy: whether it is known to be full of noise, however few its colours.
    """
    found, place, counts = np.unique(mask.reshape(-1, 3), axis=0, return_inverse=True, return_counts=True)
    colours, place = found.astype(np.int64), place.reshape(-1)
    order = np.argsort(-counts, kind="stable")
    kept: list[int] = []
    many = noisy or len(colours) > EXACT
    for i in order:
        near = [k for k in kept if np.abs(colours[i] - colours[k]).sum() <= NEAR]
        noise = tuple(colours[i].tolist()) not in sure and any(many or counts[i] < RARE * counts[k] for k in near)
        if not noise and not (many and counts[i] < LEAST * place.size):
            kept.append(int(i))
        if len(kept) == EXACT:
            break
    kept = kept or [int(order[0])]
    chosen: Ints = colours[kept]
    return chosen, nearest(colours, chosen)[place].reshape(mask.shape[:2])
