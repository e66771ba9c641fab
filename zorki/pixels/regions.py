"""Masks: pictures that say what belongs to what, of a size that fits; regions by colour, of one flat picture or of two beside each other.

Source: Luan et al. 2017 (semantic masks). Differs: any colours, greys and indices; a region that one side lacks is joined or dropped,
and named, instead of pulling towards nothing.
"""

from __future__ import annotations

from collections.abc import Container

import numpy as np
import numpy.typing as npt
import torch

from zorki.core import events
from zorki.core.errors import InputError

EXACT = 64  # of more colours than that none is meant alone that is near to a commoner one: a flat picture after JPEG
RARE = 0.05  # of a commoner colour near by: so rare a one is that one's noise, however few colours there are
NEAR = 48  # levels, summed over the colours, by which noise or a soft edge may be off
SMALL = 0.005  # of either picture: of a smaller region a deep layer has a handful of places, which make no statistics
LEAST = 2e-4  # of all pixels: less is no region but a trace
ASPECT = 0.02  # by which a mask's shape may be off, beside a pixel's rounding
FLAT = 0.5  # of the pixels of a picture of parts lie among their like, at least, also after JPEG
Ints = npt.NDArray[np.int64]


def levels(mask: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """(h, w, 3) in 0..1 as 8-bit colours."""
    return (mask * 255).round().astype(np.uint8)


def shared(content: npt.NDArray[np.uint8], style: npt.NDArray[np.uint8]) -> set[tuple[int, ...]]:
    """Colours that two masks (h, w, 3) have in common, each in a part of both that is large enough, where both are of few colours: no noise is so."""
    found = []
    for mask in (content, style):
        colours, counts = np.unique(mask.reshape(-1, 3), axis=0, return_counts=True)
        if len(colours) > EXACT:
            return set()
        found.append({tuple(map(int, c)) for c, n in zip(colours, counts, strict=True) if n >= SMALL * counts.sum()})
    return found[0] & found[1]


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


def named(colour: npt.NDArray[np.int64]) -> str:
    """A colour as it is written: #ff0000, or of a grey one its level."""
    r, g, b = (int(v) for v in colour)
    return f"grey {r}" if r == g == b else f"#{r:02x}{g:02x}{b:02x}"


def paired(content: npt.NDArray[np.float32], style: npt.NDArray[np.float32]) -> tuple[torch.Tensor, torch.Tensor, list[str]]:
    """Weights (r, h, w) of the regions in the content and in the style, each of its own size, and the regions' names.

    content, style: masks (h, w, 3) in 0..1. A colour of the content that the style lacks, or that has too few pixels in either, is joined
    to the region around it, one of the style that the content lacks is dropped; all is said. Raises InputError where no colour is in both, listing them.
    """
    flat = levels(content), levels(style)
    sure = shared(*flat)
    (here, own), (there, other) = (palette(mask, sure) for mask in flat)
    apart = np.abs(here[:, None] - there[None]).sum(-1)
    exact = {i: int(apart[i].argmin()) for i in range(len(here)) if apart[i].min() == 0}
    taken = set(exact.values())
    near = {i: int(apart[i].argmin()) for i in range(len(here)) if i not in exact and apart[i].min() <= NEAR}
    match = exact | {i: j for i, j in near.items() if j not in taken}  # noise may have moved a colour, but not onto another one
    shares = [float((own == i).mean()) for i in range(len(here))]
    large = {i: j for i, j in match.items() if min(shares[i], float((other == j).mean())) >= SMALL}
    if small := [named(here[i]) for i in match if large and i not in large]:
        match = large
        events.note(f"{', '.join(small)}: less than {SMALL:.1%} of one picture, too little for statistics.")
    if not match:
        raise InputError(
            f"The masks have no colour in common: {', '.join(map(named, here[:9]))} beside the content, {', '.join(map(named, there[:9]))} "
            "beside the style.", "Regions that belong together have one colour.", "Paint both masks with the same colours.",
        )  # fmt: skip
    lost = [i for i in range(len(here)) if i not in match]
    if lost:
        own = joined(own, lost)
        said = ", ".join(f"{named(here[i])} ({shares[i]:.1%} of the content)" for i in lost)
        events.note(f"Without a partner: {said}: joined to what lies around it.")
    unused = [named(there[j]) for j in range(len(there)) if j not in match.values()]
    if unused:
        events.note(f"The content's mask lacks {', '.join(unused)}: dropped from the style.")
    kept = [i for i in match if bool((own == i).any())]
    weights = torch.from_numpy(np.stack([own == i for i in kept])).float()
    others = torch.from_numpy(np.stack([other == match[i] for i in kept])).float()
    return weights, others, [named(here[i]) for i in kept]


def joined(own: Ints, lost: list[int]) -> Ints:
    """Regions without a partner go, piece by piece, to the nearest region that has one."""
    from scipy.ndimage import distance_transform_edt

    gone = np.isin(own, lost)
    near = distance_transform_edt(gone, return_distances=False, return_indices=True)
    out: Ints = own[tuple(near)]
    return out
