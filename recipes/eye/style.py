"""How well a net paints: four pairs, a sweep of content weights, and the judge's two networks, which no recipe trains with.

`python -m recipes.eye.style --shared FOLDER [--model NAME] [--file FILE] [--surrogate] [--out FOLDER]` prints the figures of the card.
"""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file
from skimage import data
from torch import nn

import zorki
from zorki import lens

PAIRS = (("astronaut", "starry-night"), ("chelsea", "the-scream"), ("coffee", "great-wave"), ("rocket", "composition-vii"))
WEIGHTS = (0.005, 0.02, 0.08)  # of the content, beside a style weight of 1
SIDE = 512  # longest side painted at, which is the judge's
AT = 1.5  # the content error at which nets are compared


class Surrogate(nn.Module):
    """The distilled VGG-19 of Collaborative Distillation, with the 1x1 maps that stand in for VGG-19's own relu1_1 … relu5_1."""

    def __init__(self, weights: Path) -> None:
        super().__init__()
        state = {k.removeprefix("encoder5."): v.float() for k, v in load_file(weights).items() if k.startswith("encoder5.")}
        self.conv0 = self.made(state, "conv0", 0)
        for b, count in enumerate((2, 2, 4, 4, 1), 1):
            if b > 1:
                self.add_module(f"pool{b - 1}", nn.MaxPool2d(2))
            for c in range(1, count + 1):
                self.add_module(f"conv{b}_{c}", self.made(state, f"conv{b}{c}", 1))
                self.add_module(f"relu{b}_{c}", nn.ReLU())
                if c == 1:
                    self.add_module(f"aux{b}_1", nn.Sequential(self.made(state, f"conv{b}1_aux", 0), nn.ReLU()))

    @staticmethod
    def made(state: dict[str, torch.Tensor], name: str, padding: int) -> nn.Conv2d:
        weight = state[f"{name}.weight"]
        conv = nn.Conv2d(weight.shape[1], weight.shape[0], weight.shape[2], padding=padding, padding_mode="reflect")
        conv.load_state_dict({"weight": weight, "bias": state[f"{name}.bias"]})
        return conv

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for name, layer in self.named_children():
            if name.startswith("aux"):
                layer(x)
            else:
                x = layer(x)
        return x.mean((2, 3))


def judge(shared: Path) -> Any:
    """The judge as a module."""
    spec = importlib.util.spec_from_file_location("judge", shared / "tools" / "judge.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def sweep(net: lens.Net, shared: Path, out: Path, weights: Sequence[float] = WEIGHTS, **more: Any) -> list[dict[str, float]]:
    """For each content weight the means over the pairs; the pictures are left in `out`."""
    judged, rows, more = judge(shared), [], {"size": SIDE} | more
    for weight in weights:
        told, began = [], time.monotonic()
        for content, style in PAIRS:
            photo, painting = out / f"{content}.png", shared / "data" / "paintings" / f"{style}.jpg"
            if not photo.exists():
                Image.fromarray(getattr(data, content)()).save(photo)
            target = out / f"{content}-{net.name}-{weight:g}.png"
            zorki.style.transfer(net, photo, painting, content_weight=weight, **more).save(target, force=True)
            told.append(next(iter(judged.judge(photo, painting, [target]))))
        means = {key: float(np.mean([t[key] for t in told])) for key in ("style_left", "vgg19", "squeezenet", "content_error")}
        rows.append({"weight": weight, **means, "seconds": (time.monotonic() - began) / len(PAIRS)})
        print(
            "  ".join(f"{k} {v:.3f}" for k, v in rows[-1].items()),
            "|",
            " ".join(f"{t['style_left']:.3f}/{t['content_error']:.2f}" for t in told),
            flush=True,
        )
    return rows


def at(rows: Sequence[dict[str, float]], key: str, error: float = AT) -> float:
    """The figure where the sweep's content error passes through `error`, in a straight line between its neighbours."""
    ordered = sorted(rows, key=lambda r: r["content_error"])
    return float(np.interp(error, [r["content_error"] for r in ordered], [r[key] for r in ordered]))


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--shared", type=Path, required=True, help="the folder with tools/judge.py, data/paintings and data/weights")
    p.add_argument("--model", default="eye")
    p.add_argument("--file", type=Path, help="other numbers for that model, as its first version's")
    p.add_argument("--surrogate", action="store_true", help="the distilled VGG-19 in its place")
    p.add_argument("--weights", type=float, nargs="*", default=WEIGHTS)
    p.add_argument("--out", type=Path)
    a = p.parse_args()
    net, more = zorki.load(a.model, weights=a.file), {}
    if a.surrogate:
        net = lens.Net(
            Surrogate(a.shared / "data" / "weights" / "distilled_vgg19_16x.safetensors").eval(), name="surrogate", side=224, step=1
        )
        more = {"layers": tuple(f"aux{b}_1" for b in range(1, 6)), "content_layer": "relu4_2"}
    folder = a.out or Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    rows = sweep(net, a.shared, folder, a.weights, **more)
    print(f"at a content error of {AT}: style_left {at(rows, 'style_left'):.3f}, squeezenet {at(rows, 'squeezenet'):.3f}")


if __name__ == "__main__":
    main()
