"""Whether a net tells colours apart, found by trying: what makes pictures grey first is the same to any two colours of one brightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from zorki.core.errors import InputError
from zorki.core.seeds import normal, uniform

if TYPE_CHECKING:
    from zorki.lens.net import Net

SIDE = 64
ALIKE = 1e-4  # of the gradient: how much of it may lie across its main direction among red, green and blue


def told(net: Net) -> bool:
    """False only of one that takes three channels and whose slopes at a picture of noise, pixel by pixel, all point in one direction among red, green and blue."""
    if net.channels != 3:
        return True
    x = uniform((net.batch or 1, 3, *small(net)), 0, "colours").to(net.device)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            x = x.clone().requires_grad_(True)
            answer = net.logits(x).float()
            (slope,) = torch.autograd.grad((answer * normal(answer.shape, 0, "colours").to(answer.device)).sum(), [x])
    except (InputError, RuntimeError):  # no gradient comes back: nothing is known
        return True
    sizes = torch.linalg.svdvals(slope[0].detach().flatten(1).double().cpu())
    return not (bool(slope.isfinite().all()) and float(sizes[0]) > 0 and float(sizes[1]) <= ALIKE * float(sizes[0]))


def small(net: Net) -> tuple[int, int]:
    """A size at which this is quickly tried: the net's own, or about SIDE where it takes others."""
    if min(net.hw) <= SIDE or not net.step():
        return net.hw
    multiple = net.multiple()
    return (-(-SIDE // multiple) * multiple,) * 2
