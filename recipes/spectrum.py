"""Measures the amplitudes of photographs that the MACO canvas holds fixed: `python -m recipes.spectrum --photos FOLDER`.

Four 64-pixel windows of every photograph, in the canvas's own decorrelated colours; the mean of |rfft2| over all. What is shipped is this
statistic (3 x 65 x 33 numbers), nothing of any picture.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file

from recipes.eye.boards import photos
from zorki.pixels.canvas import DECORRELATED

SIDE, EPS = 64, 0.02  # eps: how near to black and white a pixel counts, so that a clipped one is not infinitely bright
OUT = Path(__file__).resolve().parents[1] / "zorki" / "pixels" / "spectrum.safetensors"


def measure(folder: Path) -> torch.Tensor:
    """(3, 65, 33): rows from frequency -1/2 to 1/2, columns from 0 to 1/2, in cycles a pixel."""
    total, count = torch.zeros(3, SIDE, SIDE // 2 + 1), 0
    g, inverse = torch.Generator().manual_seed(0), torch.linalg.inv(DECORRELATED)
    for x in photos(folder):
        h, w = x.shape[-2:]
        if min(h, w) < SIDE:
            continue
        for _ in range(4):
            top, left = (int(torch.randint(0, side - SIDE + 1, (), generator=g)) for side in (h, w))
            t = torch.einsum("ij,jhw->ihw", inverse, torch.logit(x[0, :, top : top + SIDE, left : left + SIDE], eps=EPS))
            total += torch.fft.rfft2(t - t.mean((1, 2), keepdim=True)).abs()
            count += 1
    mean = torch.fft.fftshift(total / count, dim=1)
    mean[:, SIDE // 2, 0] = mean[:, SIDE // 2, 1]  # the mean of a picture, which is no pattern
    print(f"{count} windows")
    return torch.cat([mean, mean[:, :1]], 1)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--photos", type=Path, required=True)
    a = p.parse_args()
    found = measure(a.photos)
    save_file({"amplitudes": found.half().contiguous()}, str(OUT))
    f = torch.arange(2, 30)
    slope = torch.linalg.lstsq(torch.stack([f.log(), torch.ones(len(f))], 1), found[0, SIDE // 2, 2:30].log()[:, None]).solution[0]
    print(f"slope of the luminance along the columns: {float(slope):.2f}")


if __name__ == "__main__":
    main()
