"""How still a painted film stands: `python -m recipes.brush.steady FILE --photos FOLDER`.

Films are made of photos held back, by camera moves that are known to a fraction of a pixel, with a sensor's noise; so the error needs no
estimate of motion. Source: Lai et al. 2018 (warping error); here over what both frames show. With `--steady 0 50 100` also films that are held
to their last frame, as the option of that name does it, and what contrast between neighbouring pixels is left.
"""

from __future__ import annotations

import argparse
import io
import math
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from recipes.brush.photos import held_back
from recipes.brush.sheet import load, tensor
from recipes.brush.styles import STYLES
from zorki import pixels
from zorki.jobs.films import HOLD
from zorki.nets.brush import Brush
from zorki.painting.brush_loss import variation

FRAMES, SIDE, RIM, NOISE = 6, 192, 8, 0.01


def move(k: int, turn: float) -> tuple[float, float, float]:
    """Where the camera looks at frame k (down, right, in pixels of the photo) and how near: a pan with a slow zoom."""
    return 1.7 * k * math.sin(turn), 2.3 * k * math.cos(turn), 1 + 0.006 * k


def framed(photo: torch.Tensor, at: tuple[float, float, float], side: int = SIDE) -> torch.Tensor:
    """(1, 3, side, side) of the photo, about its middle moved by `at`."""
    down, right, near = at
    h, w = photo.shape[-2:]
    y, x = torch.meshgrid(*[(torch.arange(side, dtype=torch.float32) - (side - 1) / 2) / near] * 2, indexing="ij")
    grid = torch.stack([(x + right) / (w / 2), (y + down) / (h / 2)], -1)[None]
    return F.grid_sample(photo, grid, "bicubic", "reflection", align_corners=False).clamp(0, 1)


def back(frame: torch.Tensor, now: tuple[float, float, float], before: tuple[float, float, float]) -> torch.Tensor:
    """The frame of `now` laid upon that of `before`."""
    side = frame.shape[-1]
    y, x = torch.meshgrid(*[(torch.arange(side, dtype=torch.float32) - (side - 1) / 2) / before[2]] * 2, indexing="ij")
    y, x = (y + before[0] - now[0]) * now[2], (x + before[1] - now[1]) * now[2]
    return F.grid_sample(frame, torch.stack([x, y], -1)[None] / (side / 2), "bicubic", "border", align_corners=False)


def error(film: list[torch.Tensor], moves: list[tuple[float, float, float]]) -> float:
    """The mean square of what differs between neighbours once laid upon each other, away from the rim."""
    apart = [
        (back(b, n, m) - a)[..., RIM:-RIM, RIM:-RIM].square().mean() for a, b, m, n in zip(film, film[1:], moves, moves[1:], strict=False)
    ]
    return float(torch.stack(apart).mean())


def films(photos: Path, count: int) -> Iterator[tuple[list[torch.Tensor], list[tuple[float, float, float]]]]:
    for k, (name, archive) in enumerate(held_back(photos)[:count]):
        photo = tensor(Image.open(io.BytesIO(zipfile.ZipFile(archive).read(name))))
        moves = [move(f, 2 * math.pi * k / count) for f in range(FRAMES)]
        chance = torch.Generator().manual_seed(k)
        yield [(framed(photo, m) + NOISE * torch.randn(1, 3, SIDE, SIDE, generator=chance)).clamp(0, 1) for m in moves], moves


def painted(net: Brush, hot: torch.Tensor, film: list[torch.Tensor], steady: int) -> list[torch.Tensor]:
    """Every frame in that style; with `steady` each holds to the last one, as in `zorki.jobs.films`."""
    out: list[torch.Tensor] = []
    for k, frame in enumerate(film):
        made = net(frame, hot)
        if steady and k:
            moved, trust = pixels.flow.followed(film[k - 1], frame, out[-1])
            made = made.lerp(moved, trust * (HOLD * steady / 100))
        out.append(made)
    return out


def contrast(film: list[torch.Tensor]) -> float:
    """The root mean square of what neighbouring pixels differ by."""
    return float(torch.stack([variation(x) for x in film]).mean().sqrt())


@torch.inference_mode()
def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("files", type=Path, nargs="+", help=".safetensors of the brush, to compare")
    p.add_argument("--photos", type=Path, required=True)
    p.add_argument("--count", type=int, default=4)
    p.add_argument("--steady", type=int, nargs="+", default=[0])
    p.add_argument("--styles", nargs="+", default=[s.name for s in STYLES])
    a = p.parse_args()
    ways = [(net, steady) for net in map(load, a.files) for steady in a.steady]
    made = list(films(a.photos, a.count))
    print(f"{'the photos':24}{np.mean([error(f, m) for f, m in made]):9.5f}")
    totals: list[list[tuple[float, float]]] = [[] for _ in ways]
    for s, style in enumerate(STYLES):
        if style.name not in a.styles:
            continue
        hot = F.one_hot(torch.tensor(s), len(STYLES)).float()
        for total, (net, steady) in zip(totals, ways, strict=True):
            done = [painted(net, hot, f, steady) for f, _ in made]
            errors = [error(f, m) for f, (_, m) in zip(done, made, strict=True)]
            total.append((float(np.mean(errors)), float(np.mean([contrast(f[1:]) for f in done]))))
        print(f"{style.name:24}" + "".join(f"{t[-1][0]:9.5f} ({t[-1][1] / totals[0][-1][1]:4.0%})" for t in totals), flush=True)
    print(f"{'mean':24}" + "".join(f"{np.mean([e for e, _ in t]):9.5f}       " for t in totals))


if __name__ == "__main__":
    main()
