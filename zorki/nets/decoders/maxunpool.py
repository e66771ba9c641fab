"""Max-unpooling: each value goes back to where the largest of its 2×2 square stood (the switch), zeros around it, and convolutions fill the gaps.

Source: Badrinarayanan, Kendall, Cipolla 2017 (SegNet); Zeiler and Fergus 2014 (switches).
Differs: where the encoder does not pool by maximum, each channel of the way back has the switches of one of the finer map's, in turn. (A 1×1
convolution before them would never learn: through a switch no gradient passes.) Made of masks and a shuffle, so it is deterministic, and ONNX has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets.decoders._parts import looked
from zorki.nets.encoders import Encoder


class Decoder(nn.Module):
    """width: channels where the encoder does not pool by maximum; where it does, they are as many as its map has. The logits have the size of the
    encoder's finest map.

    convs: convolutions behind each unpooling, the finest first, or one number for all. bias: whether they have one, as in the paper.
    """

    def __init__(self, encoder: Encoder, classes: int, width: int, convs: int | Sequence[int] = 1, bias: bool = False) -> None:
        super().__init__()
        finer = list(zip(encoder.channels, encoder.pooled, strict=True))[:-1]
        wide = [n if own else width for n, own in finer] or [width]
        counts = [convs] * len(finer) if isinstance(convs, int) else convs
        deepest = encoder.channels[-1]
        self.hidden = nn.Identity() if wide[-1] == deepest else looked(deepest, wide[-1], 1)
        self.up = nn.ModuleList(block(wide[k], wide[max(0, k - 1)], count, bias) for k, count in enumerate(counts))
        self.score = nn.Conv2d(wide[0], classes, 3, padding=1)

    def forward(self, x: torch.Tensor, maps: Sequence[torch.Tensor]) -> torch.Tensor:  # noqa: ARG002
        y = self.hidden(maps[-1])
        for up, finer in zip(reversed(self.up), reversed(maps[:-1]), strict=True):
            y = up(unpooled(y, as_many(finer, y.shape[1])))
        logits: torch.Tensor = self.score(y)
        return logits


def block(before: int, after: int, count: int, bias: bool) -> nn.Sequential:
    """Convolutions, the last of which goes over to the next size's channels."""
    out = nn.Sequential()
    for k in range(count):
        wide = after if k == count - 1 else before
        out.extend([nn.Conv2d(before, wide, 3, padding=1, bias=bias), nn.BatchNorm2d(wide), nn.ReLU(inplace=True)])
    return out


def as_many(x: torch.Tensor, channels: int) -> torch.Tensor:
    """So many of x's channels, from the first again where there are too few."""
    return x if x.shape[1] == channels else x.repeat(1, -(-channels // x.shape[1]), 1, 1)[:, :channels]


def unpooled(y: torch.Tensor, finer: torch.Tensor) -> torch.Tensor:
    """y (b, c, ⌈h / 2⌉, ⌈w / 2⌉) at finer's size (b, c, h, w): each value where the largest of its square stands in `finer`, zeros elsewhere.

    Of equals the first in row order counts, as in torch's F.max_pool2d(finer, 2, ceil_mode=True).
    """
    (b, c), (h, w) = finer.shape[:2], finer.shape[-2:]
    squares = F.pad(finer, (0, w % 2, 0, h % 2), value=float("-inf"))
    four = F.pixel_unshuffle(squares, 2)
    four = four.reshape(b, c, 4, *four.shape[2:])
    largest = four == four.amax(2, keepdim=True)
    first = largest & (largest.cumsum(2) == 1)
    return F.pixel_shuffle(torch.where(first, y[:, :, None], 0).flatten(1, 2), 2)[..., :h, :w]
