"""The same channels of several weight files side by side: `python -m recipes.eye.compare OUT.jpg first.safetensors second.safetensors`."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import zorki
from recipes.eye.boards import LAYERS
from zorki import io

CHANNELS, SIDE = range(0, 48, 6), 96


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("files", type=Path, nargs="+")
    a = p.parse_args()
    pictures, captions = [], []
    for layer in LAYERS:
        for file in a.files:
            net = zorki.load("eye", weights=file)
            board = zorki.see.maximize(net, layer=layer, channel=list(CHANNELS), size=SIDE)
            pictures += [tile.pixels for tile in board.tiles]
            captions += [f"{file.stem} {layer}:{c}" for c in CHANNELS]
    sheet = io.sheet(pictures, captions, columns=len(CHANNELS))
    io.save_photo(a.out, sheet / np.float32(255), force=True, quality=88)


if __name__ == "__main__":
    main()
