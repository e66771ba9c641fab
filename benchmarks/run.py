"""`make bench`: seconds and memory of the tour and of a board, each beside what this machine's matrix product reaches.

Timings of single runs on whatever machine this is; the ratios are what may be compared.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from skimage import data

import zorki
from zorki import io, lens

CHANNELS, SIDE = 64, 128


def product(dtype: torch.dtype, n: int = 2048) -> float:
    """GFLOP/s of a plain matrix product, the best of five."""
    a, b = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    best = float("inf")
    for _ in range(6):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * n**3 / best / 1e9


def work_of_a_board(net: lens.Net, layer: str, steps: int) -> float:
    """GFLOP of drawing the board: forward and backward to the picture, up to the layer; two for each multiply-add."""
    until = net.names().index(layer) + 1
    macs = sum(x.macs for x in net.layers((SIDE, SIDE))[:until])
    return 2 * 2 * macs * CHANNELS * steps / 1e9


def board(net: lens.Net, layer: str, limit: float) -> None:
    began = time.perf_counter()
    made = zorki.see.maximize(net, layer=layer, channel=f"0-{CHANNELS - 1}", size=SIDE)
    seconds = time.perf_counter() - began
    steps = zorki.see.maximize.Settings().steps
    speed = work_of_a_board(net, layer, steps) / seconds
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"board of {len(made)} channels of {layer}, {SIDE} px, {steps} steps: {seconds:.1f} s, {speed:.0f} GFLOP/s, {speed / limit:.1%} of the matrix product, {peak:.2f} GiB"
    )


def tour(limit: float) -> None:
    with tempfile.TemporaryDirectory() as folder:
        photo = io.save_photo(Path(folder) / "coffee.png", data.coffee().astype("float32") / 255)
        command = [sys.executable, "-m", "zorki", "tour", str(photo), "--out", f"{folder}/t", "--json", "--quiet"]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    # In products of two 2048 x 2048 matrices the figure says how much arithmetic the same time would have done.
    one = 2 * 2048**3 / 1e9 / limit
    for name, part in json.loads(done.stdout)["sections"].items():
        print(f"tour, {name:10s} {part:6.2f} s = {part / one:7.0f} matrix products")
    print(f"tour, all        {seconds:6.2f} s = {seconds / one:7.0f} matrix products, peak {peak:.2f} GiB")


def together() -> None:
    """A drawing beside another one, as shipped and with torch's own waiting: what `considerate` in zorki/cli/main.py is for."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "zorki", "see", "maximize", "--layer", "conv4_2", "--quiet", "--force", "-o"]
        for name, spins in (("as shipped", {}), ("torch's own waiting", {"GOMP_SPINCOUNT": "300000"})):
            seconds = []
            for beside in (False, True):
                env = os.environ | spins
                other = subprocess.Popen([*words, f"{folder}/b.png", "--steps", "5000"], env=env) if beside else None
                time.sleep(5 if beside else 0)
                mine = [*words, f"{folder}/a.png", "--channel", "0-7", "--steps", "60", "--json"]
                done = subprocess.run(mine, env=env, capture_output=True, text=True, check=True)
                seconds.append(json.loads(done.stdout)["seconds"])
                if other is not None:
                    other.kill()
                    other.wait()
            print(f"{name}: alone {seconds[0]:.1f} s, beside another drawing {seconds[1]:.1f} s, {seconds[1] / seconds[0]:.1f} times")


def main() -> None:
    limits = {dtype: product(dtype) for dtype in (torch.float32, torch.bfloat16)}
    print(", ".join(f"matrix product {str(d)[6:]} {v:.0f} GFLOP/s" for d, v in limits.items()), f"({torch.get_num_threads()} threads)")
    net = zorki.load("eye")
    limit = limits[net.drawing]
    print(f"drawn in {str(net.drawing)[6:]}")
    tour(limit)
    together()
    for layer in ("conv3_1", "conv4_1", "conv5_1"):
        board(net, layer, limit)


if __name__ == "__main__":
    main()
