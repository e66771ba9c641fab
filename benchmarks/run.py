"""`make bench`: seconds and memory of the tour and of boards beside this machine's matrix product, and of the peers' way to draw.

Timings of single runs on whatever machine this is; the ratios are what may be compared. `python -m benchmarks.run peer` runs one part.
ATEN_CPU_CAPABILITY=avx2 ONEDNN_MAX_CPU_ISA=AVX2 ZORKI_BFLOAT16=0 before it make a newer processor one of the ordinary kind.
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

import numpy as np
import torch
from PIL import Image
from skimage import data

import zorki
from benchmarks import lucid
from recipes.eye import boards
from zorki import io, lens
from zorki.core import processor
from zorki.jobs.memory import thrifty
from zorki.wings.see import dream
from zorki.wings.style import _transfer, transfer

CHANNELS, SIDE, LAYER = 64, 128, "conv4_1"
SHARED = Path(__file__).resolve().parents[2] / "shared"


def product(dtype: torch.dtype, n: int = 2048) -> float:
    """GFLOP/s of a plain matrix product, the best of five."""
    a, b = torch.randn(n, n).to(dtype), torch.randn(n, n).to(dtype)
    best = float("inf")
    for _ in range(6):
        began = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - began)
    return 2 * n**3 / best / 1e9


def work(net: lens.Net, layer: str, pixels: float) -> float:
    """GFLOP of one update of that many pixels: forward and backward to the picture, up to the layer; two for each multiply-add."""
    until = net.names().index(layer) + 1
    return 2 * 2 * sum(x.macs for x in net.layers((SIDE, SIDE))[:until]) * pixels / SIDE**2 / 1e9


def told(what: str, gflop: float, seconds: float, limit: float) -> None:
    """What was drawn, how fast, and how much of a matrix product that is."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{what}: {seconds:.1f} s, {gflop / seconds:.0f} GFLOP/s, {gflop / seconds / limit:.0%} of the matrix product, {peak:.2f} GiB")


def board(net: lens.Net, layer: str, limit: float) -> None:
    began = time.perf_counter()
    made = zorki.see.maximize(net, layer=layer, channel=f"0-{CHANNELS - 1}", size=SIDE)
    seconds = time.perf_counter() - began
    steps = zorki.see.maximize.Settings().steps
    told(
        f"board of {len(made)} channels of {layer}, {SIDE} px, {steps} steps", work(net, layer, CHANNELS * SIDE**2 * steps), seconds, limit
    )


def drawing(limits: dict[torch.dtype, float]) -> None:
    """A board, a dream and a painting in each float type that this processor computes, beside its plain product in that type.

    Work is counted as that of plain convolutions, so what fewer multiplications bring shows in the share.
    """
    coffee, cat = data.coffee(), data.chelsea()
    with tempfile.TemporaryDirectory() as folder:
        style = io.save_photo(Path(folder) / "coffee.png", coffee)
        for dtype, limit in limits.items():
            kind = str(dtype)[6:]
            net = zorki.load("eye", dtype=kind)
            dreamt, painted = dream.Settings(), transfer.Settings()
            octaves = dream.octaves(net, coffee.shape[:2], dreamt, [LAYER])
            problem = _transfer.Problem.of(
                net, torch.from_numpy(cat).permute(2, 0, 1)[None] / 255, io.PhotoSet([str(style)]), None, None, painted
            )
            deepest = max([*problem.layers, problem.content_layer], key=net.names().index)
            for what, climb, layer, pixels in (
                ("board", zorki.see.maximize.steps(net, layer=LAYER, dtype=kind), LAYER, 16 * 96**2 * zorki.see.maximize.Settings().steps),
                ("dream", zorki.see.dream.steps(coffee, model=net, layer=LAYER, dtype=kind), LAYER, area(octaves) * dreamt.steps),
                (
                    "painting",
                    zorki.style.transfer.steps(cat, str(style), model=net, dtype=kind),
                    deepest,
                    sum(h * w * n for (h, w), n in zip(problem.sizes, problem.steps, strict=True)),
                ),
            ):
                began = time.perf_counter()
                for _ in climb:
                    pass
                told(f"{kind}, {what}", work(net, layer, pixels), time.perf_counter() - began, limit)


def area(sizes: list[tuple[int, int]]) -> int:
    return sum(h * w for h, w in sizes)


def tour(limit: float, what: str = "tour") -> None:
    with tempfile.TemporaryDirectory() as folder:
        photo = io.save_photo(Path(folder) / "coffee.png", data.coffee().astype("float32") / 255)
        command = [sys.executable, "-m", "zorki", "tour", str(photo), "--out", f"{folder}/t", "--json", "--quiet"]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    # In products of two 2048 x 2048 matrices the figure says how much arithmetic the same time would have done.
    one = 2 * 2048**3 / 1e9 / limit
    told = json.loads(done.stdout)
    for name, part in told["sections"].items():
        print(f"{what}, {name:10s} {part:6.2f} s = {part / one:7.0f} matrix products{shown(told['cut'].get(name))}")
    for name, why in told["skipped"].items():
        print(f"{what}, {name:10s} {why}")
    print(f"{what}, all        {seconds:6.2f} s = {seconds / one:7.0f} matrix products, peak {peak:.2f} GiB")


