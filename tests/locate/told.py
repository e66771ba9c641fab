"""A net that says what it was told of each picture, which it knows by its first pixel; and folders of such pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from zorki import lens

Row = tuple[str, float, float, float, float]


class Told(nn.Module):
    """says: of each picture boxes (n, 4) in its pixels, scores (n,), labels (n,)."""

    def __init__(self, says: Sequence[Any], classes: int, kind: str = "many") -> None:
        super().__init__()
        self.says, self.classes, self.kind = says, classes, kind
        self.number = nn.Parameter(torch.zeros(1))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        boxes, scores, labels = self.says[min(int(x[0, 0, 0, 0] * 255 + 0.5), len(self.says) - 1)]
        at = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        sure = torch.tensor(scores, dtype=torch.float64)
        logits = torch.full((len(at), self.classes), -30.0)
        if self.kind == "one":
            h, w = x.shape[-2:]
            logits[0, labels[0]] = 30
            return logits, at / torch.tensor([w, h, w, h])
        logits[torch.arange(len(at)), torch.tensor(labels, dtype=torch.int64)] = torch.logit(sure).float()
        return logits[None], at[None]


def net(says: Sequence[Any], classes: Sequence[str] = ("cat", "dog"), kind: str = "many", named: bool = True) -> lens.Net:
    side = 40 if kind == "one" else 16  # of one box the square is what the pictures are, so nothing is moved
    return lens.Net(Told(says, len(classes), kind), name="told", side=side, step=1, channels=3, classes=classes if named else None)


def folder(place: Path, truths: Sequence[Sequence[Row]], hw: tuple[int, int] = (40, 40)) -> str:
    """images/0.png … with their number as first pixel, and boxes.csv."""
    (place / "images").mkdir(parents=True)
    rows = ["file,class,x,y,w,h"]
    for i, boxes in enumerate(truths):
        picture = np.full((*hw, 3), 90, np.uint8)
        picture[..., 1:] += np.random.default_rng(i).integers(0, 99, (*hw, 2), dtype=np.uint8)
        picture[:6, :6, 0] = i
        Image.fromarray(picture).save(place / "images" / f"{i}.png")
        rows += [f"{i}.png,{label},{x},{y},{w},{h}" for label, x, y, w, h in boxes]
        if not boxes:
            rows.append(f"{i}.png,,,,,")
    (place / "boxes.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return str(place)
