"""How well detections are found and ordered: the average precision of each class, as COCO reckons it, also of pictures drawn anew.

Source: Everingham et al. 2010, section 4.2 (a detection is right if it is the surest on a true box of its class); Lin et al. 2014 and pycocotools (101
recalls, IoU .50:.05:.95, boxes of every size, the 100 surest of a picture).
Differs: pictures may count several times or not at all, so an interval takes a second and not a thousand evaluations; equal to faster-coco-eval to rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
IOUS = np.linspace(0.5, 0.95, 10)
RECALLS = np.linspace(0, 1, 101)
MOST = 100  # detections of a class in a picture that count, the surest
ROOM = 1 << 24  # numbers of one block of rounds
TINY = float(np.spacing(1.0))


def iou(one: NDArray[Any], two: NDArray[Any]) -> Floats:
    """(n, m) of boxes (n, 4) and (m, 4), left, top, width, height, in float64; 0 where one has no area."""
    a, b = np.asarray(one, np.float64).reshape(-1, 1, 4), np.asarray(two, np.float64).reshape(1, -1, 4)
    shared = (np.minimum(a[..., :2] + a[..., 2:], b[..., :2] + b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])).clip(0).prod(-1)
    covered = a[..., 2:].prod(-1) + b[..., 2:].prod(-1) - shared
    return np.asarray(np.divide(shared, covered, out=np.zeros_like(shared), where=covered > 0))


def matched(overlaps: Floats, least: Sequence[float] | Floats = IOUS) -> NDArray[np.int64]:
    """(t, n): for each IoU that is asked for the true box that a detection is right about, −1 where it is wrong.

    overlaps: (n, m), the surest detection first. Each takes of the boxes that are left the one on which it lies best, the last of equal ones.
    """
    n, m = overlaps.shape
    out = np.full((len(least), n), -1, np.int64)
    highest = overlaps.max(1, initial=0)
    for t, asked in enumerate(least):
        left, needed = np.ones(m, bool), min(asked, 1 - 1e-10)
        for i in np.flatnonzero(highest >= needed) if m else ():
            there = np.where(left, overlaps[i], -1)
            best = m - 1 - int(there[::-1].argmax())
            if there[best] >= needed:
                out[t, i], left[best] = best, False
    return out


@dataclass(frozen=True, eq=False)
class OfClass:
    """The detections of one class in all pictures, the surest first. picture: (n,) where each is; right: (t, n) whether it is, at each IoU; true: (pictures,) how many
    boxes there are; scores: (n,)."""

    scores: Floats
    picture: NDArray[np.int64]
    right: NDArray[np.bool_]
    true: NDArray[np.int64]

    def precision(self, often: NDArray[Any] | None = None) -> Floats:
        """(rounds, t): average precision where each picture counts as often as a round has it (rounds, pictures); once in the one round if not given. nan where
        no box is true."""
        often = np.ones((1, len(self.true))) if often is None else np.asarray(often, np.float64)
        each = max(1, ROOM // max(1, len(self.scores)))
        return np.concatenate([self._block(often[i : i + each]) for i in range(0, len(often), each)])

    def _block(self, often: Floats) -> Floats:
        count = often @ self.true
        weight = often[:, self.picture]
        seen = weight.cumsum(1)
        out = np.zeros((len(often), len(self.right)))
        for t, right in enumerate(self.right):
            at = np.flatnonzero(right)
            if at.size:
                hits = weight[:, at].cumsum(1)
                precise = hits / (seen[:, at] + TINY)
                precise = np.maximum.accumulate(precise[:, ::-1], 1)[:, ::-1]
                reached = np.searchsorted(
                    RECALLS, np.divide(hits, count[:, None], out=np.zeros_like(hits), where=count[:, None] > 0), "right"
                )
                out[:, t] = (np.diff(reached, axis=1, prepend=0) * precise).sum(1) / len(RECALLS)
        out[count == 0] = np.nan
        return out

    def curve(self, t: int = 0) -> Floats:
        """(101,): the precision at each recall 0, 0.01 … 1 or beyond, at the t-th IoU."""
        hits, n = self.right[t].cumsum(), int(self.true.sum())
        precise = np.maximum.accumulate((hits / np.arange(1, len(hits) + 1))[::-1])[::-1]
        at = np.searchsorted(hits / max(1, n), RECALLS, "left")
        return np.append(precise, 0.0)[at]


class Ranked:
    """All detections of a set. Pictures are given one by one: `add`."""

    def __init__(self, classes: int, least: Sequence[float] | Floats = IOUS) -> None:
        self.classes, self.least, self.count = classes, np.asarray(least, np.float64), 0
        self._parts: list[list[tuple[Floats, NDArray[np.bool_], int, int]]] = [[] for _ in range(classes)]

    def add(self, boxes: NDArray[Any], scores: NDArray[Any], labels: NDArray[Any], true: NDArray[Any], of: NDArray[Any]) -> Ranked:
        """A picture's detections (n, 4), (n,), (n,) and true boxes (m, 4), (m,). Gives itself."""
        for k in {*np.unique(labels).tolist(), *np.unique(of).tolist()} & {*range(self.classes)}:
            mine = np.flatnonzero(labels == k)
            mine = mine[np.argsort(-np.asarray(scores, np.float64)[mine], kind="stable")][:MOST]
            there = true[of == k]
            right = matched(iou(boxes[mine], there), self.least) >= 0
            self._parts[k].append((np.asarray(scores, np.float64)[mine], right, len(there), self.count))
        self.count += 1
        return self

    @cached_property
    def each(self) -> tuple[OfClass, ...]:
        """By class, once all pictures are there."""
        out = []
        for parts in self._parts:
            scores = np.concatenate([np.zeros(0), *(p[0] for p in parts)])
            right = np.concatenate([np.zeros((len(self.least), 0), bool), *(p[1] for p in parts)], 1)
            picture = np.repeat(np.array([p[3] for p in parts], np.int64), [len(p[0]) for p in parts])
            true = np.zeros(self.count, np.int64)
            true[[p[3] for p in parts]] = [p[2] for p in parts]
            order = np.argsort(-scores, kind="stable")
            out.append(OfClass(scores[order], picture[order], right[:, order], true))
        return tuple(out)

    def precision(self, often: NDArray[Any] | None = None) -> Floats:
        """(rounds, classes, t); see `OfClass.precision`."""
        return np.stack([one.precision(often) for one in self.each], 1)
