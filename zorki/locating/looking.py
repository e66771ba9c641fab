"""What a network finds in a picture of any size: at once, or piece by piece, each thing once.

Source: Akyon, Altinuc, Temizel 2022 (SAHI: pieces that overlap, and a look at the whole beside them).
Differs: what a seam cuts is put together from its parts (`seams.py`), in place of keeping the surest of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn import functional as F

from zorki import io, lens, weights
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.lens.chunks import SHARE, free_memory
from zorki.locating import decoding, seams
from zorki.locating.detections import Detections
from zorki.pixels import palette, pieces
from zorki.pixels.pieces import Held, Rows
from zorki.scores import boxes as geometry
from zorki.weights.quick import quick

LEAST, MOST = 0.3, 100
TILE = 640  # pixels
WHOLE = 6_000_000  # pixels of the largest picture that is looked at at once, where there is memory for it
SMALL = 2048  # pixels of the longer side of the smaller copy of what is too large to be opened
PART = 0.7  # of a box's area: what lies as far inside a large thing of its class is a part of that
LOST = 5  # times: a picture so much larger than what is shown of it loses what is small in it
PIXEL = 1200  # bytes for each pixel that a net looks at, where it hides its layers


class Looked(NamedTuple):
    """What a net says of one picture. logits: (k,) or (n, k); boxes: (4,) in 0..1 of its sides, or (n, 4) in its pixels; points: (n, p, 2) in its pixels, None of
    a net that says none."""

    logits: torch.Tensor
    boxes: torch.Tensor
    points: torch.Tensor | None = None

    @property
    def one(self) -> bool:
        return self.logits.ndim == 1


def found(
    net: lens.Net, picture: torch.Tensor | Rows, least: float = LEAST, most: int = MOST, *, size: int | None = None, tile: int | None = None
) -> Detections:
    """What is in a picture, in its own pixels, the surest first; on the processor.

    picture: (c, h, w) in 0..1 from 1 × 1, or what reads its rows. least: how sure at least, 0..1; most: so many of each piece that is looked at. size: longest
    side that the net is shown; not given: as it was trained, and every pixel of one of which nothing is known. tile: side of the pieces, in the picture's
    pixels, that a larger picture is cut into, each of which is then shown as a picture; not given: only what is too large to be looked at at once. A net of one
    box sees the picture as it was trained, whatever these say. Raises InputError for a net that gives no boxes, Stopped for numbers that are none.
    """
    rows: Rows = Held(picture) if isinstance(picture, torch.Tensor) else picture
    longest = size or trained(net)
    side = tile if tile is not None else None if fits(net, rows, longest) else max(TILE, longest or 0)
    if side is None or side >= max(rows.hw):
        return at_once(net, picture, least, most, longest)
    whole = at_once(net, picture, least, most, min(longest or TILE, max(rows.hw)))
    if alone(net):
        return whole
    return both(in_pieces(net, rows, least, most, longest, side), whole, side)


def trained(net: lens.Net) -> int | None:
    """The longest side of the pictures that it was trained on, as its card says."""
    card = weights.card_of(net)
    return None if card is None else card.side


def alone(net: lens.Net) -> bool:
    """Whether it says of one thing alone where it is."""
    return getattr(net.inner, "kind", "many") == "one"


def locates(net: lens.Net) -> bool:
    """Whether it is known for a net that locates: by its card, or as one of Zorki's own."""
    card = weights.card_of(net)
    return (card is not None and card.task == "locate") or getattr(net.inner, "kind", "") in ("one", "many")


def fits(net: lens.Net, rows: Rows, longest: int | None) -> bool:
    """Whether all of it is looked at at once."""
    if alone(net) or not isinstance(rows, Held):
        return alone(net)
    h, w = rows.hw if longest is None else enlarged(rows.hw, longest)
    return longest is not None or (h * w <= WHOLE and h * w * PIXEL <= SHARE * free_memory(net.device))


