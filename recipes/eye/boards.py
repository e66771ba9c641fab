"""How well a net draws: its boards' activations against those of real photographs, and how much of them survives a nudge.

`python -m recipes.eye.boards --photos FOLDER [--model NAME]` prints the figures of the card.
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

import zorki
from zorki import lens

LAYERS, CHANNELS, SIDE = ("conv3_1", "conv4_1", "conv5_1"), 64, 96
NUDGES = 8


def photos(folder: Path) -> Iterator[torch.Tensor]:
    """(1, 3, h, w) in 0..1, every photograph of the stored zips."""
    for archive in map(zipfile.ZipFile, sorted(folder.glob("*.zip"))):
        for name in archive.namelist():
            picture = np.array(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))
            yield torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


@torch.no_grad()
def natural(net: lens.Net, folder: Path, count: int | None = None) -> dict[str, torch.Tensor]:
    """(channels,) for each layer: the largest mean over a window as large as a drawing, in any photograph."""
    most: dict[str, torch.Tensor] = {}
    with net.quiet():
        for k, x in enumerate(photos(folder)):
            if k == count:
                break
            if min(x.shape[-2:]) < SIDE:
                continue
            for layer, a in lens.capture(net, x.contiguous(memory_format=torch.channels_last), list(LAYERS), grad=False).items():
                window = max(1, round(SIDE * a.shape[-1] / x.shape[-1]))
                best = F.avg_pool2d(a, window, stride=max(1, window // 4)).amax((0, 2, 3))
                most[layer] = torch.maximum(most[layer], best) if layer in most else best
    return most


@torch.no_grad()
def activation(net: lens.Net, drawn: torch.Tensor, layer: str) -> torch.Tensor:
    """(n,): of drawing i the mean of channel i."""
    with net.quiet():
        return torch.cat([lens.capture(net, x, layer, grad=False)[layer].mean((2, 3)) for x in drawn.split(16)]).diagonal()


def nudged(drawn: torch.Tensor, g: torch.Generator) -> torch.Tensor:
    """The drawings shifted by up to 8 pixels, turned by up to 5 degrees, scaled by 0.9 to 1.1."""

    def u(low: float, high: float) -> float:
        return low + (high - low) * float(torch.rand((), generator=g))

    turn, scale = math.radians(u(-5, 5)), u(0.9, 1.1)
    cos, sin = math.cos(turn) / scale, math.sin(turn) / scale
    moved = drawn.roll((round(u(-8, 8)), round(u(-8, 8))), (2, 3))
    grid = F.affine_grid(torch.tensor([[[cos, -sin, 0], [sin, cos, 0]]]), [1, 3, *drawn.shape[2:]], align_corners=False)
    return F.grid_sample(moved, grid.expand(len(moved), -1, -1, -1), "bilinear", "reflection", align_corners=False).clamp(0, 1)


def figures(net: lens.Net, folder: Path) -> dict[str, float]:
    """The median ratio to the largest natural activation and the median share kept, over all channels of all layers."""
    real, ratios, kept = natural(net, folder), [], []
    for layer in LAYERS:
        board = zorki.see.maximize(net, layer=layer, channel=f"0-{CHANNELS - 1}", size=SIDE, dtype="auto")
        drawn = torch.from_numpy(np.stack([tile.pixels for tile in board.tiles])).permute(0, 3, 1, 2).float() / 255
        found = activation(net, drawn, layer)
        g = torch.Generator().manual_seed(0)
        moved = torch.stack([activation(net, nudged(drawn, g), layer) for _ in range(NUDGES)]).mean(0)
        ratios.append(found / real[layer][:CHANNELS].clamp_min(1e-6))
        kept.append(moved / found)
        print(f"{layer}: ratio {float(ratios[-1].median()):.2f}, kept {float(kept[-1].median()):.1%}", flush=True)
    return {"ratio": float(torch.cat(ratios).median()), "kept": float(torch.cat(kept).median())}


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--photos", type=Path, required=True, help="the folder of the zips of photographs")
    p.add_argument("--model", default="eye")
    a = p.parse_args()
    f = figures(zorki.load(a.model), a.photos)
    print(f"ratio {f['ratio']:.2f}, kept {f['kept']:.1%}")


if __name__ == "__main__":
    main()
