"""What is in a picture, and the box about it: one trunk, class numbers and four numbers more.

Source: Sermanet et al. 2013 (OverFeat: one network that classifies and localises); Simonyan and Zisserman 2014, appendix A (one box for all classes, or one for
each); Sun et al. 2018 (a place is the mean of all places, each by how likely it is); Gidaris and Komodakis 2016 (LocNet: columns say where left and right are,
rows where top and bottom are).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets import encoders
from zorki.nets.encoders import Encoder
from zorki.nets.segmenter import reflected

PLACES = 33  # along a side, its ends among them, where an edge may lie
LEAN = 4.0  # how much rather, when nothing is learnt, a left edge lies left and a right one right: at about a fourth and three fourths


class Locator(nn.Module):
    """Takes pictures (b, channels, h, w) in 0..1 and gives logits (b, classes) and boxes (b, 4): left, top, width, height in 0..1 of the picture's sides.

    encoder: what reads (`zorki/nets/encoders/`); width: channels of the maps that the box is told by; each: a box of its own for each class, of which
    the likeliest class's is given, in place of one for all; drop: share of the features left out while it learns; mirrored: whether it looks at the mirrored
    picture too, when it has learnt, and answers with the mean of both. It is taught with whole pictures brought to a square. Sides that the encoder cannot halve are
    reflected beyond the right and lower border; the box is of the picture without that.
    """

    kind = "one"

    def __init__(
        self, encoder: str | Encoder = "lite0", classes: int = 2, channels: int = 3, width: int = 64, each: bool = False,
        drop: float = 0.1, mirrored: bool = False,
    ) -> None:  # fmt: skip
        super().__init__()
        made = encoder if isinstance(encoder, Encoder) else encoders.encoder(encoder, channels)
        self.asked = {
            "encoder": made.name, "classes": classes, "channels": channels, "width": width, "each": each, "drop": drop, "mirrored": mirrored,
        }  # fmt: skip
        self.mirrored = mirrored
        self.encoder = made
        self.step = max(made.strides)
        deep = made.channels[-2:]
        self.drop = nn.Dropout(drop)
        self.classes = nn.Linear(deep[-1], classes)
        self.sides = nn.ModuleList(normed(nn.Conv2d(n, width, 1, bias=False)) for n in deep)
        self.all = nn.Linear(deep[-1], width)
        self.looks = nn.ModuleList(normed(nn.Conv2d(width, width, 3, padding=1, bias=False)) for _ in range(2))
        boxes = classes if each else 1
        self.columns, self.rows = Edges(width, boxes), Edges(width, boxes)

    def sizes(self) -> dict[str, Any]:
        """What it was made with, by which it is made again."""
        return dict(self.asked)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, boxes = self.answers(x)
        if self.mirrored and not self.training:
            other, turned = self.answers(x.flip(3))
            logits, boxes = (logits + other) / 2, (boxes + mirrored(turned)) / 2
        best = logits.argmax(1) if boxes.shape[1] > 1 else torch.zeros_like(logits[:, 0], dtype=torch.int64)
        return logits, boxes.gather(1, best[:, None, None].expand(-1, 1, 4))[:, 0]

    def answers(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (b, classes), and a box (b, 1, 4) for all classes or (b, classes, 4)."""
        h, w = x.shape[-2:]
        x = reflected(x, self.step)
        *_, deep = maps = self.encoder(x)[-2:]
        pooled = deep.mean((2, 3))
        logits = self.classes(self.drop(pooled))
        seen = self.seen(maps, pooled)
        (left, right), (top, low) = self.columns(across(seen, 2)), self.rows(across(seen, 3))
        boxes = torch.stack([left, top, right - left, low - top], -1)
        return logits, within(boxes, x.shape[-1] / w, x.shape[-2] / h)

    def seen(self, maps: list[torch.Tensor], pooled: torch.Tensor) -> torch.Tensor:
        """(b, width, h, w): what lies where, of the deepest maps, and of all together; the deeper one is brought to the places of the finer."""
        finest = maps[0]
        sides = [side(one) for side, one in zip(self.sides, maps, strict=True)]
        y = sides[0] + sum(F.interpolate(one, finest.shape[-2:], mode="bilinear", align_corners=False) for one in sides[1:])
        y = F.relu(y + self.all(pooled)[:, :, None, None])
        first, second = self.looks
        y = y + F.relu(first(y))
        y = self.drop(y)
        return y + F.relu(second(y))  # type: ignore[no-any-return]


class Edges(nn.Module):
    """Where two edges that face one another lie along a side. Takes what its columns (or rows) hold, (b, 2 · width, n), and gives two (b, boxes) in 0..1, the lower first."""

    places: torch.Tensor

    def __init__(self, width: int, boxes: int) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(2 * width, width, 3, padding=1), nn.Conv1d(width, width, 3, padding=1)
        self.where = nn.Conv1d(width, 2 * boxes, 1)
        nn.init.normal_(self.where.weight, std=0.01)
        self.lean = nn.Parameter(torch.tensor([-LEAN, LEAN], dtype=torch.float32, device="cpu").repeat_interleave(boxes)[:, None])
        self.register_buffer("places", torch.linspace(0, 1, PLACES, dtype=torch.float32, device="cpu"), persistent=False)

    def forward(self, held: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        y = F.relu(self.second(F.relu(self.first(held))))
        likely = self.where(F.interpolate(y, PLACES, mode="linear", align_corners=True)).float() + self.lean * self.places
        one, two = (likely.softmax(-1) * self.places).sum(-1).chunk(2, 1)
        return torch.minimum(one, two), torch.maximum(one, two)


def across(maps: torch.Tensor, dim: int) -> torch.Tensor:
    """(b, 2 · c, n): of the columns (dim 2) or rows (dim 3) of maps (b, c, h, w) their mean and their largest value."""
    return torch.cat([maps.mean(dim), maps.amax(dim)], 1)


def mirrored(boxes: torch.Tensor) -> torch.Tensor:
    """(…, 4) boxes in shares of a picture's sides, as they lie in the mirrored picture."""
    left, top, width, height = boxes.unbind(-1)
    return torch.stack([1 - left - width, top, width, height], -1)


def normed(layer: nn.Conv2d) -> nn.Sequential:
    """The layer and a batch norm: an encoder's maps differ in size from one depth to the next, and without it the box ends as the whole picture."""
    return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels))


def within(boxes: torch.Tensor, wider: float, higher: float) -> torch.Tensor:
    """Boxes in shares of a picture that is so much wider and higher than the one they are of, as shares of that one, clipped to it."""
    if wider == 1 and higher == 1:
        return boxes
    times = torch.tensor([wider, higher], dtype=boxes.dtype, device=boxes.device)
    low = boxes[..., :2] * times
    high = low + boxes[..., 2:] * times
    low, high = low.clamp(0, 1), high.clamp(0, 1)
    return torch.cat([low, high - low], -1)
