"""What is in a picture, and the box about it: one trunk, class numbers and four numbers more.

Source: Sermanet et al. 2013 (OverFeat: one network that classifies and localises); Simonyan and Zisserman 2014, appendix A (one box for all classes, or one for
each).
Differs: the box comes of the two deepest maps with their places kept; it always lies inside the picture.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets import encoders
from zorki.nets.encoders import Encoder
from zorki.nets.segmenter import reflected

GRID = 7  # cells of a side
HIDDEN = 256


class Locator(nn.Module):
    """Takes pictures (b, channels, h, w) in 0..1 and gives logits (b, classes) and boxes (b, 4): left, top, width, height in 0..1 of the picture's sides.

    encoder: what reads (`zorki/nets/encoders/`); width: channels of the maps that the box is told by; each: a box of its own for each class, of which
    the likeliest class's is given, in place of one for all; drop: share of the features left out while it learns; grid: cells of a side of what
    the box is told by. It is taught with whole pictures brought to a square. Sides that the encoder cannot halve are reflected beyond the right and
    lower border; the box is of the picture without that.
    """

    kind = "one"

    def __init__(
        self, encoder: str | Encoder = "lite0", classes: int = 2, channels: int = 3, width: int = 64, each: bool = False,
        drop: float = 0.1, grid: int = GRID,
    ) -> None:  # fmt: skip
        super().__init__()
        made = encoder if isinstance(encoder, Encoder) else encoders.encoder(encoder, channels)
        self.asked = {
            "encoder": made.name, "classes": classes, "channels": channels, "width": width, "each": each, "drop": drop, "grid": grid,
        }  # fmt: skip
        self.grid = grid
        self.encoder = made
        self.step = max(made.strides)
        deep = made.channels[-2:]
        self.drop = nn.Dropout(drop)
        self.classes = nn.Linear(deep[-1], classes)
        self.sides = nn.ModuleList(normed(nn.Conv2d(n, width, 1, bias=False)) for n in deep)
        self.look = normed(nn.Conv2d(width, width, 3, padding=1, bias=False))
        self.hidden = nn.Linear(width * grid * grid, HIDDEN)
        self.box = nn.Linear(HIDDEN, 4 * (classes if each else 1))
        nn.init.normal_(self.box.weight, std=0.01)
        with torch.no_grad():  # it begins with a box about the middle
            self.box.bias.copy_(torch.tensor([-1.5, -1.5, 1.5, 1.5], dtype=torch.float32, device="cpu").repeat(len(self.box.bias) // 4))

    def sizes(self) -> dict[str, Any]:
        """What it was made with, by which it is made again."""
        return dict(self.asked)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, boxes = self.answers(x)
        best = logits.argmax(1) if boxes.shape[1] > 1 else torch.zeros_like(logits[:, 0], dtype=torch.int64)
        return logits, boxes.gather(1, best[:, None, None].expand(-1, 1, 4))[:, 0]

    def answers(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Logits (b, classes), and a box (b, 1, 4) for all classes or (b, classes, 4)."""
        h, w = x.shape[-2:]
        x = reflected(x, self.step)
        *_, deep = maps = self.encoder(x)[-2:]
        logits = self.classes(self.drop(deep.mean((2, 3))))
        boxes = inside(self.box(F.relu(self.hidden(self.drop(self.seen(maps))))).float().unflatten(1, (-1, 4)))
        return logits, within(boxes, x.shape[-1] / w, x.shape[-2] / h)

    def seen(self, maps: list[torch.Tensor]) -> torch.Tensor:
        """(b, width · grid · grid): what lies where, of the deepest maps; the deeper one is brought to the places of the finer."""
        finest = maps[0]
        sides = [side(one) for side, one in zip(self.sides, maps, strict=True)]
        y = sides[0] + sum(F.interpolate(one, finest.shape[-2:], mode="bilinear", align_corners=False) for one in sides[1:])
        y = F.relu(self.look(F.relu(y)))
        return F.adaptive_avg_pool2d(y, self.grid).flatten(1)


def normed(layer: nn.Conv2d) -> nn.Sequential:
    """The layer and a batch norm: an encoder's maps differ in size from one depth to the next, and without it the box ends as the whole picture."""
    return nn.Sequential(layer, nn.BatchNorm2d(layer.out_channels))


def inside(numbers: torch.Tensor) -> torch.Tensor:
    """(…, 4) any numbers → left, top, width, height in 0..1: left and top of the picture, width and height of what is right of and below them."""
    shares = numbers.sigmoid()
    corner = shares[..., :2]
    return torch.cat([corner, (1 - corner) * shares[..., 2:]], -1)


def within(boxes: torch.Tensor, wider: float, higher: float) -> torch.Tensor:
    """Boxes in shares of a picture that is so much wider and higher than the one they are of, as shares of that one, clipped to it."""
    if wider == 1 and higher == 1:
        return boxes
    times = torch.tensor([wider, higher], dtype=boxes.dtype, device=boxes.device)
    low = boxes[..., :2] * times
    high = low + boxes[..., 2:] * times
    low, high = low.clamp(0, 1), high.clamp(0, 1)
    return torch.cat([low, high - low], -1)
