"""What a training is given: a network, what to show it, and what is wrong with its answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn


class Lesson(ABC):
    """net: what learns. Each step is known by its number; whatever it draws at random hangs on that alone, so a training that was broken
    off goes on as if it had not been. torch's own generator is seeded from plan and number before each step. Of `processes` that learn
    together each has a lesson like the others but for its `rank`: it draws its share of a step, and its loss is that of all (`train.together`).
    """

    net: nn.Module
    rank: int = 0
    processes: int = 1

    @abstractmethod
    def draw(self, step: int) -> Any:
        """What is shown at a step: tensors, or lists and dictionaries of them."""

    @abstractmethod
    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        """What falls, and its parts. Called inside an autocast of bfloat16 where the plan has it."""

    def groups(self) -> list[dict[str, Any]]:
        """Parameters for the optimiser; `times` multiplies the plan's rate."""
        return [{"params": list(self.net.parameters()), "times": 1.0}]

    def worth(self) -> float | None:
        """How good the averaged net is by now, the less the better; asked at every line of figures. None: the loss itself says it."""
        return None

    def figures(self, net: nn.Module) -> Mapping[str, Any]:
        """Figures of the averaged net on what it has not learnt from, `worth` among them, the less the better; asked every `check` steps of the plan."""
        raise NotImplementedError
