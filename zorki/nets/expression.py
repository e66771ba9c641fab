"""Which expression people would name in a face that fills the picture: residual blocks on a small grey square.

Source: He, Zhang, Ren and Sun 2015 (the blocks); Barsoum, Zhang, Canton Ferrer and Zhang 2016 (eight expressions, learnt from the votes of ten people).
Differs: each face is first brought to one mean and one spread, so that neither light nor exposure counts; where it has learnt, a face and its mirror image get
the same answer, the mean of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from zorki.nets.resnet import Basic, conv

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")
WIDTHS, STRIDES = (64, 128, 128, 128), (2, 2, 1, 2)
GREY = (0.299, 0.587, 0.114)  # what red, green and blue are of the grey that the faces were stored in (BT.601)
EVEN = 0.02  # spread of a face of 0..1 below which it is not stretched further: noise is no expression


class Expression(nn.Module):
    """Takes faces (b, 3, h, w) in sRGB or (b, 1, h, w) in grey, 0..1, and gives logits (b, classes); their softmax says how probable it is that each
    is what most people name.

    widths, strides: of the blocks behind the first convolution. mirrored: whether the answer is the mean of those to the face and to its mirror image
    (not while it learns). drop: share of the features left out while it learns. It learns from squares of 48 px, cut so that the eyes lie 32 % of the side from left
    and right and 39 % from the top, the corners of the mouth 35 % and 76 %; other sizes are taken as they are.
    """

    def __init__(
        self, widths: Sequence[int] = WIDTHS, strides: Sequence[int] = STRIDES, classes: int = len(CLASSES), stem: int = 32,
        drop: float = 0.2, mirrored: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        self.asked = {
            "widths": list(widths),
            "strides": list(strides),
            "classes": classes,
            "stem": stem,
            "drop": drop,
            "mirrored": mirrored,
        }
        self.mirrored = mirrored
        self.level = Level()
        self.conv1, self.bn1, self.relu = conv(1, stem, 3), nn.BatchNorm2d(stem), nn.ReLU(inplace=True)
        before = stem
        for i, (width, stride) in enumerate(zip(widths, strides, strict=True), 1):
            self.add_module(f"layer{i}", Basic(before, width, stride))
            before = width
        self.drop = nn.Dropout(drop)
        self.fc = nn.Linear(before, classes)

    def sizes(self) -> dict[str, Any]:
        """What it was made with, by which it is made again."""
        return dict(self.asked)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.level(x)
        if self.training or not self.mirrored:
            return self.answer(x)
        return (self.answer(x) + self.answer(x.flip(3))) / 2

    def answer(self, x: torch.Tensor) -> torch.Tensor:
        """Logits (b, classes) of levelled faces (b, 1, h, w)."""
        for name, layer in self.named_children():
            if name not in ("level", "drop", "fc"):
                x = layer(x)
        logits: torch.Tensor = self.fc(self.drop(x.mean((2, 3))))
        return logits


class Level(nn.Module):
    """Faces (b, 3 or 1, h, w) → grey (b, 1, h, w), each with a mean of 0 and a spread of 1."""

    grey: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("grey", torch.tensor(GREY, dtype=torch.float32, device="cpu").view(1, 3, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.shape[1] == 3:
            x = (x * self.grey).sum(1, keepdim=True)
        x = x - x.mean((2, 3), keepdim=True)
        return x / (x.square().mean((2, 3), keepdim=True) + EVEN**2).sqrt()
