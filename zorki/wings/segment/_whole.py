"""A segmenter with all that is done before and after it, as one module: what an exported file holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import nn
from torch.nn import functional as F

from zorki.lens.inputs import grey, keyword
from zorki.lens.outputs import chosen
from zorki.nets.decoders import maxunpool
from zorki.nets.segmenter import Segmenter, exporting, reflected
from zorki.weights.exporting import still

if TYPE_CHECKING:
    from zorki import lens


class Whole(nn.Module):
    """Takes pictures (b, c, h, w) in 0..1 and gives (b, classes, h, w): logits, or their softmax. c is 3 also of a net that looks at grey ones.

    As `segment predict` has it: mean and std are taken off, what the net cannot take is reflected beyond the right and lower border and cut off
    again, smaller maps are enlarged, one map alone becomes two. `hw`: the one size that it takes, None where any will do.
    """

    mean: torch.Tensor | None
    std: torch.Tensor | None

    def __init__(self, net: lens.Net, probabilities: bool = False) -> None:
        super().__init__()
        self.inner = still(net, net.inner)
        self.keyword, self.output, self.probabilities = keyword(self.inner), net.output, probabilities
        self.grey = net.channels == 1
        self.channels = 3 if self.grey else net.channels
        self.ours = isinstance(self.inner, Segmenter)  # it takes every size by itself
        self.step, self.least = (1, 1) if self.ours else (net.step(), net.least if net.step() else 1)
        self.hw = None if self.step else net.hw
        self.switches = any(isinstance(m, maxunpool.Decoder | nn.MaxUnpool2d) for m in self.inner.modules())
        for name, numbers in (("mean", net.mean), ("std", net.std)):
            kept = None if numbers is None else torch.tensor(numbers, dtype=torch.float32, device="cpu").view(-1, 1, 1)
            self.register_buffer(name, kept, persistent=False)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        x = grey(picture, 1, "") if self.grey else picture
        x = x if self.mean is None else x - self.mean
        x = x if self.std is None else x / self.std
        y = self.inner(x) if self.ours else self.of_any(x)
        y = y if y.shape[1] > 1 else torch.cat([torch.zeros_like(y), y], 1)
        return y.softmax(1) if self.probabilities else y

    def of_any(self, picture: torch.Tensor) -> torch.Tensor:
        """What a network of somebody else's gives, at the picture's size."""
        h, w = picture.shape[-2], picture.shape[-1]
        x = picture if (self.step, self.least) in ((0, 1), (1, 1)) else reflected(picture, self.step, self.least)
        y = chosen(self.inner(x) if self.keyword is None else self.inner(**{self.keyword: x}), self.output)
        if exporting() or y.shape[-2:] != x.shape[-2:]:
            y = F.interpolate(y, x.shape[-2:], mode="bilinear", align_corners=False)
        return y[..., :h, :w]
