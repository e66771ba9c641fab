"""How a detector is taught: the cells that find a box best learn it, all others learn that nothing is there; judged by mAP on whole pictures.

Source: Zhang et al. 2021 (VarifocalNet, equation 2: a cell's score is to be the IoU of its own box, and what is wrongly sure weighs the more the surer it is);
Ge et al. 2021 (`zorki/locating/assigning.py`: who learns what).
Differs: where a thing is, the other classes weigh as much as its own (as in YOLOX), not as little as where nothing is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from zorki.locating import decoding, looking
from zorki.locating.assigning import assigned
from zorki.locating.detections import Detections
from zorki.nets.detector import Detector
from zorki.scores import box_losses
from zorki.scores.average_precision import Ranked
from zorki.train.together import added, collected, total
from zorki.wings.locate._lesson import Boxed

EMPTY, GAMMA = 0.75, 2.0  # of the varifocal loss: what cells without a box weigh, and by which power of how sure they are
LEAST = 0.01  # surest from which a detection counts in mAP


class Many(Boxed):
    """The lesson. net: a `Detector`."""

    net: Detector

    def wrong(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        picture, boxes, labels = shown["picture"], shown["boxes"], shown["labels"]
        logits, found, *_ = self.net(picture)
        logits, cells, side = (
            logits.float(),
            self.net.cells(picture.shape[-2], picture.shape[-1], picture.device),
            float(max(picture.shape[-2:])),
        )
        aim, mine, true = torch.zeros_like(logits), [], []
        for i in range(len(picture)):
            there = labels[i] >= 0
            learns = assigned(logits[i], found[i], cells, boxes[i][there], labels[i][there])
            aim[i, learns.cells, labels[i][there][learns.boxes]] = learns.iou
            mine.append(found[i, learns.cells])
            true.append(boxes[i][there][learns.boxes])
        one, two = torch.cat(mine) / side, torch.cat(true) / side
        count = added(torch.tensor(float(len(one)), device=logits.device, dtype=torch.float32)).clamp_min(1)
        parts = {
            "class": total(varifocal(logits, aim).sum()) / count,
            "box": total(box_losses.take(self.recipe.box_loss).loss(one, two).sum()) / count,
        }
        return parts["class"] + self.recipe.box * parts["box"], parts

    def figures(self, net: nn.Module) -> dict[str, Any]:
        """mAP at an IoU of 0.5 and over .50:.05:.95, and by class at 0.5 (None: it is in no picture), on whole pictures; worth falls as the first rises."""
        mine = {i: detected(net, self.held[i][0], self.changes.side) for i in self.numbers()}
        every = {i: one for some in collected(mine) for i, one in some.items()}
        ranked = Ranked(self.recipe.classes)
        for i in range(len(self.held)):
            boxes, scores, labels = every[i]
            ranked.add(boxes, scores, labels, *self.held[i][1:])
        return line(ranked.precision()[0])

    def numbers(self) -> range:
        """Of the pictures that this process judges."""
        return range(self.rank, len(self.held), self.processes)


def line(found: NDArray[np.float64]) -> dict[str, Any]:
    """A line's figures of average precisions (classes, 10)."""
    there = found[~np.isnan(found[:, 0])]
    map50, every = (float(there[:, 0].mean()), float(there.mean())) if len(there) else (0.0, 0.0)
    by_class = [None if np.isnan(v) else round(float(v), 6) for v in found[:, 0]]
    return {"worth": round(1 - map50, 6), "map50": round(map50, 6), "map": round(every, 6), "ap50": by_class}


def varifocal(logits: torch.Tensor, aim: torch.Tensor) -> torch.Tensor:
    """(…, k) of the same shape. aim: how well the cell's box lies where it learns this class, else 0. Of a cell that learns all classes weigh that."""
    lies = aim.amax(-1, keepdim=True)
    weight = torch.where(lies > 0, lies, EMPTY * logits.detach().sigmoid() ** GAMMA)
    return F.binary_cross_entropy_with_logits(logits, aim, reduction="none") * weight


@torch.no_grad()
def detected(net: nn.Module, picture: NDArray[Any], side: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Boxes (n, 4), scores (n,) and classes (n,) in a picture (h, w, c), looked at with `side` as its longer side. The net is in eval mode meanwhile."""
    device, training = next(net.parameters()).device, net.training
    net.eval()
    try:
        h, w = picture.shape[:2]
        x = shrunk(torch.from_numpy(picture).to(device).permute(2, 0, 1)[None], side)
        logits, boxes, *_ = net(x.contiguous(memory_format=torch.channels_last))
        seen = x.shape[-2:]
        back = boxes.new_tensor([w / seen[1], h / seen[0]]).repeat(2)
        it: Detections = decoding.many(logits[0], boxes[0] * back, (h, w), LEAST)
        return it.boxes.cpu().numpy(), it.scores.cpu().numpy(), it.labels.cpu().numpy()
    finally:
        net.train(training)


def shrunk(x: torch.Tensor, side: int) -> torch.Tensor:
    """(1, c, h, w), uint8 or float → float32 in 0..1, its longer side `side`."""
    h, w = x.shape[-2:]
    times = side / max(h, w)
    size = (max(1, round(h * times)), max(1, round(w * times)))
    x = x.float() / 255 if x.dtype == torch.uint8 else x
    return x if size == (h, w) else looking.brought(x, size).clamp(0, 1)
