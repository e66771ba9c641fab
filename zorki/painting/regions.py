"""Regions by colour, of two masks beside each other.

Source: Luan et al. 2017 (semantic masks). Differs: any colours, greys and indices; a region that one side lacks is joined or dropped,
and named, instead of pulling towards nothing.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from zorki.core import events
from zorki.core.errors import InputError
from zorki.pixels.parts import EXACT, NEAR, Ints, levels, palette

SMALL = 0.005  # of either picture: of a smaller region a deep layer has a handful of places, which make no statistics


def shared(content: npt.NDArray[np.uint8], style: npt.NDArray[np.uint8]) -> set[tuple[int, ...]]:
    """Colours that two masks (h, w, 3) have in common, each in a part of both that is large enough, where both are of few colours: no noise is so."""
    found = []
    for mask in (content, style):
        colours, counts = np.unique(mask.reshape(-1, 3), axis=0, return_counts=True)
        if len(colours) > EXACT:
            return set()
        found.append({tuple(map(int, c)) for c, n in zip(colours, counts, strict=True) if n >= SMALL * counts.sum()})
    return found[0] & found[1]


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