def shown(cut: str | None) -> str:
    return f" ({cut})" if cut else ""


def crowded(limit: float) -> None:
    """The tour beside four processes that always compute."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(4)]
    try:
        tour(limit, "tour beside four others")
    finally:
        for other in others:
            other.kill()
            other.wait()


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


def peer(net: lens.Net, layer: str = "conv4_1", count: int = 8) -> None:
    """Our board and the peers' method, one channel at a time, each until its re-rendered picture answers as strongly as ours."""
    began = time.perf_counter()
    made = zorki.see.maximize(net, layer=layer, channel=f"0-{count - 1}", size=SIDE)
    ours = time.perf_counter() - began
    drawn = torch.stack([torch.from_numpy(t.pixels).permute(2, 0, 1).float() / 255 for t in made.tiles])
    theirs, reached, steps, wanted = 0.0, [], [], []
    for channel in range(count):
        wanted.append(lucid.activation(net, drawn[channel : channel + 1], layer, channel))
        seconds, found, done = lucid.draw(net, layer, channel, SIDE, wanted[-1])
        theirs, reached, steps = theirs + seconds, [*reached, found], [*steps, done]
    moved = torch.stack([boards.activation(net, boards.nudged(drawn, torch.Generator().manual_seed(k)), layer) for k in range(8)]).mean(0)
    kept = float((moved / torch.tensor(wanted)).median())
    print(
        f"{count} channels of {layer}, {SIDE} px: ours {ours:.1f} s; one at a time to equal activation {theirs:.1f} s = {theirs / ours:.1f} times "
        f"({sum(r >= w for r, w in zip(reached, wanted, strict=True))} of {count} reached it, in {min(steps)} to {max(steps)} steps); {kept:.0%} kept when nudged"
    )


def measured(words: list[str], out: str) -> tuple[float, float]:
    """Seconds and peak GiB of a command in a process of its own."""
    began = time.perf_counter()
    child = subprocess.Popen([sys.executable, "-m", "zorki", *words, "--out", out, "--force", "--quiet"], stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"zorki {' '.join(words)} ended with {child.returncode}")
    return time.perf_counter() - began, used.ru_maxrss / 2**20


def large() -> None:
    """A dream of every pixel of twelve megapixels."""
    with tempfile.TemporaryDirectory() as folder:
        photo = np.asarray(Image.fromarray(data.coffee()).resize((4032, 3024), Image.Resampling.LANCZOS))
        path = io.save_photo(Path(folder) / "large.jpg", photo)
        for steps in ("2", "10"):
            seconds, peak = measured(["see", "dream", str(path), "--full", "--steps", steps], f"{folder}/d.jpg")
            print(f"dream of 4032 x 3024, every pixel, {steps} updates an octave: {seconds:.1f} s, peak {peak:.2f} GiB")


def patches(net: lens.Net) -> None:
    """All channels of all convolutions among the photographs of Tiny-ImageNet, and a plain forward pass in float32 over the same pictures."""
    zips = SHARED / "data/tiny-imagenet"
    if not zips.exists():
        print(f"patches: {zips} is not there")
        return
    photos = io.PhotoSet(zips)
    with tempfile.TemporaryDirectory() as folder:
        words = ["see", "patches", "--photos", str(zips), "--layer", "all", "--index", f"{folder}/i.npz", "--channel", "0"]
        seconds, peak = measured(words, f"{folder}/p.png")
    some = torch.stack([torch.from_numpy(p).permute(2, 0, 1) for _, p in photos.read(lambda one: one.pixels, range(4096))])
    some = some.contiguous(memory_format=torch.channels_last)
    with torch.no_grad(), net.quiet():
        net.run(some[:64])
        began = time.perf_counter()
        for x in some.split(64):
            net.run(x)
        plain = (time.perf_counter() - began) * len(photos) / len(some)
    print(
        f"patches, {len(photos):,} photographs, all convolutions: {seconds:.1f} s, peak {peak:.2f} GiB; the net alone in float32, without reading: {plain:.1f} s"
    )


def main() -> None:
    wanted = sys.argv[1:]
    thrifty()  # as the command does
    limits = {dtype: product(dtype) for dtype in ((torch.float32, torch.bfloat16) if processor.bfloat16() else (torch.float32,))}
    print(", ".join(f"matrix product {str(d)[6:]} {v:.0f} GFLOP/s" for d, v in limits.items()), f"({torch.get_num_threads()} threads)")
    net = zorki.load("eye")
    limit = limits[net.drawing]
    print(f"drawn in {str(net.drawing)[6:]}")
    parts = {
        "tour": lambda: tour(limit),
        "crowded": lambda: crowded(limit),
        "together": together,
        "drawing": lambda: drawing(limits),
        "boards": lambda: [board(net, layer, limit) for layer in ("conv3_1", "conv4_1", "conv5_1")],
        "peer": lambda: peer(net),
        "dream": large,
        "patches": lambda: patches(net),
    }
    for name, run in parts.items():
        if not wanted or name in wanted:
            run()


if __name__ == "__main__":
    main()
