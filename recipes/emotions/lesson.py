"""What is learnt: of a face the share of people who name each expression, rare ones drawn more often than they come."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from recipes.emotions.changes import changed, mixed
from recipes.emotions.faces import Faces
from recipes.emotions.judging import answers, judged
from zorki.nets.expression import CLASSES
from zorki.train import Lesson
from zorki.train.stock import which

OFTENER = {"fear": 2, "disgust": 4, "contempt": 4}  # how often a face of it is shown while one of the others is shown once


@dataclass(frozen=True)
class Recipe:
    """batch: faces a step. sides: until this share of the steps, faces of this side. blend: share of the steps that show faces laid over each other."""

    batch: int = 128
    sides: tuple[tuple[float, int], ...] = ((0.45, 40), (1.0, 48))
    blend: float = 0.25
    seed: int = 0


class Votes(Lesson):
    """learnt: what is shown; choosing: what the net is judged on meanwhile."""

    def __init__(self, net: nn.Module, learnt: Faces, choosing: Faces, recipe: Recipe, steps: int) -> None:
        self.net, self.learnt, self.choosing, self.recipe, self.steps = net, learnt, choosing, recipe, steps
        self.deck = np.repeat(np.arange(len(learnt)), [OFTENER.get(CLASSES[k], 1) for k in learnt.top])

    def groups(self) -> list[dict[str, Any]]:
        """Norms and biases are not made smaller."""
        numbers = list(self.net.parameters())
        return [
            {"params": [p for p in numbers if p.ndim > 1], "times": 1.0},
            {"params": [p for p in numbers if p.ndim <= 1], "times": 1.0, "weight_decay": 0.0},
        ]

    def draw(self, step: int) -> dict[str, torch.Tensor]:
        batch, seed = self.recipe.batch, self.recipe.seed
        pick = self.deck[[which(seed, step * batch + i, len(self.deck)) for i in range(batch)]]
        side = next(side for until, side in self.recipe.sides if step < until * self.steps)
        x = changed(torch.from_numpy(self.learnt.pixels[pick])[:, None].float() / 255, side)
        said, weight = torch.from_numpy(self.learnt.said[pick]), torch.from_numpy(self.learnt.weight[pick])
        if float(torch.rand((), device="cpu")) < self.recipe.blend:
            x, said, weight = mixed(x, said, weight)
        return {"face": x.contiguous(memory_format=torch.channels_last), "said": said, "weight": weight}

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """Cross-entropy with what people said, less what is left of it where the net says just that: 0 where it is perfect."""
        log_p = self.net(shown["face"]).float().log_softmax(1)
        far = F.kl_div(log_p, shown["said"], reduction="none").sum(1)
        return (shown["weight"] * far).sum() / shown["weight"].sum(), {}

    def figures(self, net: nn.Module) -> Mapping[str, Any]:
        found = judged(answers(net.eval(), self.choosing), self.choosing)
        return {"worth": found.loss, "accuracy": found.accuracy, "macro_f1": found.macro_f1}
