"""What a network found in a picture: boxes with their classes and how sure it is of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from zorki.scores import boxes as geometry


@dataclass(frozen=True, eq=False)
class Detections:
    """In the order of their scores, the surest first. boxes: (n, 4) float32 left, top, width, height in pixels of the picture; scores: (n,) in 0..1;
    labels: (n,) int64 class numbers; points: (n, k, 2) float32 x and y of what a net says beside its boxes (of a face eyes, nose, mouth), None of others."""

    boxes: torch.Tensor
    scores: torch.Tensor
    labels: torch.Tensor
    points: torch.Tensor | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, some: Any) -> Detections:
        """Those of them: a slice, numbers, or truths."""
        return Detections(self.boxes[some], self.scores[some], self.labels[some], None if self.points is None else self.points[some])

    def moved(self, times: torch.Tensor | float = 1.0, shift: torch.Tensor | float = 0.0) -> Detections:
        """With other places: times, shift: (2,) of x and y, or a number for both. x · times + shift."""
        times, shift = (torch.as_tensor(v, dtype=torch.float32, device=self.boxes.device).expand(2) for v in (times, shift))
        boxes = self.boxes * times.repeat(2) + torch.cat([shift, torch.zeros_like(shift)])
        return Detections(boxes, self.scores, self.labels, None if self.points is None else self.points * times + shift)

    @staticmethod
    def together(some: Sequence[Detections]) -> Detections:
        """All of them, one after the other; with points if all that hold any have them."""
        held = [one for one in some if len(one)] or list(some[:1])
        if not held:
            return Detections.none()
        points = [one.points for one in held if one.points is not None]
        boxes, scores, labels = (torch.cat([getattr(one, part) for one in held]) for part in ("boxes", "scores", "labels"))
        return Detections(boxes, scores, labels, torch.cat(points) if len(points) == len(held) else None)

    @staticmethod
    def none(device: torch.device | str = "cpu") -> Detections:
        nothing = torch.zeros((0, 5), dtype=torch.float32, device=device)
        return Detections(nothing[:, :4], nothing[:, 4], torch.zeros(0, dtype=torch.int64, device=device))


def kept(found: Detections, overlap: float = 0.6, most: int = 100) -> Detections:
    """Without those that lie on a surer one of their class by more than `overlap` (IoU), at most so many: greedy non-maximum suppression, exactly.

    Equal scores keep the order given.
    """
    return found[left(found, overlap, most)]


def left(found: Detections, overlap: float, most: int) -> torch.Tensor:
    """(n,) int64: which of them `kept` keeps, the surest first."""
    order = found.scores.argsort(descending=True, stable=True)
    found = found[order]
    alike = geometry.iou(found.boxes[:, None], found.boxes) > overlap
    alike &= found.labels[:, None] == found.labels
    free, chosen = torch.ones(len(found), dtype=torch.bool, device=found.boxes.device), list[int]()
    for i in range(len(found)):
        if len(chosen) == most:
            break
        if free[i]:
            chosen.append(i)
            free &= ~alike[i]
    return order[torch.tensor(chosen, dtype=torch.int64, device=order.device)]
