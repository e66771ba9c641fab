"""Many things in a picture: each cell of a few coarse grids says of what class the thing about it is, and how far its four sides lie away.

Source: Tian et al. 2019 (FCOS: one point a cell, four distances, no anchors); Lin et al. 2017 (the pyramid; 2017b: the bias with which a class begins
at 0.01); Howard et al. 2017 (each channel filtered alone, then all mixed).
Differs: one head for all levels, but each level has batch norms of its own, as Tan et al. 2020 (EfficientDet) have it; no centre-ness: the score itself
learns how well its box lies. Points (of a face: eyes, nose, mouth) are said as shares of the box, so those of all sizes are alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from zorki.core.errors import InputError
from zorki.nets import encoders
from zorki.nets.encoders import Encoder
from zorki.nets.quickened import Separated
from zorki.nets.segmenter import reflected, steps

STRIDES = (8, 16, 32)
PRIOR = 0.01  # the share of cells that begin by calling themselves a thing
NEAR = 2.0  # strides from a cell's middle to each side of its box before anything is learnt
FARTHEST = 400.0  # strides: what exp is kept below, so that no untaught number becomes infinite


class Detector(nn.Module):
    """Takes pictures (b, channels, h, w) in 0..1 of any size from 1×1; gives logits (b, n, classes) and boxes (b, n, 4) of its n cells; with points, these too,
    (b, n, points, 2): x, y in pixels of the picture.

    A logit's sigmoid is how sure a cell is that a thing of that class lies about it; a box is left, top, width, height in pixels of the picture, and may reach
    beyond it. encoder: what reads (`zorki/nets/encoders/`); classes, channels: how many; width: channels of pyramid and head; depth: layers of each branch of
    the head; strides: pixels a cell of each level, each twice the one before. Levels that the encoder does not reach are halved out of its last;
    finer ones than it has are refused. points: how many each box has. Sides are reflected beyond right and bottom, as in `Segmenter`, and cells that lie there are cut off.
    """

    kind = "many"

    def __init__(
        self, encoder: str | Encoder = "lite0", classes: int = 1, channels: int = 3, width: int = 64, depth: int = 2, strides: Sequence[int] = STRIDES,
        points: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        made = encoder if isinstance(encoder, Encoder) else encoders.encoder(encoder, channels)
        self.asked = {
            "encoder": made.name,
            "classes": classes,
            "channels": channels,
            "width": width,
            "depth": depth,
            "strides": list(strides),
            **({"points": points} if points else {}),
        }
        self.strides = tuple(strides)
        self.encoder = made
        self.pyramid = Pyramid(made, width, self.strides)
        self.what, self.where = Branch(width, depth, len(strides)), Branch(width, depth, len(strides))
        self.score, self.sides = nn.Conv2d(width, classes, 1), nn.Conv2d(width, 4, 1)
        self.points = nn.Conv2d(width, 2 * points, 1) if points else None
        self.scales = nn.Parameter(torch.ones(len(strides), dtype=torch.float32, device="cpu"))  # how far things of a level differ
        nn.init.normal_(self.score.weight, std=0.01)
        nn.init.normal_(self.sides.weight, std=0.01)
        nn.init.constant_(self.score.bias, -math.log((1 - PRIOR) / PRIOR))  # type: ignore[arg-type]
        nn.init.constant_(self.sides.bias, math.log(NEAR))  # type: ignore[arg-type]
        self.step = max(*self.strides, *made.strides)

    def sizes(self) -> dict[str, Any]:
        """What it was made with, by which it is made again."""
        return dict(self.asked)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        h, w = x.shape[-2], x.shape[-1]
        logits, distances, shares = [], [], []
        for level, y in enumerate(self.pyramid(self.encoder(reflected(x, self.step)))):
            rows, columns = steps(h, self.strides[level]), steps(w, self.strides[level])
            logits.append(listed(self.score(self.what(y, level)), rows, columns))
            where = self.where(y, level)
            far = listed(self.sides(where), rows, columns).float() * self.scales[level]
            distances.append(far.clamp_max(math.log(FARTHEST)).exp())
            if self.points is not None:
                shares.append(listed(self.points(where), rows, columns).float())
        boxes = boxed(torch.cat(distances, 1), self.cells(h, w, x.device))
        return (torch.cat(logits, 1), boxes, *([pointed(torch.cat(shares, 1), boxes.detach())] if shares else ()))

    def cells(self, h: int, w: int, device: torch.device | str = "cpu") -> torch.Tensor:
        """(n, 3) float32 of the cells of such a picture, in the order of `forward`: x and y of the middle, and the stride, in pixels."""
        return torch.cat([grid(steps(h, s), steps(w, s), s, device) for s in self.strides])

    def level(self, stride: int) -> str:
        """The name of the layer whose map, behind all that the encoder and the pyramid see, is what cells of that stride are said from."""
        return f"pyramid.looked.{self.strides.index(stride)}"


class Pyramid(nn.Module):
    """Maps of one width at each stride: coarse ones are enlarged and added to what the encoder saw at the next finer size."""

    def __init__(self, encoder: Encoder, width: int, strides: Sequence[int]) -> None:
        super().__init__()
        if not strides or strides[0] < 1 or any(b != 2 * a for a, b in pairwise(strides)):
            raise InputError(f"The strides are {list(strides)}.", "Each is twice the one before.", "Give them as 8, 16, 32.")
        if strides[0] not in encoder.strides:
            have = ", ".join(map(str, encoder.strides))
            raise InputError(
                f"The encoder {encoder.name} has no map at stride {strides[0]}.", f"It has {have}.", "Begin with one of these."
            )
        self.used = [encoder.strides.index(s) for s in strides if s in encoder.strides]
        self.lateral = nn.ModuleList(nn.Conv2d(encoder.channels[i], width, 1) for i in self.used)
        self.halved = nn.ModuleList(Separable(width, width, stride=2) for _ in strides[len(self.used) :])
        self.looked = nn.ModuleList(Separable(width, width) for _ in strides)

    def forward(self, maps: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """maps: the encoder's, the finest first. Gives (b, width, h / s, w / s) for each stride s."""
        each = [side(maps[i]) for side, i in zip(self.lateral, self.used, strict=True)]
        for halved in self.halved:
            each.append(halved(each[-1]))
        for k in range(len(each) - 1, 0, -1):
            each[k - 1] = each[k - 1] + F.interpolate(each[k], scale_factor=2.0, mode="nearest")
        return [looked(y) for looked, y in zip(self.looked, each, strict=True)]


