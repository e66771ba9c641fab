"""What lessons with boxes share: a recipe, squares drawn ahead, boxes of a batch as one tensor, rates, frozen blocks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch
from torch import nn

from zorki.core import hands
from zorki.nets.encoders import Encoder
from zorki.train import Lesson
from zorki.train.colouring import coloured
from zorki.train.stock import which
from zorki.wings.locate._augment import Changes, cut
from zorki.wings.locate._stock import Stock

AHEAD = 2  # steps whose squares are cut while the net learns from those before
NOBODY = -1  # class of the places in a batch's boxes where there is no box


@dataclass(frozen=True)
class Recipe:
    """classes: how many. batch: squares a step. box_loss: a name of `zorki/scores/box_losses/`; box: what it weighs beside the classes' loss. smooth: share
    of each class's truth that goes to all alike (label smoothing). slow: what the encoder's rate is of the plan's. freeze: so many of the encoder's blocks stay as
    they are; a block ends with a map that the encoder gives. seed: of all that is drawn.
    """

    classes: int
    batch: int = 8
    box_loss: str = "giou"
    box: float = 2.0
    smooth: float = 0.05
    slow: float = 0.3
    freeze: int = 0
    seed: int = 0


class Boxed(Lesson):
    """What is shown at a step: picture (b, c, side, side); boxes (b, m, 4) left, top, width, height in its pixels and labels (b, m), NOBODY where there is none.

    stock: what is learnt from; held: what is judged on. net.encoder is an `Encoder`.
    """

    net: Any

    def __init__(self, net: Any, stock: Stock, held: Stock, recipe: Recipe, changes: Changes) -> None:
        self.net = net
        self.stock, self.held, self.recipe, self.changes = stock, held, recipe, changes
        self.ahead: dict[tuple[int, int, int], Future[dict[str, torch.Tensor]]] = {}
        self.still = frozen(net.encoder, recipe.freeze)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "ahead": {}}

    def of(self, batch: int) -> Self:
        """The same with another batch."""
        return type(self)(self.net, self.stock, self.held, replace(self.recipe, batch=batch), self.changes)

    def groups(self) -> list[dict[str, Any]]:
        """The encoder at its own rate; norms and biases are not made smaller; what is frozen is in none."""
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

    def drawn(self, step: int) -> dict[str, torch.Tensor]:
        """This process's share of a step."""
        seen, chances = [], []
        for i in range(self.rank, self.recipe.batch, self.processes):
            chance = np.random.default_rng((self.recipe.seed, step, i))
            seen.append(cut(*self.stock[which(self.recipe.seed, step * self.recipe.batch + i, len(self.stock))], self.changes, chance))
            chances.append(chance)
        pictures = coloured(torch.stack([one[0] for one in seen]), self.changes.light, self.changes.colour, chances)
        boxes, labels = together([one[1] for one in seen], [one[2] for one in seen])
        return {"picture": pictures.contiguous(memory_format=torch.channels_last), "boxes": boxes, "labels": labels}

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        for layer in self.still:
            layer.eval()  # a batch norm that is frozen counts nothing
        return self.wrong(shown)

    @abstractmethod
    def wrong(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What falls, and its parts."""


def together(boxes: list[torch.Tensor], labels: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """(b, m, 4) and (b, m) of so many (n, 4) and (n,): m is the largest n, at least 1."""
    most = max([1, *map(len, labels)])
    out = torch.zeros((len(boxes), most, 4), dtype=torch.float32, device="cpu")
    numbers = torch.full((len(boxes), most), NOBODY, dtype=torch.int64, device="cpu")
    for i, (some, classes) in enumerate(zip(boxes, labels, strict=True)):
        out[i, : len(some)], numbers[i, : len(classes)] = some, classes
    return out, numbers


def frozen(encoder: Encoder, blocks: int) -> list[nn.Module]:
    """The layers of the encoder's first blocks, whose numbers ask for no slope from now on: none is reckoned through them."""
    if not blocks:
        return []
    last, layers = encoder.taps[min(blocks, len(encoder.taps)) - 1], list[nn.Module]()
    for name, layer in encoder.named_children():
        layers.append(layer.requires_grad_(False))
        if name == last:
            break
    return layers
