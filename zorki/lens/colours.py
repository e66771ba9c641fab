"""Whether a net tells colours apart, found by trying: what makes pictures grey first is the same to any two colours of one brightness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from zorki.core.errors import InputError
from zorki.core.seeds import normal, uniform

if TYPE_CHECKING:
    from zorki.lens.net import Net

SIDE = 64
ASKED = 3  # mixtures of its answer that are asked for: of one alone all pixels of a net without bends have one direction
ALIKE = 1e-4  # of the gradient: how much of it may lie across its main direction among red, green and blue


def told(net: Net) -> bool:
    """False only of one that takes three channels and whose slopes at a picture of noise, pixel by pixel and whatever of its answer is asked for, all point in one
    direction among red, green and blue, in which all three count alike in sign, as they do in every grey."""
    if net.channels != 3:
        return True
    x = uniform((net.batch or 1, 3, *small(net)), 0, "colours").to(net.device)
    try:
        with torch.inference_mode(False), torch.enable_grad():
            x = x.clone().requires_grad_(True)
            answer = net.logits(x).float()
            asked = [(answer * normal(answer.shape, seed, "colours").to(answer.device)).sum() for seed in range(ASKED)]
            slopes = [torch.autograd.grad(one, [x], retain_graph=True)[0][0].detach().float().flatten(1).cpu() for one in asked]
    except (InputError, RuntimeError):  # no gradient comes back: nothing is known
        return True
    slope = torch.cat(slopes, 1)
    if not bool(slope.isfinite().all()) or not bool(slope.any()):
        return True
    main, sizes, _ = torch.linalg.svd(slope / slope.abs().max(), full_matrices=False)
    grey = float(sizes[1]) <= ALIKE * float(sizes[0]) and bool((main[:, 0] * main[0, 0] > 0).all())
    return not grey


def small(net: Net) -> tuple[int, int]:
    """A size at which this is quickly tried: the net's own, or about SIDE where it takes others."""
    if min(net.hw) <= SIDE or not net.step():
        return net.hw
    multiple = net.multiple()
    return (-(-SIDE // multiple) * multiple,) * 2