class Separable(nn.Module):
    """Each channel is filtered alone by 3×3, then all are mixed; batch norm, ReLU. norms: so many batch norms of which `which` is used."""

    def __init__(self, before: int, after: int, stride: int = 1, norms: int = 1) -> None:
        super().__init__()
        self.alone = nn.Conv2d(before, before, 3, stride, padding=1, groups=before, bias=False)
        self.mixed = nn.Conv2d(before, after, 1, bias=False)
        self.norms = nn.ModuleList(nn.BatchNorm2d(after) for _ in range(norms))

    def forward(self, x: torch.Tensor, which: int = 0) -> torch.Tensor:
        return F.relu(self.norms[which](self.mixed(self.alone(x))), inplace=True)

    def quick(self) -> nn.Module:
        """The same of a net that has learnt."""
        return Separated(self.alone, self.mixed, list(self.norms))  # type: ignore[arg-type]


class Branch(nn.Module):
    """Half of the head: what all levels share but their batch norms, since each level's maps have a mean and a spread of their own."""

    def __init__(self, width: int, depth: int, levels: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Separable(width, width, norms=levels) for _ in range(depth))

    def forward(self, x: torch.Tensor, level: int) -> torch.Tensor:
        for layer in self.layers:
            x = layer(x, level)
        return x


def listed(maps: torch.Tensor, rows: int, columns: int) -> torch.Tensor:
    """(b, k, h, w) → (b, rows · columns, k): the upper left cells, row by row."""
    return maps[..., :rows, :columns].flatten(2).transpose(1, 2)


def grid(rows: int, columns: int, stride: int, device: torch.device | str) -> torch.Tensor:
    """(rows · columns, 3): x, y of each cell's middle and its stride, in pixels."""
    y = (torch.arange(rows, dtype=torch.float32, device=device) + 0.5) * stride
    x = (torch.arange(columns, dtype=torch.float32, device=device) + 0.5) * stride
    middles = torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)], -1).reshape(-1, 2)
    return torch.cat([middles, torch.full_like(middles[:, :1], stride)], 1)


def boxed(distances: torch.Tensor, cells: torch.Tensor) -> torch.Tensor:
    """(b, n, 4) strides from the cells' middles to left, top, right, bottom → left, top, width, height in pixels. cells: (n, 3)."""
    far = distances * cells[:, 2:]
    return torch.cat([cells[:, :2] - far[..., :2], far[..., :2] + far[..., 2:]], -1)


def pointed(shares: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """(b, n, 2 · points) from the boxes' middles, in their widths and heights → (b, n, points, 2): x, y in pixels."""
    size = boxes[..., None, 2:]
    return boxes[..., None, :2] + size * (0.5 + shares.reshape(*shares.shape[:-1], -1, 2))
