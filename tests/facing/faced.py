"""Painted faces, red rectangles, and two small nets that know them, so that what is found is known to the pixel."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from scipy import ndimage
from torch import nn

from zorki import lens, weights

LEARNT = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt")  # in another order than the answer's
Box = tuple[int, int, int, int]


class Finder(nn.Module):
    """Each patch of red is a face, as sure as `sure` (a logit); its points lie at fixed shares of its box. Patches smaller than `least` pixels are not seen, nor larger ones than `most`."""

    kind = "many"

    def __init__(self, sure: float = 3.0, least: int = 10, most: int = 10_000) -> None:
        super().__init__()
        self.sure = nn.Parameter(torch.tensor([sure], dtype=torch.float32, device="cpu"))
        self.least, self.most = least, most
        self.shown: list[tuple[int, int]] = []

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        self.shown.append((x.shape[-2], x.shape[-1]))
        r, g, b = x[0].detach().cpu().numpy()
        labels, _ = ndimage.label((r > 0.55) & (g < 0.45) & (b < 0.45))
        boxes = [(s[1].start, s[0].start, s[1].stop - s[1].start, s[0].stop - s[0].start) for s in ndimage.find_objects(labels)]
        boxes = [one for one in boxes if min(one[2:]) >= self.least and max(one[2:]) <= self.most]
        there = torch.tensor([*boxes, (0, 0, 1, 1)], dtype=torch.float32, device=x.device)
        logits = torch.full((1, len(there), 1), -9.0, dtype=torch.float32, device=x.device)
        logits[:, :-1] = self.sure
        shares = torch.tensor([[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.35, 0.8], [0.65, 0.8]], dtype=torch.float32, device=x.device)
        points = there[:, None, :2] + shares * there[:, None, 2:]
        return logits, there[None], points[None]


class Namer(nn.Module):
    """Says happiness the brighter green is in the middle of a face, else what its classes say first."""

    def __init__(self, happy: int = 1) -> None:
        super().__init__()
        self.times = nn.Parameter(torch.tensor([8.0], dtype=torch.float32, device="cpu"))
        self.happy = happy

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = torch.zeros(len(x), 8, dtype=torch.float32, device=x.device)
        out[:, self.happy] = self.times * x[:, 1, 10:-10, 10:-10].amax((1, 2))
        return out


def painted(hw: tuple[int, int], boxes: Sequence[Box], happy: Sequence[int] = ()) -> np.ndarray:
    """(h, w, 3) uint8: red rectangles on grey; those that are happy have a green dot in their middle."""
    out = np.full((*hw, 3), 120, np.uint8)
    for k, (x, y, w, h) in enumerate(boxes):
        out[max(0, y) : y + h, max(0, x) : x + w] = (220, 20, 20)
        if k in happy:
            out[y + h // 2 - h // 8 : y + h // 2 + h // 8, x + w // 2 - w // 8 : x + w // 2 + w // 8] = (220, 220, 20)
    return out


def finder(**more: float) -> lens.Net:
    """A Finder as if it had a card that says 640 pixels."""
    return lens.Net(Finder(**more), name="finder", classes=("face",), side=640, step=1)  # type: ignore[arg-type]


def namer(classes: Sequence[str] = LEARNT) -> lens.Net:
    return lens.Net(
        Namer([*classes].index("happiness") if "happiness" in classes else 0), name="namer", classes=tuple(classes), side=48, step=1
    )


def cards_in(folder: Path) -> None:
    """Cards of both, under the names of those that ship."""
    known = {
        "faces": ("locate", "tests.facing.faced:Finder", 640, ("face",), Finder()),
        "emotions": ("faces", "tests.facing.faced:Namer", 48, LEARNT, Namer()),
    }
    for name, (task, build, side, classes, net) in known.items():
        save_file({k: v.detach() for k, v in net.state_dict().items()}, folder / f"{name}.safetensors")
        sha = hashlib.sha256((folder / f"{name}.safetensors").read_bytes()).hexdigest()
        listed = ", ".join(f'"{one}"' for one in classes)
        more = "least = 0.5\n" if name == "faces" else ""
        (folder / f"{name}.toml").write_text(
            f'title = "toy"\nlicence = "none"\ntask = "{task}"\nbuild = "{build}"\nparameters = 1\nside = {side}\ndata = "none"\nnot_fit_for = "use"\n'
            f'sha256 = "{sha}"\nclasses = [{listed}]\n{more}',
            encoding="utf-8",
        )


def shipped() -> bool:
    return {"faces", "emotions"} <= {*weights.names()}
