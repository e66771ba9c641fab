"""Lessons of squares that are cut out of pictures: cut while the net learns from those before, and a rate of its own for the encoder."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import torch

from zorki.core import hands
from zorki.train.colouring import coloured
from zorki.train.lesson import Lesson
from zorki.train.stock import Stock, which

AHEAD = 2  # steps whose squares are cut while the net learns from those before


@dataclass(frozen=True)
class Recipe:
    """classes: how many are told apart. batch: squares a step. slow: what the encoder's rate is of the plan's. seed: of all that is drawn."""

    classes: int
    batch: int = 8
    slow: float = 0.3
    seed: int = 0


class Squares(Lesson):
    """stock: what is learnt from, of each example the picture first; held: what is judged on. recipe: a `Recipe`. changes: how squares are seen, with
    `side`, `flips`, and `light` and `colour` as `coloured` takes them. What is in net.encoder learns at its own rate.
    """

    net: Any
    recipe: Any

    def __init__(self, net: Any, stock: Stock[Any], held: Stock[Any], recipe: Any, changes: Any) -> None:
        self.net, self.stock, self.held, self.recipe, self.changes = net, stock, held, recipe, changes
        self.ahead: dict[tuple[int, int, int], Future[dict[str, torch.Tensor]]] = {}

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "ahead": {}}

    def of(self, batch: int) -> Self:
        """The same with another batch."""
        return type(self)(self.net, self.stock, self.held, replace(self.recipe, batch=batch), self.changes)

    def groups(self) -> list[dict[str, Any]]:
        """The encoder at its own rate; norms and biases are not made smaller; what asks for no slope is in none."""
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
        """This process's share of a step: picture (b, c, side, side), and what `together` makes of the rest."""
        r, seen, chances = self.recipe, list[Sequence[Any]](), list[np.random.Generator]()
        for i in range(self.rank, r.batch, self.processes):
            chance = np.random.default_rng((r.seed, step, i))
            seen.append(self.cut(self.stock[which(r.seed, step * r.batch + i, len(self.stock))], chance))
            chances.append(chance)
        pictures = coloured(torch.stack([one[0] for one in seen]), self.changes.light, self.changes.colour, chances)
        return {"picture": pictures.contiguous(memory_format=torch.channels_last), **self.together([one[1:] for one in seen])}

    @abstractmethod
    def cut(self, example: Any, chance: np.random.Generator) -> Sequence[Any]:
        """A square of an example of the stock, (c, side, side) float32 in 0..1, and what is true of it."""

    @abstractmethod
    def together(self, truths: Sequence[Sequence[Any]]) -> dict[str, torch.Tensor]:
        """What is true of the squares of a step, by its name."""
