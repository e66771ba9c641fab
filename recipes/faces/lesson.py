"""How faces are learnt: as `zorki/wings/locate/_many.py` does, with five points beside the box; where the teacher doubts, nothing."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from recipes.faces.mixing import drawn
from recipes.faces.scenes import SURE, Scene, Shot, sizes
from recipes.faces.stock import LEAST, Stock
from zorki.core import hands
from zorki.locating.assigning import assigned
from zorki.nets.detector import Detector
from zorki.scores import box_losses
from zorki.scores.average_precision import Ranked, iou
from zorki.train import Lesson
from zorki.wings.locate._many import detected, line, varifocal

AHEAD = 2
LARGE = 4  # every so many steps squares are twice as large, and a fourth as many
BOX, POINTS = 2.0, 1.0  # what box and points weigh beside the class
BETA = 0.05  # of a box's side: where the points' loss turns from a square to a line
LONGEST = 640  # pixels of the pictures that it is judged on


class Shown(NamedTuple):
    """picture (b, 3, side, side) in 0..1, channels last; of each picture boxes (n, 4), points (n, 5, 2) and ignored (k, 4)."""

    picture: torch.Tensor
    boxes: list[torch.Tensor]
    points: list[torch.Tensor]
    ignored: list[torch.Tensor]


class Found(Lesson):
    """net: a `Detector` of one class with five points. batch, side: squares a step, and their side."""

    net: Detector

    def __init__(self, net: Detector, stock: Stock, batch: int, side: int, seed: int = 0) -> None:
        self.net, self.stock, self.batch, self.side, self.seed = net, stock, batch, side, seed
        self.ahead: dict[int, Future[Shown]] = {}

    def groups(self) -> list[dict[str, Any]]:
        """Norms and biases are not made smaller."""
        numbers = list(self.net.parameters())
        return [{"params": [p for p in numbers if p.ndim > 1]}, {"params": [p for p in numbers if p.ndim <= 1], "weight_decay": 0.0}]

    def draw(self, step: int) -> Shown:
        pool = hands.workers(hands.count())
        self.ahead = {n: self.ahead.get(n) or pool.submit(self.drawn, n) for n in range(step, step + 1 + AHEAD)}
        return self.ahead.pop(step).result()

    def drawn(self, step: int) -> Shown:
        large = step % LARGE == LARGE - 1
        count, side = (max(1, self.batch // 4), 2 * self.side) if large else (self.batch, self.side)
        return shown([drawn(self.stock, side, np.random.default_rng((self.seed, step, i))) for i in range(count)])

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        logits, boxes, points = self.net(shown.picture)
        logits = logits.float()
        h, w = shown.picture.shape[-2:]
        cells = self.net.cells(h, w, shown.picture.device)
        aim, weight = torch.zeros_like(logits), torch.ones_like(logits)
        mine, true, mine_points, true_points = [], [], [], []
        for i, (there, at) in enumerate(zip(shown.boxes, shown.points, strict=True)):
            learns = assigned(logits[i], boxes[i], cells, there, torch.zeros(len(there), dtype=torch.int64))
            weight[i, inside(cells, shown.ignored[i])] = 0
            weight[i, learns.cells] = 1
            aim[i, learns.cells, 0] = learns.iou
            mine.append(boxes[i, learns.cells])
            true.append(there[learns.boxes])
            mine_points.append(points[i, learns.cells])
            true_points.append(at[learns.boxes])
        one, two = torch.cat(mine), torch.cat(true)
        count = max(1, len(one))
        far = (torch.cat(mine_points) - torch.cat(true_points)) / two[:, None, 2:].clamp_min(1)
        parts = {
            "class": (varifocal(logits, aim) * weight).sum() / count,
            "box": box_losses.take("giou").loss(one / w, two / w).sum() / count,
            "points": F.smooth_l1_loss(far, torch.zeros_like(far), beta=BETA, reduction="sum") / (far.shape[-2] * count),
        }
        return parts["class"] + BOX * parts["box"] + POINTS * parts["points"], parts

    def figures(self, net: nn.Module) -> dict[str, Any]:
        """mAP on the photographs that are held, at a longer side of LONGEST, by the teacher's sure faces."""
        ranked = Ranked(1)
        for shot in self.stock.held:
            picture = np.array(shot.read().convert("RGB"))
            boxes, scores, labels = detected(net, picture, LONGEST)
            truth, ignored = known(shot)
            lies = iou(boxes, np.concatenate([truth, ignored]))
            left = (lies.argmax(1) < len(truth)) | (lies.max(1) < 0.3) if lies.shape[1] else np.ones(len(boxes), bool)
            ranked.add(boxes[left], scores[left], labels[left], truth, np.zeros(len(truth), np.int64))
        return line(ranked.precision()[0])


def known(shot: Shot) -> tuple[np.ndarray, np.ndarray]:
    """Boxes that must be found, and others that may be."""
    must = (shot.faces.scores >= SURE) & (sizes(shot.faces.boxes) >= LEAST)
    return shot.faces.boxes[must], shot.faces.boxes[~must]


def inside(cells: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """(n,) truths: whether a cell's middle lies in one of the boxes."""
    beyond = cells[:, None, :2] - boxes[:, :2]
    return ((beyond >= 0) & (beyond <= boxes[:, 2:])).all(-1).any(-1)


def shown(scenes: list[Scene]) -> Shown:
    pictures = torch.from_numpy(np.stack([one.picture for one in scenes])).permute(0, 3, 1, 2).float() / 255
    boxes, points, ignored = (
        [torch.from_numpy(getattr(one, part).astype(np.float32)) for one in scenes] for part in ("boxes", "points", "ignored")
    )
    return Shown(pictures.contiguous(memory_format=torch.channels_last), boxes, points, ignored)
