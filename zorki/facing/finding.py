"""Where the faces of a picture of any size are: looked for at several sizes, so that small and large ones are found without an option.

Source: Viola, Jones 2004 and Akyon, Altinuc, Temizel 2022 (a picture at several sizes; pieces of a large one, and the whole beside them).
Differs: each look answers for the faces that it shows large enough, and of what two looks say of one face the surer is kept, also where the one lies in the other.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch

from zorki import lens
from zorki.core import events
from zorki.facing import glancing
from zorki.locating import looking
from zorki.locating.detections import Detections
from zorki.pixels import pieces
from zorki.pixels.pieces import Held, Rows
from zorki.scores import boxes as geometry

SAME = 1.3  # times: what is hardly larger than CLOSER is looked at once, not in pieces
FILLS = 0.35  # of the picture's longest side: faces from that size on are looked for in a smaller copy too
CLOSER = 1920  # pixels of the longest side that is looked at at once; larger pictures are looked at in pieces too
PIECE, OVERLAP = 1280, 256  # pixels: side of a piece, and what two share at least; no less than the faces that pieces answer for
ENOUGH = 40  # pixels of a face's longer side, as a look shows it, from which a closer look says nothing new of it: what it alone takes for such a face is none
MOST = 1000  # faces of one look
ON, IN = 0.5, 0.7  # two are one face where they share so much of what both cover, or so much of the smaller one


def found(
    net: lens.Net, picture: torch.Tensor | Rows, least: float = looking.LEAST, size: int | None = None, trained: int | None = None
) -> Detections:
    """The faces of a picture, in its own pixels, the surest first.

    picture: (c, h, w) in 0..1 from 1 × 1, or what reads its rows. least: how sure at least, 0..1. size: longest side that the network is shown; not given:
    as it was trained, and closer where the picture has more pixels than that: at once up to CLOSER, beyond that in pieces. What is doubted is looked at again, alone. A network of which
    nothing is known sees every pixel, once, as `looking.found` has it. trained: longest side of the pictures that it was trained on; not given: as its card says.
    """
    trained = looking.trained(net) if trained is None else trained
    if trained is None or looking.alone(net):
        return looking.found(net, picture, least, MOST, size=size)
    low = min(least, glancing.DOUBT)
    some = looking.found(net, picture, low, MOST, size=size) if size is not None else looked(net, picture, low, trained)
    some = apart([glancing.again(net, picture, some)])
    return some[some.scores >= least]


def looked(net: lens.Net, picture: torch.Tensor | Rows, least: float, trained: int) -> Detections:
    """What the first looks say, at as many sizes as the picture needs."""
    rows: Rows = Held(picture) if isinstance(picture, torch.Tensor) else picture
    longest = max(rows.hw)
    looks = [looking.at_once(net, picture, least, MOST, trained)]
    looks.append(large(looking.at_once(net, picture, least, MOST, trained // 2), FILLS * longest))  # what fills it is seen best from afar
    if longest > trained:
        close = min(longest, CLOSER)
        looks.append(small(looking.at_once(net, picture, least, MOST, close), ENOUGH * longest / trained))
    if longest > SAME * CLOSER:
        looks += (small(some, ENOUGH * longest / CLOSER) for some in closest(net, rows, least))
    return apart(looks)


def large(some: Detections, side: float) -> Detections:
    """Those whose longer side is at least that, in pixels of the picture."""
    return some[some.boxes[:, 2:].amax(1) >= side] if len(some) else some


def small(some: Detections, side: float) -> Detections:
    """Those whose longer side is shorter than that, in pixels of the picture."""
    return some[some.boxes[:, 2:].amax(1) < side] if len(some) else some


def closest(net: lens.Net, rows: Rows, least: float) -> Iterator[Detections]:
    """Of pieces in which every pixel is seen: what ends at a seam is said by the next piece, which shows more of it, or by a look at the whole."""
    h, w = rows.hw
    step = 1 - min(0.5, max(OVERLAP, ENOUGH * max(h, w) / CLOSER) / PIECE)
    tops, lefts = pieces.positions(h, PIECE, step), pieces.positions(w, PIECE, step)
    for n, top in enumerate(tops):
        strip = pieces.strip(rows, top, min(top + PIECE, h))
        for k, left in enumerate(lefts, 1):
            x = strip[0, ..., left : left + PIECE]
            some = looking.at_once(net, x, least, MOST, max(x.shape[-2:]))
            edges = geometry.corners(some.boxes)
            low = some.boxes.new_tensor([left > 0, top > 0])
            high = some.boxes.new_tensor([left + x.shape[-1] < w, top + x.shape[-2] < h])
            cut = ((edges[:, :2] < 2) & (low > 0)) | ((edges[:, 2:] > edges.new_tensor([x.shape[-1], x.shape[-2]]) - 2) & (high > 0))
            yield some[~cut.any(1)].moved(shift=some.boxes.new_tensor([left, top]))
            events.tell("pieces", n * len(lefts) + k, len(tops) * len(lefts))


def apart(looks: list[Detections]) -> Detections:
    """What several looks say, each face once, as the surest of them has it."""
    every = Detections.together(looks)
    every = every[every.scores.argsort(descending=True, stable=True)]
    if len(every) < 2:
        return every
    areas = every.boxes[:, 2:].prod(1)
    shared, covered = geometry.overlaps(every.boxes[:, None], every.boxes)
    one = (shared / covered.clamp_min(geometry.TINY) > ON) | (shared / torch.minimum(areas[:, None], areas).clamp_min(geometry.TINY) > IN)
    free, kept = torch.ones(len(every), dtype=torch.bool, device=every.boxes.device), list[int]()
    for i in range(len(every)):
        if free[i]:
            kept.append(i)
            free &= ~one[i]
    return every[kept]
