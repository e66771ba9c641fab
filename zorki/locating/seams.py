"""What was found in overlapping pieces of a picture, as what is in the picture: one box for each thing, however many pieces show it or a part of it.

Two pieces speak of one thing where they agree on what both of them see: cut to what they share, the boxes are alike. Each side of the thing's box is then said by
the surest piece at whose rim that side does not lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import torch

from zorki.locating.detections import Detections
from zorki.scores import boxes as geometry

AGREE = 0.5  # IoU of two boxes, cut to what both pieces show, from which they are one thing
SLACK = 0.02  # of a piece's side: a box that ends as near to its rim may go on beyond it
EDGE = 2.0  # pixels: at least as near


class Piece(NamedTuple):
    """window: (4,) left, top, width, height of what was looked at, in pixels of the picture; found: in the picture's pixels too, cut off at the window's rim."""

    window: torch.Tensor
    found: Detections


def joined(pieces: Sequence[Piece], hw: tuple[int, int]) -> Detections:
    """What is in a picture of that size, the surest first. The same for the same pieces in the same order."""
    pieces = [piece for piece in pieces if len(piece.found)]
    if not pieces:
        return Detections.none()
    begins = [0]
    for piece in pieces:
        begins.append(begins[-1] + len(piece.found))
    found = Detections.together([piece.found for piece in pieces])
    groups = Groups([k for k, piece in enumerate(pieces) for _ in range(len(piece.found))])
    for _, one, other in sorted(pairs(pieces, begins), key=lambda pair: (-pair[0], pair[1], pair[2])):
        groups.join(one, other)
    open_ = torch.cat([cut(piece, hw) for piece in pieces])
    boxes, first = [], []
    for members in groups.members():
        some = torch.tensor(members, dtype=torch.int64, device="cpu")
        some = some[found.scores[some].argsort(descending=True, stable=True)]
        boxes.append(spanned(found.boxes[some], open_[some]))
        first.append(int(some[0]))
    whole = replace(found[first], boxes=torch.stack(boxes))  # its points too are said by the surest
    return whole[whole.scores.argsort(descending=True, stable=True)]


class Groups:
    """Detections of one thing, at most one of each piece. pieces: of each detection its piece's number."""

    def __init__(self, pieces: Sequence[int]) -> None:
        self.of = list(range(len(pieces)))
        self.each = {i: [i] for i in self.of}
        self.seen = {i: {piece} for i, piece in enumerate(pieces)}

    def join(self, one: int, other: int) -> None:
        """Makes one thing of both, unless a piece sees them as two."""
        a, b = self.of[one], self.of[other]
        if a == b or self.seen[a] & self.seen[b]:
            return
        for i in self.each[b]:
            self.of[i] = a
        self.each[a] += self.each.pop(b)
        self.seen[a] |= self.seen.pop(b)

    def members(self) -> list[list[int]]:
        return [self.each[k] for k in sorted(self.each)]


def pairs(pieces: Sequence[Piece], begins: Sequence[int]) -> list[tuple[float, int, int]]:
    """How far each two detections of different pieces agree, and their numbers, of those that do."""
    windows = torch.stack([piece.window for piece in pieces])
    out = []
    for i, piece in enumerate(pieces):
        meet = (geometry.overlaps(piece.window, windows[i + 1 :])[0] > 0).nonzero().flatten().tolist()
        for j in (i + 1 + k for k in meet):
            shared = common(piece.window, windows[j])
            mine, theirs = trimmed(piece.found.boxes, shared), trimmed(pieces[j].found.boxes, shared)
            agreed = geometry.iou(mine[:, None], theirs)
            agreed = torch.where(piece.found.labels[:, None] == pieces[j].found.labels, agreed, torch.zeros_like(agreed))
            for a, b in (agreed >= AGREE).nonzero().tolist():
                out.append((float(agreed[a, b]), begins[i] + a, begins[j] + b))
    return out


def common(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """(4,) what two windows share."""
    a, b = geometry.corners(one), geometry.corners(other)
    return geometry.sized(torch.cat([torch.maximum(a[:2], b[:2]), torch.minimum(a[2:], b[2:])]))


def trimmed(boxes: torch.Tensor, window: torch.Tensor) -> torch.Tensor:
    """(n, 4) boxes as far as they lie in the window (4,); without area where they do not."""
    edges, box = geometry.corners(window), geometry.corners(boxes)
    low, high = torch.maximum(box[:, :2], edges[:2]), torch.minimum(box[:, 2:], edges[2:])
    return torch.cat([low, (high - low).clamp_min(0)], 1)


def cut(piece: Piece, hw: tuple[int, int]) -> torch.Tensor:
    """(n, 4) left, top, right, bottom: whether a box may go on beyond its piece there, since it ends at a rim that is not the picture's."""
    window, box = geometry.corners(piece.window), geometry.corners(piece.found.boxes)
    near = (SLACK * piece.window[2:]).clamp_min(EDGE).repeat(2)
    picture = window.new_tensor([0, 0, hw[1], hw[0]])
    inner = torch.cat([window[:2] > picture[:2], window[2:] < picture[2:]])
    return ((box - window).abs() <= near) & inner


def spanned(boxes: torch.Tensor, cuts: torch.Tensor) -> torch.Tensor:
    """(4,) the box of one thing. boxes, cuts: (n, 4) of those that show it, the surest first."""
    edges = geometry.corners(boxes)
    out = []
    for side in range(4):
        whole = (~cuts[:, side]).nonzero().flatten()
        far = edges[:, side].min() if side < 2 else edges[:, side].max()
        out.append(edges[whole[0], side] if len(whole) else far)
    low, high = torch.stack(out[:2]), torch.stack(out[2:])
    return torch.cat([low, (high - low).clamp_min(0)])
