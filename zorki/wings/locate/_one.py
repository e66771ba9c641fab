"""How a net is taught to name what is in a picture and to put a box about it; judged on whole pictures it has not seen.

Source: Sermanet et al. 2013 (OverFeat: classes and four numbers of one trunk); Szegedy et al. 2015, section 7 (label smoothing); Polyak and Juditsky 1992 (the
averaged weights are judged). Differs: class and box are learnt together, and the box by how far it lies on the true one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional as F

from zorki.core import events
from zorki.locating import looking
from zorki.locating.pictured import sized
from zorki.scores import box_losses
from zorki.scores import boxes as geometry
from zorki.train import added, gathered
from zorki.wings.locate._lesson import NOBODY, Boxed
from zorki.wings.locate._stock import Stock

TOGETHER = 16  # pictures that are judged at once


class One(Boxed):
    """The lesson. Each picture has one box at most; one without teaches nothing. net: a `nets.locator.Locator`, or what has its `answers`."""

    def wrong(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        r = self.recipe
        logits, boxes = (gathered(one) for one in self.net.answers(shown["picture"]))
        truth, labels = (gathered(one[:, :1]) for one in (shown["boxes"], shown["labels"]))
        there = (labels[:, 0] != NOBODY).float()
        count = there.sum().clamp_min(1)
        of_class = labels.clamp_min(0) if boxes.shape[1] > 1 else torch.zeros_like(labels)
        found = boxes.gather(1, of_class[:, :, None].expand(-1, 1, 4))[:, 0]
        named = F.cross_entropy(logits.float(), labels[:, 0], ignore_index=NOBODY, label_smoothing=r.smooth, reduction="sum") / count
        away = (box_losses.take(r.box_loss).loss(found, truth[:, 0] / self.changes.side) * there).sum() / count
        return named + r.box * away, {"class": named, "box": away}

    def figures(self, net: nn.Module) -> dict[str, Any]:
        """On whole pictures: the share whose class is right, the mean IoU of the boxes, the share of which both are right (IoU above 0.5). worth: one minus the mean of the
        first two."""
        sums = torch.zeros(4, dtype=torch.float64, device="cpu")
        for i, answer in answers(net, self.held, self.changes.side, self.rank, self.processes):
            if (judged := held_against(self.held, i, answer)) is not None:
                sums += torch.tensor([*judged, 1.0], dtype=torch.float64, device="cpu")
        device = next(net.parameters()).device
        accuracy, mean_iou, both, count = added(sums.float().to(device)).tolist()
        accuracy, mean_iou, both = (one / max(1, count) for one in (accuracy, mean_iou, both))
        return {
            "worth": round(1 - (accuracy + mean_iou) / 2, 6),
            "accuracy": round(accuracy, 6),
            "mean_iou": round(mean_iou, 6),
            "class_and_iou50": round(both, 6),
        }


@dataclass(frozen=True)
class Answer:
    """Of a picture: its class, how sure of it the net is, and the box in shares of the picture's sides."""

    label: int
    score: float
    box: tuple[float, float, float, float]


@torch.no_grad()
def answers(net: nn.Module, held: Stock, side: int, first: int = 0, every: int = 1) -> Iterator[tuple[int, Answer]]:
    """Of each picture its number and what is said of it, in float32, all of it brought to a square. The net is in eval mode meanwhile."""
    device, training = next(net.parameters()).device, net.training
    net.eval()
    try:
        numbers = range(first, len(held), every)
        for begin in range(0, len(numbers), TOGETHER):
            some = numbers[begin : begin + TOGETHER]
            x = torch.stack([squared(held[i][0], side) for i in some]).to(device)
            logits, boxes = net(x.contiguous(memory_format=torch.channels_last))
            scores, labels = logits.float().softmax(1).max(1)
            for i, label, score, box in zip(some, labels.tolist(), scores.tolist(), boxes.float().tolist(), strict=True):
                yield i, Answer(label, score, tuple(box))
            events.tell("judging", some[-1] + 1, len(held))
    finally:
        net.train(training)


def squared(picture: NDArray[Any], side: int) -> torch.Tensor:
    """(c, side, side) of a picture (h, w, c), as `looking.found` shows it to a net of one box."""
    x = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / (255 if picture.dtype == np.uint8 else 1)
    return looking.brought(x, (side, side))[0]


def held_against(held: Stock, i: int, answer: Answer) -> tuple[float, float, float] | None:
    """Of a picture with a box: whether its class is right, the IoU of the box, whether both are right; None where it has none."""
    picture, boxes, labels = held[i]
    if not len(labels):
        return None
    return against(answer, shares(picture, boxes[0]), int(labels[0]))


def against(answer: Answer, truth: NDArray[np.float64], label: int) -> tuple[float, float, float]:
    """The same of a truth in shares of the picture's sides."""
    mine, true = torch.tensor(answer.box, dtype=torch.float64, device="cpu"), torch.from_numpy(truth)
    iou, right = float(geometry.iou(mine, true)), answer.label == label
    return float(right), iou, float(right and iou > 0.5)


def shares(picture: NDArray[Any], box: NDArray[Any]) -> NDArray[np.float64]:
    """(4,) of pixels as shares of the picture's sides, float64."""
    return np.asarray(box.astype(np.float64) / sized(picture.shape))
