"""What each course brought: `python -m recipes.eye.courses --data FOLDER --work FOLDER` prints the table of docs/eye.md."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from recipes.eye.data import Pictures, load
from recipes.eye.export import COURSES
from recipes.eye.train import CONVS, WIDTHS, batch_of
from zorki.nets.vgg import Vgg, fold

SEEN = 3600  # of the training pictures, drawn at random: as many as are held back


@torch.no_grad()
def share(net: Vgg, pictures: Pictures, picks: np.ndarray, side: int = 64) -> float:
    """Of the pictures named right, whole, at a size, in float32."""
    right = 0
    for pick in np.array_split(picks, 30):
        x = batch_of(pictures, pick)
        x = x if side == x.shape[-1] else F.interpolate(x, (side, side), mode="bicubic", antialias=True).clamp(0, 1)
        right += int((net(x.contiguous(memory_format=torch.channels_last)).argmax(1).numpy() == pictures.labels[pick]).sum())
    return right / len(picks)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--data", type=Path, required=True)
    p.add_argument("--work", type=Path, required=True)
    a = p.parse_args()
    pictures = load(a.data, a.work)
    trained = np.random.default_rng(0).choice(pictures.train, SEEN, replace=False)
    for name in COURSES:
        net = Vgg(WIDTHS, CONVS, len(pictures.names)).eval().to(memory_format=torch.channels_last)
        net.load_state_dict(fold(torch.load(a.work / f"{name}.pt", weights_only=True)["shipped"]))
        found = (share(net, pictures, pictures.val), share(net, pictures, pictures.val, 72), share(net, pictures, trained))
        print(f"{name}: held back {found[0]:.1%}, at 72 px {found[1]:.1%}; of {SEEN:,} training pictures {found[2]:.1%}", flush=True)


if __name__ == "__main__":
    main()
