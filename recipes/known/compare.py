"""Our known nets beside torchvision's: the same parameters, the same logits, and what torchvision says of its weights.

`python -m recipes.known.compare --out tests/nets/torchvision.json` needs torchvision, which Zorki does not: run it where that
is installed. The tests read the record that it writes and hold our nets to it without torchvision.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from zorki.nets.alexnet import IMAGENET_MEAN, IMAGENET_STD, AlexNet
from zorki.nets.deep_vgg import DeepVgg
from zorki.nets.googlenet import GoogLeNet
from zorki.nets.resnet import ResNet
from zorki.nets.squeezenet import SqueezeNet

NETS: dict[str, Callable[..., nn.Module]] = {
    "alexnet": AlexNet,
    "vgg16": partial(DeepVgg, 16),
    "vgg19": partial(DeepVgg, 19),
    "googlenet": GoogLeNet,
    "resnet18": partial(ResNet, 18),
    "resnet50": partial(ResNet, 50),
    "squeezenet1_0": partial(SqueezeNet, "1_0"),
    "squeezenet1_1": partial(SqueezeNet, "1_1"),
}
SIZES = ((224, 224), (96, 131), (251, 300))  # maps as large as the linear layers expect, smaller, larger
CLOSE = 1e-4  # of the largest logit


def seeded(name: str, shape: Sequence[int]) -> np.ndarray[Any, Any]:
    """Numbers for the parameter or buffer of this name, the same on every machine.

    Weights are scaled by what goes in (He et al. 2015), so that activations neither vanish nor explode.
    """
    kind = name.rpartition(".")[2]
    if kind == "num_batches_tracked":
        return np.zeros(shape, np.int64)
    x = np.random.default_rng(zlib.crc32(name.encode())).random(shape, dtype=np.float32)
    if kind == "running_var" or (kind == "weight" and len(shape) == 1):  # of batch norm: 0.5 … 1.5
        return x + np.float32(0.5)
    x -= np.float32(0.5)
    x *= np.float32(2 * math.sqrt(6 / math.prod(shape[1:])) if len(shape) > 1 else 0.2)
    return x


def seeded_state(shapes: Mapping[str, Sequence[int]]) -> dict[str, torch.Tensor]:
    """A whole state dict of `seeded` numbers."""
    return {name: torch.from_numpy(seeded(name, shape)) for name, shape in shapes.items()}


def picture(height: int, width: int) -> torch.Tensor:
    """(1, 3, height, width) in 0..1: patches of colour with a grain."""
    chance = np.random.default_rng(height * width)
    patches = chance.random((3, height // 16 + 1, width // 16 + 1)).repeat(16, 1).repeat(16, 2)[:, :height, :width]
    grain = chance.random((3, height, width))
    return torch.from_numpy((0.7 * patches + 0.3 * grain).astype(np.float32))[None]


def built(build: Callable[..., nn.Module], state: Mapping[str, torch.Tensor]) -> nn.Module:
    """A net in eval mode with the very tensors of `state`: nothing is allocated twice."""
    with torch.device("meta"):
        net = build()
    net.load_state_dict(state, strict=True, assign=True)
    return net.eval()


def figures(logits: torch.Tensor) -> dict[str, Any]:
    """What is kept of a picture's logits."""
    x = logits[0].double()
    return {
        "first": [round(v, 6) for v in x[:8].tolist()],
        "mean": round(float(x.mean()), 6),
        "std": round(float(x.std()), 6),
        "largest": round(float(x.abs().max()), 6),
    }


def published(weights: Any) -> dict[str, Any]:
    """What torchvision says of one weight file."""
    meta, transforms = weights.meta, weights.transforms()
    return {
        "url": weights.url,
        "acc@1": meta["_metrics"]["ImageNet-1K"]["acc@1"],
        "acc@5": meta["_metrics"]["ImageNet-1K"]["acc@5"],
        "num_params": meta["num_params"],
        "min_size": list(meta["min_size"]),
        "file_size_mb": meta["_file_size"],
        "giga_multiply_adds": meta["_ops"],
        "resize": transforms.resize_size[0],
        "crop": transforms.crop_size[0],
        "interpolation": transforms.interpolation.value,
        "mean": list(transforms.mean),
        "std": list(transforms.std),
        "recipe": meta.get("recipe", ""),
        "license": meta.get("license", ""),
        "says": " ".join(meta["_docs"].split()),
    }


@torch.inference_mode()
def compared(name: str, theirs: nn.Module) -> dict[str, Any]:
    """The record of one net. Raises ValueError where ours is not theirs."""
    shapes = {key: list(value.shape) for key, value in theirs.state_dict().items()}
    state = seeded_state(shapes)
    theirs.load_state_dict(state, strict=True)
    ours = built(NETS[name], state)
    if [[k, list(v.shape)] for k, v in ours.state_dict().items()] != [[k, s] for k, s in shapes.items()]:
        raise ValueError(f"{name}: our state dict has the same keys, but not in the same order or of the same shapes.")
    count = sum(p.numel() for p in theirs.parameters())
    if sum(p.numel() for p in ours.parameters()) != count:
        raise ValueError(f"{name}: the counts of parameters differ.")
    mean, std = (torch.tensor(v).view(-1, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
    checks = []
    for height, width in SIZES:
        x = picture(height, width)
        expected = theirs.eval()((x - mean) / std)
        difference = float((ours(x) - expected).abs().max() / expected.abs().max())
        print(f"{name:14} {height} × {width}: logits differ by {difference:.1e} of the largest, {expected.abs().max():.4g}")
        if not difference <= CLOSE:
            raise ValueError(f"{name} at {height} × {width}: logits differ by {difference:.1e} of the largest.")
        checks.append({"size": [height, width], "difference": float(f"{difference:.1e}"), **figures(expected)})
    return {"parameters": count, "checks": checks, "keys": [[k, s] for k, s in shapes.items()]}


def written(record: Mapping[str, Any]) -> str:
    """JSON with one line for each key, check or weight file."""
    lines = ["{", f'"made_with": {json.dumps(record["made_with"])},', '"nets": {']
    for i, (name, net) in enumerate(record["nets"].items()):
        lines += [f"{json.dumps(name)}: {{", f'"parameters": {net["parameters"]},']
        for part in ("weights", "checks", "keys"):
            held = net[part]
            rows = (
                [f"{json.dumps(k)}: {json.dumps(v)}" for k, v in held.items()] if isinstance(held, dict) else [json.dumps(v) for v in held]
            )
            opening, closing = "{}" if isinstance(held, dict) else "[]"
            lines += [f'"{part}": {opening}', ",\n".join(rows), closing + ("," if part != "keys" else "")]
        lines.append("}," if i < len(record["nets"]) - 1 else "}")
    return "\n".join([*lines, "}", "}"]) + "\n"


def main() -> None:
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, required=True)
    a = p.parse_args()
    import torchvision
    from torchvision import models

    record: dict[str, Any] = {"made_with": {"torch": torch.__version__, "torchvision": torchvision.__version__}, "nets": {}}
    for name in NETS:
        more = {"aux_logits": True, "transform_input": True, "init_weights": False} if name == "googlenet" else {}
        net = compared(name, models.get_model(name, weights=None, **more))
        kinds = models.get_model_weights(name)
        wanted = ("IMAGENET1K_V1", "IMAGENET1K_V2") if name == "resnet50" else ("IMAGENET1K_V1",)
        record["nets"][name] = net | {"weights": {kind: published(kinds[kind]) for kind in wanted}}
    a.out.write_text(written(record), encoding="utf-8")


if __name__ == "__main__":
    main()
