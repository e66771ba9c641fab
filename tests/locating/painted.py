"""A toy detector that needs no teaching: it finds painted rectangles of flat colours, wherever they lie, and the locator of one of them."""

from __future__ import annotations

import numpy as np
import torch
from scipy import ndimage
from torch import nn

from zorki import lens

RED, BLUE = (220, 30, 40), (30, 60, 230)
CELLS = 300


class Painted(nn.Module):
    """Class 0 is red, class 1 is blue; each patch of one colour is a cell of its own, its logit 4 less a little for each before it."""

    kind = "many"

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, boxes = torch.full((len(x), CELLS, 2), -9.0), torch.zeros(len(x), CELLS, 4)
        for i, picture in enumerate(x.detach().cpu().numpy()):
            n = 0
            for k, (mine, other) in enumerate(((0, 2), (2, 0))):
                labels, _ = ndimage.label((picture[mine] - picture[other] > 0.3).astype(np.uint8))
                for rows, columns in ndimage.find_objects(labels)[: CELLS - n]:
                    logits[i, n, k] = 4 - 0.01 * n
                    boxes[i, n] = torch.tensor([columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start])
                    n += 1
        return logits, boxes


class Single(nn.Module):
    """One box about all that is red or blue, in shares of the sides; the class is the colour of which there is more."""

    kind = "one"

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, boxes = torch.zeros(len(x), 2), torch.zeros(len(x), 4)
        for i, picture in enumerate(x):
            red, blue = picture[0] - picture[2] > 0.3, picture[2] - picture[0] > 0.3
            logits[i] = torch.tensor([2.0, -2.0]) * (1 if red.sum() >= blue.sum() else -1)
            y, column = torch.nonzero(red | blue, as_tuple=True)
            if len(y):
                h, w = picture.shape[-2:]
                boxes[i] = torch.stack([column.min() / w, y.min() / h, (column.max() + 1 - column.min()) / w, (y.max() + 1 - y.min()) / h])
        return logits, boxes


def net(one: bool = False, **more: object) -> lens.Net:
    given: dict[str, object] = {"name": "painted", "side": 64, "step": 1, "channels": 3, "classes": ("apple", "plum")} | more
    return lens.Net((Single() if one else Painted()).eval(), **given)  # type: ignore[arg-type]


def painted(hw: tuple[int, int], boxes: list[tuple[int, int, int, int]], blue: tuple[int, ...] = ()) -> np.ndarray:
    """(h, w, 3) uint8: grey, with rectangles (left, top, width, height) in red, those of the numbers `blue` in blue."""
    out = np.full((*hw, 3), 120, np.uint8)
    for i, (x, y, w, h) in enumerate(boxes):
        out[y : y + h, x : x + w] = BLUE if i in blue else RED
    return out


def tensor(picture: np.ndarray) -> torch.Tensor:
    """(3, h, w) float32 0..1."""
    return torch.from_numpy(picture.astype(np.float32) / 255).permute(2, 0, 1)
