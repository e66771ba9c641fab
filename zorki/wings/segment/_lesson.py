"""How a segmenter is taught: at each step squares of some pictures, seen in another way each time; judged on whole pictures it has not seen.

Source: Polyak and Juditsky 1992 (the averaged weights are judged); the joint augmentation: `_augment.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from zorki import scores
from zorki.core import events, hands
from zorki.core.void import VOID
from zorki.nets.segmenter import Segmenter
from zorki.train import Lesson, added, gathered
from zorki.train.colouring import coloured
from zorki.train.stock import which
from zorki.wings.segment._augment import Changes, cut
from zorki.wings.segment._stock import Stock

AHEAD = 2  # steps whose squares are cut while the net learns from those before


@dataclass(frozen=True)
class Recipe:
    """batch: squares a step. loss: as `scores.summed` takes it. weights: of the classes, none: all alike. slow: what the encoder's rate is of the plan's.
    soft: weight of learning from shares of classes, beside 1 for class numbers. seed: of all that is drawn.
    """

    classes: int
    batch: int = 8
    loss: str = "cross_entropy+dice"
    weights: tuple[float, ...] = ()
    slow: float = 0.3
    soft: float = 1.0
    seed: int = 0


class Pixels(Lesson):
    """The lesson. stock: what is learnt from; held: what is judged on."""

    def __init__(self, net: Segmenter, stock: Stock, held: Stock, recipe: Recipe, changes: Changes) -> None:
        self.net: Segmenter = net
        self.stock, self.held, self.recipe, self.changes = stock, held, recipe, changes
        self.sum = scores.summed(recipe.loss)
        self.ahead: dict[tuple[int, int, int], Future[dict[str, torch.Tensor]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "ahead": {}}

    def groups(self) -> list[dict[str, Any]]:
        """The encoder at its own rate; norms and biases are not made smaller."""
        out = []
        for times, inside in ((self.recipe.slow, True), (1.0, False)):
            numbers = [p for name, p in self.net.named_parameters() if name.startswith("encoder.") is inside and p.requires_grad]
            out += [
                {"params": [p for p in numbers if p.ndim > 1], "times": times},
                {"params": [p for p in numbers if p.ndim <= 1], "times": times, "weight_decay": 0.0},
            ]
        return [g for g in out if g["params"]]

    def draw(self, step: int) -> dict[str, torch.Tensor]:
        pool = hands.workers(hands.count())
        wanted = [(one, self.rank, self.processes) for one in range(step, step + 1 + AHEAD)]
        self.ahead = {k: self.ahead.get(k) or pool.submit(self.drawn, k[0]) for k in wanted}
        return self.ahead.pop(wanted[0]).result()

    def of(self, batch: int) -> Pixels:
        """The same with another batch."""
        return Pixels(self.net, self.stock, self.held, replace(self.recipe, batch=batch), self.changes)

    def drawn(self, step: int) -> dict[str, torch.Tensor]:
        """This process's share of a step: picture (b, c, side, side), truth (b, side, side), perhaps soft (b, k, side, side)."""
        pictures, maps, chances = [], [], []
        for i in range(self.rank, self.recipe.batch, self.processes):
            chance = np.random.default_rng((self.recipe.seed, step, i))
            picture, cuts = cut(*self.stock[which(self.recipe.seed, step * self.recipe.batch + i, len(self.stock))], self.changes, chance)
            pictures.append(picture)
            maps.append(cuts)
            chances.append(chance)
        seen = coloured(torch.stack(pictures), self.changes.light, self.changes.colour, chances)
        shown = {"picture": seen.contiguous(memory_format=torch.channels_last), "truth": torch.stack([m[0] for m in maps])}
        if any(len(m) > 1 for m in maps):
            nothing = torch.zeros((self.recipe.classes, *shown["truth"].shape[1:]), dtype=torch.float32, device="cpu")
            shown["soft"] = torch.stack([m[1] if len(m) > 1 else nothing for m in maps])
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
