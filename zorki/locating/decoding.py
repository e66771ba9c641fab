"""What a network answers as detections, in pixels of the picture that it was shown.

Source: Neubeck and Van Gool 2006 (greedy non-maximum suppression, in `detections.kept`).
"""

from __future__ import annotations

import torch

from zorki.locating.detections import Detections, left
from zorki.scores import boxes as geometry

CANDIDATES = 1000  # the surest that are held against one another
OVERLAP = 0.5  # IoU above which two of one class are one thing


def many(
    logits: torch.Tensor, boxes: torch.Tensor, hw: tuple[int, int], least: float = 0.3, most: int = 100, overlap: float = OVERLAP
) -> Detections:
    """Of a `Detector`, for one picture. logits: (n, k); boxes: (n, 4); hw: the picture's size, inside of which boxes are kept; what has no area there is
    left out. least: how sure at least; most: so many, the surest; overlap: as `kept` takes it. A cell may be sure of several classes, and is each then."""
    return traced(logits, boxes, hw, least, most, overlap)[0]


def traced(
    logits: torch.Tensor, boxes: torch.Tensor, hw: tuple[int, int], least: float = 0.3, most: int = 100, overlap: float = OVERLAP
) -> tuple[Detections, torch.Tensor]:
    """The same, and (n,) int64 the cell that said each."""
    return surest(logits.float().sigmoid(), boxes.float(), hw, least, most, overlap)


def surest(
    sure: torch.Tensor, boxes: torch.Tensor, hw: tuple[int, int], least: float = 0.3, most: int = 100, overlap: float = OVERLAP
) -> tuple[Detections, torch.Tensor]:
    """The same of how sure the cells are, (n, k) in 0..1."""
    cells, labels = (sure >= least).nonzero(as_tuple=True)
    scores = sure[cells, labels]
    best = scores.argsort(descending=True, stable=True)[:CANDIDATES]
    inside = clipped(boxes[cells[best]], hw)
    there = (inside[:, 2:] > 0).all(1)
    found = Detections(inside, scores[best], labels[best])[there]
    which = left(found, overlap, most)
    return found[which], cells[best][there][which]


def one(logits: torch.Tensor, box: torch.Tensor, hw: tuple[int, int], least: float = 0.0, most: int = 100) -> Detections:
    """Of a `Locator`, for one picture. logits: (k,); box: (4,) in 0..1 of its sides. The likeliest class and its share; the box is the same of all classes, so
    there is one detection, or none where the share is below `least`."""
    score, label = logits.float().softmax(-1).max(-1)
    h, w = hw
    inside = clipped(box.float()[None] * box.new_tensor([w, h, w, h], dtype=torch.float32), hw)
    found = Detections(inside, score[None], label[None])
    return found[(found.scores >= least) & (inside[:, 2:] > 0).all(1)][:most]


def clipped(boxes: torch.Tensor, hw: tuple[int, int]) -> torch.Tensor:
    """(n, 4), without what lies beyond a picture of that size."""
    edges = boxes.new_tensor([hw[1], hw[0], hw[1], hw[0]])
    return geometry.sized(torch.minimum(geometry.corners(boxes).clamp_min(0), edges))
