"""How a segmenter is taught: at each step squares of some pictures, seen in another way each time; judged on whole pictures it has not seen.

Source: Polyak and Juditsky 1992 (the averaged weights are judged); the joint augmentation: `_augment.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from zorki import scores
from zorki.core import events
from zorki.core.void import VOID
from zorki.nets.segmenter import Segmenter
from zorki.train import added, gathered, squares
from zorki.wings.segment._augment import Changes, cut
from zorki.wings.segment._stock import Example, Stock


@dataclass(frozen=True)
class Recipe(squares.Recipe):
    """loss: as `scores.summed` takes it. weights: of the classes, none: all alike. soft: weight of learning from shares of classes, beside 1 for class
    numbers."""

    loss: str = "cross_entropy+dice"
    weights: tuple[float, ...] = ()
    soft: float = 1.0


class Pixels(squares.Squares):
    """The lesson. What is shown at a step: picture, truth (b, side, side), perhaps soft (b, k, side, side)."""

    net: Segmenter
    recipe: Recipe

    def __init__(self, net: Segmenter, stock: Stock, held: Stock, recipe: Recipe, changes: Changes) -> None:
        super().__init__(net, stock, held, recipe, changes)
        self.sum = scores.summed(recipe.loss)

    def cut(self, example: Example, chance: np.random.Generator) -> tuple[torch.Tensor, ...]:
        picture, maps = cut(*example, self.changes, chance)
        return picture, *maps

    def together(self, truths: Sequence[Sequence[torch.Tensor]]) -> dict[str, torch.Tensor]:
        shown = {"truth": torch.stack([truth for truth, *_ in truths])}
        if any(len(one) > 1 for one in truths):
            nothing = torch.zeros((self.recipe.classes, *shown["truth"].shape[1:]), dtype=torch.float32, device="cpu")
            shown["soft"] = torch.stack([one[1] if len(one) > 1 else nothing for one in truths])
        return shown

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        r = self.recipe
        logits, truth = gathered(self.net(shown["picture"]).float()), gathered(shown["truth"])
        weights = torch.tensor(r.weights, dtype=torch.float32, device=logits.device) if r.weights else None
        parts = self.sum.parts(logits, truth, weights)
        total = torch.stack([weight * parts[name] for name, weight in self.sum.terms]).sum()
        if "soft" in shown:
            parts["soft"] = towards(logits, gathered(shown["soft"]), truth == VOID)
            total = total + r.soft * parts["soft"]
        return total, parts

    def figures(self, net: nn.Module) -> dict[str, Any]:
        """mIoU, mean Dice (without the first class where there are two) and the IoU of each class (None: absent), at the pictures' own size."""
        found = scores.Confusion(self.recipe.classes)
        for i, predicted in predictions(net, self.held, self.rank, self.processes):
            found.add(self.held[i][1][0], predicted)
        device = next(net.parameters()).device
        whole = added(torch.from_numpy(found.matrix).to(device)).cpu().numpy()
        return line(scores.Confusion(self.recipe.classes, whole))


def line(found: scores.Confusion) -> dict[str, Any]:
    """A line's figures; worth falls as they rise."""
    miou = found.miou if np.isfinite(found.miou) else 0.0
    by_class = [None if np.isnan(v) else round(float(v), 6) for v in found.iou()]
    dice = found.mean_dice(background=found.classes == 2)
    return {"worth": round(1 - miou, 6), "miou": round(miou, 6), "dice": None if np.isnan(dice) else round(dice, 6), "iou": by_class}


@torch.no_grad()
def predictions(net: nn.Module, held: Stock, first: int = 0, every: int = 1) -> Iterator[tuple[int, np.ndarray]]:
    """Of each picture its number and the classes (h, w) uint8, in float32, at its own size. The net is in eval mode meanwhile."""
    device, training = next(net.parameters()).device, net.training
    net.eval()
    try:
        for i in range(first, len(held), every):
            picture = held[i][0]
            x = torch.from_numpy(picture).to(device).permute(2, 0, 1)[None].float() / (255 if picture.dtype == np.uint8 else 1)
            yield i, net(x.contiguous(memory_format=torch.channels_last))[0].argmax(0).to(torch.uint8).cpu().numpy()
            events.tell("judging", i + 1, len(held))
    finally:
        net.train(training)


def towards(logits: torch.Tensor, shares: torch.Tensor, where: torch.Tensor) -> torch.Tensor:
    """Cross-entropy with shares of classes (b, k, h, w), the mean over the pixels that have some and are in `where` (b, h, w)."""
    there = shares.sum(1) * where
    each = -(shares * F.log_softmax(logits, 1)).sum(1) * where
    return each.sum() / there.sum().clamp_min(1)
