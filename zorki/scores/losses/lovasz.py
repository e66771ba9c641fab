"""The Lovász-Softmax loss: one minus the intersection over union itself, made continuous.

Source: Berman, Triki, Blaschko 2018, equations 8, 9 and algorithm 1; the mean over the classes that are there, over the whole batch.
"""

from __future__ import annotations

from typing import Any

import torch

from zorki.scores.losses import _pixels

ONE = 0x3F800000  # the bits of 1.0 in float32; numbers ≥ 0 are in the order of their bits
LAST = 1 << 62  # larger than any key


def loss(logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> torch.Tensor:
    """A scalar in 0..1. logits: (b, k, h, w). truth: (b, h, w), 255 = void. weights: (k,)."""
    p = _pixels.reckoned(logits).softmax(1)
    classes, valid = _pixels.known(truth)
    present = torch.bincount(classes[valid], minlength=p.shape[1]) > 0
    each: torch.Tensor = _ByClass.apply(p, classes, valid, present)  # type: ignore[no-untyped-call]
    return _pixels.mean_of_classes(each, present, weights)


class _ByClass(torch.autograd.Function):
    """(k,): the loss of each class that is present, 0 of others. p: (b, k, h, w); classes, valid: (b, h, w); present: (k,).

    It is linear in the sorted errors, so the slope comes with the value, in the memory that holds the probabilities class by class: nothing
    else of their size is made.
    """

    @staticmethod
    def forward(ctx: Any, p: torch.Tensor, classes: torch.Tensor, valid: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        planes = p.movedim(1, 0).clone(memory_format=torch.contiguous_format)
        classes, known, each = classes.flatten(), int(valid.sum()), p.new_zeros(len(present))
        places = torch.where(valid.flatten(), torch.arange(0, 2 * len(classes), 2, device=p.device), LAST)
        for c, (plane, there) in enumerate(zip(planes.flatten(1), present.tolist(), strict=True)):
            if there:
                here = classes == c
                errors = (plane - here.to(p.dtype)).abs()
                order, of_class = falling(errors, places, here, known)
                steps = jaccard_steps(of_class)
                plane.zero_().scatter_(0, order, torch.where(of_class, -steps, steps).to(p.dtype))
                each[c] = (errors * plane.abs()).sum()
            else:
                plane.zero_()
        ctx.save_for_backward(planes.movedim(0, 1))
        return each

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        (slopes,) = ctx.saved_tensors
        return slopes * grad[:, None, None], None, None, None


def falling(errors: torch.Tensor, places: torch.Tensor, here: torch.Tensor, known: int) -> tuple[torch.Tensor, torch.Tensor]:
    """(known,) twice: where the largest of errors ≥ 0 stands, where the next, and of each whether it is `here`; of equals the first comes first.

    places: (n,), twice the place of each, LAST where it is void. Place and `here` are written behind the error's bits in one whole number:
    on a CPU numpy sorts such ten times as fast as torch sorts errors and places side by side.
    """
    keys = ((ONE - errors.float().view(torch.int32)).long() << 32).add_(places).add_(here)
    if keys.device.type == "cpu":
        keys.numpy().sort()
    else:
        keys = keys.sort().values
    tail = keys[:known].bitwise_and_(0xFFFFFFFF)
    return tail >> 1, (tail & 1).bool()


def jaccard_steps(here: torch.Tensor) -> torch.Tensor:
    """(n,): by how much 1 − I/U grows when one more pixel is got wrong, in the order given.

    here: (n,), which pixels are of the class. One of the class leaves the intersection I, another joins the union U: differences of 1 − I/U
    themselves would lose all their digits among millions of pixels.
    """
    found = here.cumsum(0)
    left = found[-1] - found
    union = (left + torch.arange(1, len(here) + 1, device=here.device)).float()
    return torch.where(here, 1, left / (union - 1)) / union
