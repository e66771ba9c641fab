"""Untaught nets of Zorki's two kinds, small enough for tests that look many times."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from zorki import lens
from zorki.nets.detector import Detector
from zorki.nets.encoders import Encoder
from zorki.nets.locator import Locator

CLASSES = ("a", "b", "c")


def encoder() -> Encoder:
    """Four convolutions that halve; what it gives are maps at 8 and 16 pixels."""
    layers: list[tuple[str, nn.Module]] = []
    for i, (before, after) in enumerate(((3, 8), (8, 8), (8, 12), (12, 12)), 1):
        layers += [(f"conv{i}", nn.Conv2d(before, after, 3, 2, padding=1)), (f"relu{i}", nn.ReLU())]
    return Encoder(layers, ("relu3", "relu4"), (12, 12), (8, 16), name="small")


def started(module: Any, *last: nn.Module) -> lens.Net:
    """With numbers by which its answers differ from place to place."""
    g = torch.Generator().manual_seed(7)
    for one in module.modules():
        if isinstance(one, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(one.weight, nonlinearity="relu", generator=g)
    for one in last:
        nn.init.constant_(one.bias, 0.0)  # type: ignore[arg-type]
    return lens.Net(module.eval(), name="small", side=48, classes=CLASSES)


def detector() -> lens.Net:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = Detector(encoder(), 3, width=8, depth=1, strides=(8, 16))
    net = started(module, module.score)
    with torch.no_grad():
        module.sides.weight *= 0.2
    return net


def locator() -> lens.Net:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        module = Locator(encoder(), 3, width=8)
    return started(module)
