"""Which cells of a detector learn which box: not by a fixed rule of sizes, but those that find it best already.

Source: Ge et al. 2021 (YOLOX, SimOTA): a cell may learn a box in which its middle lies, near the box's; what it costs is how wrong its class and its
box are; how many learn a box is the sum of how well its ten best lie.
Differs: the cell of the finest level nearest to a box's middle may always learn it, and no box stays without a cell while one is free, so boxes smaller than a
cell, or several in one, are learnt too; a little is added the farther a cell is from the middle, which decides while nothing has been learnt.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional as F

from zorki.scores import boxes as geometry

RADIUS = 2.5  # strides from a box's middle to the farthest middle of a cell that may learn it
BEST = 10  # candidates whose IoUs tell how many cells learn a box
HEAVY = 3.0  # what the box weighs beside the class
LEAST = 1e-6  # IoU whose logarithm is still told apart


class Assigned(NamedTuple):
    """cells, boxes: (p,) int64: the cell of that number learns the box of that number; no cell twice. iou: (p,) how well its box lies on it now."""

    cells: torch.Tensor
    boxes: torch.Tensor
    iou: torch.Tensor


@torch.no_grad()
def assigned(logits: torch.Tensor, found: torch.Tensor, cells: torch.Tensor, boxes: torch.Tensor, labels: torch.Tensor) -> Assigned:
    """Of one picture. logits: (n, k); found: (n, 4) boxes that the cells say; cells: (n, 3) middle and stride; boxes: (m, 4) that are true,
    labels: (m,) their classes. Boxes are left, top, width, height in pixels, each with an area."""
    if not len(boxes):
        none = torch.zeros(0, dtype=torch.int64, device=cells.device)
        return Assigned(none, none, found.new_zeros(0, dtype=torch.float32))
    may, apart = near(cells, boxes)
    iou = geometry.iou(found.float()[:, None], boxes)
    cost = F.softplus(-logits.float())[:, labels] - HEAVY * iou.clamp_min(LEAST).log() + apart / RADIUS
    chosen = cheapest(cost, iou, may)
    chosen = fair(chosen, cost, may, (apart * cells[:, 2:]).where(finest(cells)[:, None], torch.inf))
    at, which = chosen.nonzero(as_tuple=True)
    return Assigned(at, which, iou[at, which])


def near(cells: torch.Tensor, boxes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, m) truths, which cells may learn a box; and how far their middles are apart, in the cell's strides."""
    beyond = cells[:, None, :2] - boxes[:, :2]  # from the left upper corner to the cell's middle
    inside = ((beyond > 0) & (beyond < boxes[:, 2:])).all(-1)
    away = (beyond - boxes[:, 2:] / 2).abs() / cells[:, None, 2:]
    apart = away.square().sum(-1).sqrt()
    nearest = (apart * cells[:, 2:]).where(finest(cells)[:, None], torch.inf).argmin(0)
    may = inside & (away < RADIUS).all(-1)
    may[nearest, torch.arange(len(boxes), device=boxes.device)] = True
    return may, apart


def finest(cells: torch.Tensor) -> torch.Tensor:
    """(n,) truths: the cells of the least stride."""
    return cells[:, 2] == cells[:, 2].min()


def cheapest(cost: torch.Tensor, iou: torch.Tensor, may: torch.Tensor) -> torch.Tensor:
    """(n, m) truths: of each box as many of its cheapest cells as its best IoUs add up to; a cell that several want learns the cheapest."""
    cost = cost.where(may, torch.inf)
    top = (iou * may).topk(min(BEST, len(iou)), 0).values.sum(0)
    count = top.int().clamp_min(1)
    order = cost.sort(dim=0, stable=True).indices
    wanted = torch.zeros_like(may).scatter_(0, order, torch.arange(len(cost), device=cost.device)[:, None] < count) & may
    best = cost.where(wanted, torch.inf).argmin(1)
    return wanted & (torch.arange(cost.shape[1], device=cost.device) == best[:, None])


def fair(chosen: torch.Tensor, cost: torch.Tensor, may: torch.Tensor, distance: torch.Tensor) -> torch.Tensor:
    """The same with a cell for each box that went without: its cheapest that is free, or of a box that keeps others; else the nearest free one.

    distance: (n, m) in pixels, infinite for cells that are no choice. Small boxes come last in `cheapest`'s conflicts as often as large ones; here
    they are served in their order.
    """
    for i in (~chosen.any(0)).nonzero()[:, 0].tolist():
        spare = ~(chosen & (chosen.sum(0) < 2)).any(1)  # free cells, and those whose box keeps another
        price = cost[:, i].where(may[:, i] & spare, torch.inf)
        if not bool(price.isfinite().any()):
            price = distance[:, i].where(~chosen.any(1), torch.inf)
        if bool(price.isfinite().any()):
            cell = int(price.argmin())
            chosen[cell] = False
            chosen[cell, i] = True
    return chosen
