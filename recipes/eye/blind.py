"""Boards to be sorted blind: half drawn from `eye`, half from the same net with random weights, shuffled and unlabelled.

`python -m recipes.eye.blind OUT` writes board-01.png … board-20.png and, apart from them, key.json. Whoever sorts looks at the
boards first and opens the key afterwards.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch

import zorki
from zorki import lens, pixels
from zorki.nets.vgg import Vgg
from zorki.weights import card

BOARDS, LAYERS, PER_BOARD = 20, ("conv2_2", "conv3_1", "conv3_2", "conv4_1", "conv4_2", "conv5_1", "conv5_2"), 9


def untrained(seed: int) -> lens.Net:
    """The same net as torch initialises it, its activations brought to unit size layer by layer.

    Without that they shrink from layer to layer, and its boards would be told by their greyness alone.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = Vgg(**card("eye").arguments).eval()
    x = pixels.Fourier((96, 96), list(range(8)), spread=0.2)().detach()
    with torch.no_grad():
        for name, layer in module.named_children():
            if name.startswith("conv"):
                y = layer(x)
                layer.weight.div_(y.std())
                layer.bias.zero_()
            x = layer(x) if name != "fc" else x
    return lens.Net(module, name="untrained", side=64)


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("out", type=Path)
    p.add_argument("--seed", type=int, default=0)
    a = p.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(a.seed)
    nets = {"eye": zorki.load("eye"), "random": untrained(a.seed)}
    nets["random"].drawing = nets["eye"].drawing
    plan = [("eye" if i % 2 else "random", LAYERS[(i // 2) % len(LAYERS)]) for i in range(BOARDS)]
    key = {}
    for place, i in enumerate(chance.permutation(BOARDS), 1):
        which, layer = plan[i]
        count = nets[which].layer(layer).shape[0]
        chosen = sorted(chance.choice(count, PER_BOARD, replace=False).tolist())
        board = zorki.see.maximize(nets[which], layer=layer, channel=chosen)
        bare = [t.pixels for t in board.tiles]
        from zorki import io

        io.save_photo(a.out / f"board-{place:02d}.png", io.sheet(bare, [""] * len(bare)).astype(np.float32) / 255, force=True)
        key[f"board-{place:02d}"] = {"net": which, "layer": layer, "channels": chosen}
    (a.out / "key.json").write_text(json.dumps(key, indent=1))


if __name__ == "__main__":
    main()
