"""Which of an encoder's maps the way back reads: found by trying, so that it holds for any."""

from __future__ import annotations

from typing import Literal

import torch

from zorki.core.seeds import uniform
from zorki.nets.segmenter import Segmenter

Reads = Literal["values", "places"]


def reading(net: Segmenter) -> tuple[tuple[int, Reads | None], ...]:
    """Of each map its stride, and what the way back takes from it: its values; only the places of its largest, where the answer changes with it but has no slope
    to it; nothing. The net stays as it is."""
    training = net.training
    net.eval()
    try:
        x = uniform((1, int(net.sizes()["channels"]), 2 * net.step, 2 * net.step), 0, "reading").to(next(net.parameters()).device)
        with torch.enable_grad():
            maps = [m.detach().clone().requires_grad_() for m in net.encoder(x)]
            before = net.decoder(x, maps)
            slopes = torch.autograd.grad(before.sum(), maps, allow_unused=True)
        found: list[tuple[int, Reads | None]] = []
        for k, (stride, slope) in enumerate(zip(net.encoder.strides, slopes, strict=True)):
            other = [m if i != k else m.flip(2, 3) for i, m in enumerate(maps)]
            with torch.no_grad():
                changes = slope is None and not torch.equal(net.decoder(x, other), before)
            found.append((stride, "values" if slope is not None else "places" if changes else None))
        return tuple(found)
    finally:
        net.train(training)
