"""What lessons with boxes share: a recipe, boxes of a batch as one tensor, frozen blocks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn

from zorki.nets.encoders import Encoder
from zorki.train import squares
from zorki.wings.locate._augment import Changes, cut
from zorki.wings.locate._stock import Example, Stock

NOBODY = -1  # class of the places in a batch's boxes where there is no box


@dataclass(frozen=True)
class Recipe(squares.Recipe):
    """box_loss: a name of `zorki/scores/box_losses/`; box: what it weighs beside the classes' loss. smooth: share of each class's truth that goes to all
    alike (label smoothing). freeze: so many of the encoder's blocks stay as they are; a block ends with a map that the encoder gives.
    """

    box_loss: str = "giou"
    box: float = 2.0
    smooth: float = 0.05
    freeze: int = 0


class Boxed(squares.Squares):
    """What is shown at a step: picture; boxes (b, m, 4) left, top, width, height in its pixels and labels (b, m), NOBODY where there is none.

    net.encoder is an `Encoder`.
    """

    recipe: Recipe

    def __init__(self, net: Any, stock: Stock, held: Stock, recipe: Recipe, changes: Changes) -> None:
        super().__init__(net, stock, held, recipe, changes)
        self.still = frozen(net.encoder, recipe.freeze)

    def cut(self, example: Example, chance: np.random.Generator) -> tuple[torch.Tensor, ...]:
        return cut(*example, self.changes, chance)

    def together(self, truths: Sequence[Sequence[torch.Tensor]]) -> dict[str, torch.Tensor]:
        boxes, labels = together([one for one, _ in truths], [one for _, one in truths])
        return {"boxes": boxes, "labels": labels}

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
