"""A lesson of milliseconds, and a process that can be killed while it is taught: `python -m tests.train.toy FOLDER STEPS`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zorki.train import Folder, Lesson, Plan, teach


class Toy(Lesson):
    """Has what is easily forgotten in a state: dropout's random numbers, batch norm's running means."""

    def __init__(self, slow: float = 0.0, broken: int | None = None) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.net = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.3), nn.Linear(8, 1))
        self.slow, self.broken = slow, broken

    def draw(self, step: int) -> dict[str, torch.Tensor]:
        time.sleep(self.slow)
        x = torch.randn(16, 4)  # from the generator that is seeded for each step
        return {"x": x, "y": x.sum(1, keepdim=True) if step != self.broken else torch.full((16, 1), torch.nan)}

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        apart = (self.net(shown["x"]) - shown["y"]).square().mean()
        return apart, {"apart": apart}


def plan(steps: int, keep: float = 0.0) -> Plan:
    return Plan(steps=steps, warm=3, rate=0.01, average=0.9, keep=keep, tell=5, rough=False)


if __name__ == "__main__":
    teach(Toy(slow=0.01), Folder(Path(sys.argv[1])), plan(int(sys.argv[2])))
