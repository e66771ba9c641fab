"""Whether a trained brush paints as one should, whatever it is shown: `python -m recipes.brush.sanity FILE`. Nothing printed behind a style: sound."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from recipes.brush.sheet import load
from zorki.nets.brush import Brush
from zorki.painting import sitter

SIDE, EDGE = 128, 4  # pixels of the pictures; of the border
FLAT, GRID, HALO = (
    1e-3,
    0.02,
    0.1,
)  # least deviation of what is painted of a picture; most of a grid, in 0..1; most between border and inside
WAYS = (0.0, 0.25, 0.5, 0.75, 1.0)


def shown() -> dict[str, torch.Tensor]:
    """(1, 3, h, w) each."""
    noise = torch.rand((1, 3, SIDE, SIDE), generator=torch.Generator().manual_seed(0))
    flat = {name: torch.full((1, 3, SIDE, SIDE), v) for name, v in (("black", 0.0), ("grey", 0.5), ("white", 1.0))}
    return flat | {"noisy": noise, "real": sitter.picture(SIDE)}


def grid(x: torch.Tensor) -> float:
    """The most that a pattern of a period of 2, 4 or 8 pixels across or down moves the brightness by, away from the border."""
    inner = x.mean((0, 1))[16:-16, 16:-16].double().numpy()
    n = min(inner.shape) // 8 * 8
    found = np.abs(np.fft.fft2(inner[:n, :n])) / n**2
    return float(max(max(found[0, n // p], found[n // p, 0]) for p in (2, 4, 8)))


def halo(x: torch.Tensor) -> float:
    """How far the border's mean is from that of the rows behind it, at most, of the four sides."""
    sides = [x, x.flip(2), x.transpose(2, 3), x.transpose(2, 3).flip(2)]
    return max(float((s[..., :EDGE, :].mean() - s[..., EDGE : 4 * EDGE, :].mean()).abs()) for s in sides)


@torch.inference_mode()
def faults(net: Brush, k: int) -> Iterator[str]:
    """What is wrong with style k, a sentence each."""
    hot = torch.eye(net.styles)[k]
    for name, x in shown().items():
        made = [net(x, hot, t) for t in WAYS]
        if not all(bool(m.isfinite().all()) for m in made):
            yield f"{name}: not finite"
            continue
        if not torch.equal(made[0], x):
            yield f"{name}: strength 0 is not the picture"
        far = [float((m - x).abs().mean()) for m in made]
        if name == "real" and far != sorted(far):
            yield f"{name}: stronger is not further: {', '.join(f'{v:.3f}' for v in far)}"
        if name in ("real", "noisy") and float(made[-1].std()) < FLAT:
            yield f"{name}: all of one colour"
        if name in ("black", "grey", "white"):
            if (g := grid(made[-1])) > GRID:
                yield f"{name}: a grid of {g:.3f}"
            if (h := halo(made[-1])) > HALO:
                yield f"{name}: a halo of {h:.3f}"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("file", type=Path, help="a .safetensors of the brush")
    net = load(p.parse_args().file)
    for k in range(net.styles):
        print(f"{k:3}  {'; '.join(faults(net, k))}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
