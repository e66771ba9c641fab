"""A net of two cells whose every number hangs on one rectangle of the picture alone."""

from __future__ import annotations

import torch
from torch import nn

from zorki import lens

HW = (40, 60)
FACE = (20, 10, 20, 16)  # left, top, width, height: the box of the first cell, and what its logit is the mean of
BANK = (2, 2, 8, 30)  # outside of it: what its left side hangs on
BELT = (20, 25, 20, 4)  # at its lower line: what its height hangs on
CLASSES = ("cat", "dog")


def mean(x: torch.Tensor, place: tuple[int, int, int, int], colour: int) -> torch.Tensor:
    left, top, w, h = place
    return x[:, colour, top : top + h, left : left + w].mean((1, 2))


class Known(nn.Module):
    """Cell 0: class 0, surer the redder FACE; its left side hangs on the green of BANK, its height on the blue of BELT. Cell 1: class 1, as sure as ever, in a corner.
    times: how much a logit hangs on what it sees."""

    kind = "many"

    def __init__(self, times: float = 8.0) -> None:
        super().__init__()
        self.times = nn.Parameter(torch.tensor(times))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        sure = self.times * (mean(x, FACE, 0) - 0.5)
        none = sure * 0
        logits = torch.stack([torch.stack([sure, none - 20], 1), torch.stack([none - 20, none + 1], 1)], 1)
        left = FACE[0] + 10 * (mean(x, BANK, 1) - 0.5) + mean(x, FACE, 0).square() - 0.81
        face = torch.stack([left, none + FACE[1], none + FACE[2], none + FACE[3] + 4 * (mean(x, BELT, 2) - 0.5)], 1)
        corner = torch.tensor([48.0, 28.0, 10.0, 10.0]).expand(len(x), 4) + none[:, None]
        return logits, torch.stack([face, corner], 1)


def net(times: float = 8.0) -> lens.Net:
    return lens.Net(Known(times), name="known", side=HW, step=1, channels=3, classes=CLASSES)


def photo(red: float = 0.9) -> torch.Tensor:
    """(3, h, w): grey, with a red FACE; BANK greener, BELT bluer than grey."""
    x = torch.full((3, *HW), 0.5)
    for place, colour, value in ((FACE, 0, red), (BANK, 1, 0.8), (BELT, 2, 0.9)):
        left, top, w, h = place
        x[colour, top : top + h, left : left + w] = value
    return x
