"""What a photo in strips takes and how far it is from one painted whole: `python -m benchmarks.large [--megapixels 50] [--size 2000]`.

The command runs in a process of its own, whose peak the system tells (VmHWM, Linux); seconds are of the whole command.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from PIL import Image
from skimage import data

from zorki import weights
from zorki.core import processor
from zorki.painting import brushwork

SCRIPT = """import sys; from zorki.cli.main import run; s = run(sys.argv[1:])
print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]); sys.exit(s)"""


def whole_command(megapixels: float, words: list[str]) -> tuple[float, float]:
    """Seconds and gigabytes of `zorki style apply` on a JPEG of so many megapixels."""
    with tempfile.TemporaryDirectory() as folder:
        high = round((megapixels * 1e6 / 1.5) ** 0.5)
        Image.fromarray(data.astronaut()).resize((round(high * 1.5), high)).save(Path(folder, "large.jpg"), quality=90)
        began = time.perf_counter()
        call = [sys.executable, "-c", SCRIPT, "style", "apply", "large.jpg", "--style", "wave", "--out", "painted.jpg", "--quiet", *words]
        done = subprocess.run(call, cwd=folder, capture_output=True, text=True, check=True)
        return time.perf_counter() - began, 1024 * int(done.stdout.split()[-1]) / 1e9


def apart() -> dict[str, float]:
    """In levels of 255, over all styles: the most between strips and the whole, and the mean between bfloat16 and float32 where it is to be had."""
    net, x = weights.load("brush"), torch.from_numpy(data.astronaut()).permute(2, 0, 1)[None].float() / 255
    rough, worst, mean = net.like(net.inner, drawing=torch.bfloat16), 0.0, 0.0
    for shares in torch.eye(len(net.styles)).tolist():
        with torch.inference_mode():
            plain = net.inner(x, torch.tensor(shares))
        worst = max(worst, float((brushwork.painted(net, x, shares, height=64) - plain).abs().max() * 255))
        mean += float((brushwork.painted(rough, x, shares) - plain).abs().mean() * 255) / len(net.styles)
    return {"strips, at most": worst} | ({"bfloat16, in the mean": mean} if processor.bfloat16() else {})


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--megapixels", type=float, nargs="+", default=[50.0])
    p.add_argument("--size", type=int, help="as the option of that name: a change carried up")
    a = p.parse_args()
    for what, levels in apart().items():
        print(f"{what:24}{levels:8.3f} levels of 255")
    words = [] if a.size is None else ["--size", str(a.size)]
    for megapixels in a.megapixels:
        seconds, gigabytes = whole_command(megapixels, words)
        print(f"{megapixels:4g} megapixels {' '.join(words):10}{seconds:8.1f} s {gigabytes:8.2f} GB", flush=True)


if __name__ == "__main__":
    main()
