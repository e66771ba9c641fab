"""A network as it is written to a file: its module, and what is done to a picture before it."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from zorki import lens
from zorki.lens.inputs import grey, keyword
from zorki.weights.exporting import still


class Bare(nn.Module):
    """Takes pictures (b, channels, h, w) in 0..1, mean and std not yet taken off, and gives what the network says. channels: 3 also of one that looks at grey ones.

    Raises InputError for a network that cannot be copied."""

    mean: torch.Tensor | None
    std: torch.Tensor | None

    def __init__(self, net: lens.Net) -> None:
        super().__init__()
        self.inner = still(net, net.inner)
        self.keyword, self.grey = keyword(self.inner), net.channels == 1
        self.channels = 3 if self.grey else net.channels
        for name, numbers in (("mean", net.mean), ("std", net.std)):
            known = None if numbers is None else torch.tensor(numbers, dtype=torch.float32, device="cpu").view(-1, 1, 1)
            self.register_buffer(name, known, persistent=False)

    def forward(self, x: torch.Tensor) -> Any:
        x = grey(x, 1, "") if self.grey else x
        x = x if self.mean is None else x - self.mean
        x = x if self.std is None else x / self.std
        return self.inner(x) if self.keyword is None else self.inner(**{self.keyword: x})
