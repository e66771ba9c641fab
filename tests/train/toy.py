"""A lesson of milliseconds, and a process that can be killed while it is taught: `python -m tests.train.toy FOLDER STEPS`."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from zorki.scores import summed
from zorki.train import Folder, Lesson, Plan, added, gathered, teach


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


class Judged(Toy):
    """Is judged on what it has not seen, by a sum that it cannot learn wholly; norms and biases are not made smaller."""

    def groups(self) -> list[dict[str, Any]]:
        numbers = list(self.net.parameters())
        return [
            {"params": [p for p in numbers if p.ndim > 1], "times": 0.5},
            {"params": [p for p in numbers if p.ndim < 2], "times": 1.0, "weight_decay": 0.0},
        ]

    def figures(self, net: nn.Module) -> dict[str, Any]:
        x = torch.randn(64, 4, generator=torch.Generator().manual_seed(1))
        net.eval()
        with torch.no_grad():
            apart = (net(x)[:, 0] - x.sum(1)).abs().mean()
        return {"worth": float(apart), "near": float((-apart).exp())}


class Shared(Lesson):
    """Each of the processes draws its share of sixteen; the loss is no sum over examples, and the net has a batch norm."""

    def __init__(self) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(0)
            self.net = nn.Sequential(nn.Conv2d(2, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6), nn.ReLU(), nn.Conv2d(6, 3, 1))

    def draw(self, step: int) -> dict[str, torch.Tensor]:
        x = torch.randn(16, 2, 5, 7, generator=torch.Generator().manual_seed(step))
        truth = (x[:, 0] > 0).long() + (x[:, 1] > 0).long()
        truth[::5, :2] = 255  # not as many in each share
        return {"x": x[self.rank :: self.processes], "truth": truth[self.rank :: self.processes]}

    def loss(self, shown: Any) -> tuple[torch.Tensor, Mapping[str, torch.Tensor]]:
        logits, truth = gathered(self.net(shown["x"])), gathered(shown["truth"])
        parts = summed("cross_entropy+dice").parts(logits, truth)
        return parts["cross_entropy"] + parts["dice"], parts

    def figures(self, net: nn.Module) -> dict[str, Any]:
        seen = added(torch.ones(1))  # by all of them
        return {"worth": float(sum(p.abs().sum() for p in net.parameters())), "processes": float(seen)}


def plan(steps: int, keep: float = 0.0) -> Plan:
    return Plan(steps=steps, warm=3, rate=0.01, average=0.9, keep=keep, tell=5, rough=False)


if __name__ == "__main__":
    teach(Toy(slow=0.01), Folder(Path(sys.argv[1])), plan(int(sys.argv[2])))
