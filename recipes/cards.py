"""Prints every figure that the cards of shipped and pip-installed networks state, measured on the very files: `make cards`.

`--write` puts them into the cards. Without the photographs and the judge beside the checkout it says so and measures nothing.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

import zorki
from recipes.eye import boards, style
from recipes.eye.data import load
from recipes.eye.train import accuracy
from zorki import lens, weights
from zorki.weights.cards import FILES

SAMPLES = "EliSchwartz/imagenet-sample-images"


def samples(folder: Path) -> Iterator[tuple[torch.Tensor, int]]:
    """(1, 3, h, w) in 0..1 and the number of its class, for each ImageNet sample among the photographs."""
    with (FILES / "imagenet.csv").open(encoding="utf-8", newline="") as f:
        number = {row["wnid"]: int(row["index"]) for row in csv.DictReader(f)}
    archives: dict[str, zipfile.ZipFile] = {}
    with (folder / "photos.csv").open(encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["source"] == SAMPLES:
                archive = archives.setdefault(row["zip"], zipfile.ZipFile(folder / row["zip"]))
                picture = np.array(Image.open(io.BytesIO(archive.read(row["file"]))).convert("RGB"))
                yield torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255, number[row["source_path"].split("_")[0]]


def middle(x: torch.Tensor, net: lens.Net) -> torch.Tensor:
    """The middle square as networks are tested: `side` of `resize` of the shorter side, at the net's own size."""
    h, w = x.shape[-2:]
    cut = round(min(h, w) * net.side / (net.resize or net.side))
    top, left = (h - cut) // 2, (w - cut) // 2
    square = x[..., top : top + cut, left : left + cut]
    return F.interpolate(square, net.hw, mode="bicubic", antialias=True, align_corners=False).clamp(0, 1)


def top1(net: lens.Net, folder: Path, every: int = 1) -> tuple[float, int]:
    """Share of the samples (every so many) that are named right, in float32, and how many there were."""
    right = [int(net.logits(middle(x, net)).argmax()) == y for k, (x, y) in enumerate(samples(folder)) if k % every == 0]
    return float(np.mean(right)), len(right)


def lite(name: str, shared: Path) -> dict[str, object]:
    share, count = top1(weights.load(name), shared / "data" / "photos")
    how = f"top-1 on {count} sample photographs of ImageNet, one a class, middle square, float32; probably training pictures"
    return {"accuracy": round(share, 4), "measured": how}


def eye(shared: Path, work: Path) -> dict[str, object]:
    pictures = load(shared / "data" / "tiny-imagenet", work)
    net = weights.load("eye")
    found = boards.figures(zorki.load("eye"), shared / "data" / "photos")
    rows = style.sweep(zorki.load("eye"), shared, work)
    figures = {
        "boards": f"drawings excite their channel {found['ratio']:.1f} times as much as any of 1,480 photographs does "
        f"(median of {boards.CHANNELS} channels of {', '.join(boards.LAYERS)}), and keep {found['kept']:.0%} of it when nudged",
        "as a brush": f"style left {style.at(rows, 'style_left'):.3f} at a content error of {style.AT} (four pairs; by SqueezeNet alone {style.at(rows, 'squeezenet'):.3f})",
    }
    return {"accuracy": round(accuracy(net.module, pictures), 4), "figures": figures}  # type: ignore[arg-type]


def write(name: str, told: dict[str, object]) -> None:
    """Puts the figures into the card, and leaves the rest as it is."""
    path = FILES / f"{name}.toml"
    text = path.read_text(encoding="utf-8")
    for key in ("accuracy", "measured"):
        if key in told:
            text = re.sub(rf"^{key} = .*$", lambda _, key=key: f"{key} = {json.dumps(told[key])}", text, flags=re.M)
    if "figures" in told:
        rows = "".join(f"{json.dumps(k)} = {json.dumps(v)}\n" for k, v in dict(told["figures"]).items())  # type: ignore[call-overload]
        text = re.sub(r"\[figures\]\n.*?(?=\n\[|\Z)", lambda _: f"[figures]\n{rows}", text, flags=re.S)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    p.add_argument("--work", type=Path, help="where the decoded pictures are kept; not given: a temporary folder")
    p.add_argument("--only", nargs="*", help="names of cards")
    p.add_argument("--write", action="store_true", help="put the figures into the cards")
    a = p.parse_args()
    if not a.shared.exists():
        raise SystemExit(f"There is no {a.shared}: the photographs and the judge are needed to measure. Give --shared.")
    with tempfile.TemporaryDirectory() as temporary:
        work = a.work or Path(temporary)
        for name in a.only or [n for n in weights.names() if weights.card(n).measured]:
            told = eye(a.shared, work) if name == "eye" else lite(name, a.shared)
            print(name, json.dumps(told, indent=2), flush=True)
            if a.write:
                write(name, told)


if __name__ == "__main__":
    main()
