"""What the teacher says of single crops: six views of every training picture, cut once and kept.

A net that always sees a new crop but is told the same thing about it learns the picture by heart; told what the teacher sees in
just this crop, it goes on learning (Beyer et al. 2022, "Knowledge distillation: a good teacher is patient and consistent").
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from recipes.eye.data import Pictures
from recipes.eye.teacher import FOLDS, lite, probe

VIEWS, SIDE, BATCH, LEAST_AREA, HINTS, EPOCHS = 6, 144, 32, 0.35, 256, 2


def crops(n: int, least_area: float, g: torch.Generator) -> torch.Tensor:
    """(n, 2, 3) affine maps of random resized crops: area least_area..1, aspect 3/4..4/3."""

    def u(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(n, generator=g)

    area, aspect = u(least_area, 1), u(math.log(0.75), math.log(4 / 3)).exp().sqrt()
    sx, sy = (area.sqrt() * aspect).clamp(max=1), (area.sqrt() / aspect).clamp(max=1)
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 0, 2] = sx, u(-1, 1) * (1 - sx)
    theta[:, 1, 1], theta[:, 1, 2] = sy, u(-1, 1) * (1 - sy)
    return theta


def view_crops(k: int, n: int) -> torch.Tensor:
    """The crops of view k: the teacher's and the net's are the same."""
    return crops(n, LEAST_AREA, torch.Generator().manual_seed(7_000 + k))


def cut(x: torch.Tensor, theta: torch.Tensor, side: int, mode: str = "bilinear") -> torch.Tensor:
    """x (b, 3, h, w) in 0..1 cut by theta (b, 2, 3) to (b, 3, side, side)."""
    grid = F.affine_grid(theta, [len(x), x.shape[1], side, side], align_corners=False)
    return F.grid_sample(x, grid, mode, "reflection", align_corners=False)


@torch.no_grad()
def view_features(k: int, pictures: Pictures, work: Path, say: Callable[[str], None]) -> np.ndarray:
    """(n, 1280) float16: Lite2's pooled features of view k; goes on where it was broken off."""
    path, progress = work / f"view-{k}.npy", work / f"view-{k}.json"
    n = len(pictures.pixels)
    done = json.loads(progress.read_text()) if progress.exists() else 0
    out = np.lib.format.open_memmap(path, "r+" if done else "w+", np.float16, None if done else (n, 1280))
    if done == n:
        return out
    net, theta = lite("lite2"), view_crops(k, n)
    for i in range(done, n, BATCH):
        x = torch.from_numpy(np.array(pictures.pixels[i : i + BATCH])).permute(0, 3, 1, 2).float() / 255
        x = cut(x, theta[i : i + BATCH], SIDE, "bicubic").clamp(0, 1)
        with torch.autocast("cpu", torch.bfloat16):
            y = net.features(x.contiguous(memory_format=torch.channels_last))
        out[i : i + BATCH] = y.float().numpy()
        if (i // BATCH) % 500 == 499 or i + BATCH >= n:
            out.flush()
            progress.write_text(json.dumps(min(i + BATCH, n)))
            say(f"view {k + 1} of {VIEWS}: {min(i + BATCH, n)} of {n} pictures")
    return out


@dataclass(frozen=True)
class Views:
    """logits (views, n, classes) and hints (views, n, HINTS), both float16: what the teachers say and see of every view."""

    logits: np.ndarray
    hints: np.ndarray


def views(pictures: Pictures, whole: torch.Tensor, work: Path, say: Callable[[str], None]) -> Views:
    """whole: (n, classes) logits of whole pictures, cross-fitted. A view's logits are their mean with the view's own.

    The hints are the view's features, centred, on their first principal axes, each divided by the root of its spread (so that small
    ones count, and noise does not count as much as the rest), with a mean square of one.
    """
    paths = work / "views-logits.npy", work / "views-hints.npy"
    if not all(p.exists() for p in paths):
        x = np.stack([view_features(k, pictures, work, say) for k in range(VIEWS)])
        y, classes = torch.from_numpy(pictures.labels), len(pictures.names)
        train, val = torch.from_numpy(pictures.train), torch.from_numpy(pictures.val)
        sample = torch.from_numpy(x[0, pictures.train].astype(np.float32))
        mean = sample.mean(0)
        values, axes = torch.linalg.eigh((sample - mean).T @ (sample - mean) / len(sample))
        spread = values[-HINTS:].sqrt()
        to_hint = axes[:, -HINTS:] / spread.sqrt() / spread.mean().sqrt()
        hints = np.stack([((torch.from_numpy(v.astype(np.float32)) - mean) @ to_hint).half().numpy() for v in x])
        logits = torch.zeros(VIEWS, len(y), classes)
        fold_of = torch.randperm(len(train), generator=torch.Generator().manual_seed(0)) % FOLDS
        for f in range(FOLDS):
            seen, unseen = train[fold_of != f], train[fold_of == f]
            layer = probe(
                torch.from_numpy(x[:, seen.numpy()].reshape(-1, x.shape[2])).float(), y[seen].repeat(VIEWS), classes, seed=f, epochs=EPOCHS
            )
            with torch.no_grad():
                for k in range(VIEWS):
                    logits[k, unseen] = layer(torch.from_numpy(x[k, unseen.numpy()]).float())
                    logits[k, val] += layer(torch.from_numpy(x[k, pictures.val]).float()) / FOLDS
            say(f"probe {f + 1} of {FOLDS}")
        right = (logits.argmax(2) == y).float()
        both = (logits + whole.float()) / 2
        right_both = (both.argmax(2) == y).float()
        say(
            f"teacher on single crops: {right[:, val].mean():.2%} right on held-back pictures; with the whole picture's {right_both[:, val].mean():.2%}"
        )
        for path, value in zip(paths, (both.half().numpy(), hints), strict=True):
            with path.with_suffix(".part").open("wb") as file:
                np.save(file, value)
            path.with_suffix(".part").rename(path)
    return Views(*(np.load(p, mmap_mode="r") for p in paths))