def enlarged(hw: tuple[int, int], longest: int | None, step: int = 1, over: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """The size of that longest side (not given: its own) and about that shape. Its sides, less what is `over`, are the multiples of `step` next to that."""
    k = 1.0 if longest is None else longest / max(hw)
    h, w = (step * max(1, round((n * k - more) / step)) + more for n, more in zip(hw, over, strict=True))
    return h, w


def stepping(net: lens.Net) -> tuple[int, tuple[int, int]]:
    """Sides of the pictures that a net takes: multiples of the one and what is over."""
    step = net.step()
    return (step, (net.hw[0] % step, net.hw[1] % step)) if step > 1 else (1, (0, 0))


def at_once(net: lens.Net, picture: torch.Tensor | Rows, least: float, most: int, longest: int | None) -> Detections:
    """Of the whole picture, brought to that longest side."""
    return traced(net, picture, least, most, longest).found


class Traced(NamedTuple):
    """What is in a picture, and where that was said. found: in the picture's own pixels; cells: (n,) int64, of a net of one box 0; seen: (1, c, h, w), the
    picture as the net was shown it; said: its whole answer."""

    found: Detections
    cells: torch.Tensor
    seen: torch.Tensor
    said: Looked


def traced(net: lens.Net, picture: torch.Tensor | Rows, least: float, most: int = MOST, longest: int | None = None) -> Traced:
    """What `at_once` finds, with the cell that each comes of."""
    if isinstance(picture, torch.Tensor):
        hw, x = (picture.shape[-2], picture.shape[-1]), picture[None]
    else:
        hw, x = picture.hw, small(picture, longest or SMALL)
    x = sized(net, x, longest)
    said, seen = looked(net, x), (x.shape[-2], x.shape[-1])
    if said.one:
        single = decoding.one(said.logits, said.boxes, hw, least, most)
        return Traced(single, torch.zeros_like(single.labels), x, said)
    some, cells = decoding.traced(said.logits, said.boxes, seen, least, most)
    some = replace(some, points=None if said.points is None else said.points[cells])
    return Traced(some.moved(some.boxes.new_tensor([hw[1] / seen[1], hw[0] / seen[0]])), cells, x, said)


def small(rows: Any, longest: int) -> torch.Tensor:
    """(1, c, h, w): a smaller copy of what reads its rows."""
    if isinstance(rows, Held):
        return rows.picture[None]
    return torch.from_numpy(rows.small(max(SMALL, longest))).permute(2, 0, 1)[None]


def sized(net: lens.Net, x: torch.Tensor, longest: int | None) -> torch.Tensor:
    """x (1, c, h, w) as the net is shown it: all of it in the square that a net of one box was trained on, else with that longest side,
    in steps that it takes."""
    hw = (x.shape[-2], x.shape[-1])
    if alone(net) or not net.step():
        return brought(x, net.hw)
    return brought(x, enlarged(hw, longest, *stepping(net)))


def brought(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """Pictures at another size, bilinear and antialiased, as they are when a net learns of them."""
    if tuple(x.shape[-2:]) == hw:
        return x
    if hw[1] == 1:  # torch makes all rows of what becomes one pixel wide alike: of two columns it does not
        return resized(resized(x, (x.shape[-2], 1)).repeat(1, 1, 1, 2), (hw[0], 2))[..., :1]
    return resized(x, hw)


def resized(x: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    return F.interpolate(x, hw, mode="bilinear", antialias=True, align_corners=False)


def looked(net: lens.Net, x: torch.Tensor) -> Looked:
    """What a net says of x (1, c, h, w). Raises InputError for a net that gives no boxes, Stopped for numbers that are none."""
    seeing = quick(net)
    with seeing.quiet(), torch.no_grad():
        said = seeing.run(x)
    parts = list(said.values()) if isinstance(said, dict) else list(said) if isinstance(said, tuple | list) else [said]
    if len(parts) < 2 or not all(isinstance(part, torch.Tensor) for part in parts[:2]):
        raise no_boxes(net)
    logits, boxes = (part.float().cpu() for part in parts[:2])
    if logits.ndim not in (2, 3) or boxes.shape != (*logits.shape[:-1], 4) or len(logits) != 1:
        raise no_boxes(net)
    if not bool(logits.isfinite().all() and boxes.isfinite().all()):
        do = "Take another --model."
        raise Stopped(f"{net.name} answers with what is no number.", "Its weights are damaged, or too large for their kind of number.", do)
    beside = parts[2] if len(parts) > 2 and isinstance(parts[2], torch.Tensor) else None
    points = (
        None
        if beside is None or beside.shape[:2] != logits.shape[:2] or beside.ndim != 4 or beside.shape[-1] != 2
        else beside.float().cpu()[0]
    )
    return Looked(logits[0], boxes[0], points)


def outputs(net: lens.Net) -> tuple[lens.Net, lens.Net]:
    """The net as one that answers with its logits, and as one that answers with its boxes."""
    with net.quiet(), torch.no_grad():
        said = net.run(torch.zeros(1, net.channels, *net.hw, dtype=torch.float32, device="cpu")) if net.output is None else None
    first, second = list(said)[:2] if isinstance(said, dict) else (0, 1)
    return net.like(net.inner, output=first), net.like(net.inner, output=second)


def no_boxes(net: lens.Net) -> InputError:
    return InputError(
        f"{net.name} gives no boxes.",
        "A net that locates gives logits (b, k) with boxes (b, 4), or (b, n, k) with (b, n, 4).",
        "Give another --model.",
    )


def in_pieces(net: lens.Net, rows: Rows, least: float, most: int, longest: int | None, side: int) -> Detections:
    """Of pieces that overlap by half, joined at their seams. Tells how far it is; memory holds a row of them."""
    h, w = rows.hw
    tops, lefts = pieces.positions(h, side), pieces.positions(w, side)
    every = []
    for row, top in enumerate(tops):
        strip = pieces.strip(rows, top, min(top + side, h))
        for column, left in enumerate(lefts, 1):
            x = strip[..., left : left + side]
            some = at_once(net, x[0], least, most, longest)
            window = some.boxes.new_tensor([left, top, x.shape[-1], x.shape[-2]])
            every.append(seams.Piece(window, some.moved(shift=window[:2])))
            events.tell("pieces", row * len(lefts) + column, len(tops) * len(lefts))
    return seams.joined(every, (h, w))


def both(parts: Detections, whole: Detections, side: int) -> Detections:
    """What was found in pieces, and of the look at the whole what no piece is sure to show all of: things larger than two of them share, in place of the parts of
    them that pieces showed."""
    large = whole[whole.boxes[:, 2:].amax(1) > pieces.STEP * side] if len(whole) else whole
    if len(large) and len(parts):
        shared = geometry.overlaps(parts.boxes[:, None], large.boxes)[0] / parts.boxes[:, 2:].prod(1).clamp_min(geometry.TINY)[:, None]
        alike = parts.labels[:, None] == large.labels
        agreed = (geometry.iou(parts.boxes[:, None], large.boxes) >= seams.AGREE) & alike
        large = large[~agreed.any(0)]  # put together of its parts it lies more exactly
        inside = (shared >= PART) & alike & (parts.boxes[:, 2:].amax(1) > pieces.STEP * side / 2)[:, None]
        parts = parts[~inside[:, ~agreed.any(0)].any(1)]
    out = Detections.together([parts, large])
    return out[out.scores.argsort(descending=True, stable=True)]


def classes(net: lens.Net) -> tuple[str, ...]:
    """The names of what it tells apart: its own, else "class 0" …, as many as it has."""
    if net.classes:
        return tuple(net.classes)
    hw = (32, 32) if not alone(net) and net.step() else net.hw
    count = looked(net, torch.zeros(1, net.channels, *hw, dtype=torch.float32, device="cpu")).logits.shape[-1]
    return tuple(f"class {n}" for n in range(count))


def named(net: lens.Net) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of its classes and their colours, #rrggbb: the card's, else the palette's."""
    names, card = classes(net), weights.card_of(net)
    return names, tuple(card.colours) if card is not None and len(card.colours) == len(names) else tuple(
        map(palette.nth, range(len(names)))
    )


def usual(net: lens.Net) -> float:
    """How sure it must be where nobody says: as its card has it; of one thing alone it always says where it is."""
    card = weights.card_of(net)
    return 0.0 if alone(net) else LEAST if card is None or card.least is None else card.least


def piece(net: lens.Net, hw: tuple[int, int]) -> int | None:
    """Where a picture of that size is looked at in so few of its pixels that what is small in it is lost: the side of pieces that would do; else None."""
    longest = trained(net)
    return max(longest, min(TILE, 2 * longest)) if not alone(net) and longest is not None and max(hw) > LOST * longest else None


def shown(net: lens.Net, photo: io.Photo | io.Large) -> torch.Tensor | Rows:
    """A photo as the net is to see it: (c, h, w), 16 bits spread as they were where it was trained; what is too large to be opened as it is."""
    if isinstance(photo, io.Large):
        return photo
    card = weights.card_of(net)
    seen = io.spread(photo, None if card is None else card.pictures.get("range")).seen
    return torch.from_numpy(np.ascontiguousarray(seen.transpose(2, 0, 1)))
