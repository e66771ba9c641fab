"""What the losses share: pixels that are known, and means over them."""

from __future__ import annotations

import torch

from zorki.core.void import VOID


def reckoned(logits: torch.Tensor) -> torch.Tensor:
    """The logits in a precision in which pixels can be summed: float16 ends at 65,504, bfloat16 counts to 256."""
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def known(truth: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """truth (b, h, w): class numbers with some class in place of void, and where it is not void.

    Raises ValueError for probabilities, which would be cut to class 0.
    """
    if truth.is_floating_point():
        raise ValueError("this loss compares with class numbers; with probabilities compares cross_entropy")
    truth, valid = truth.long(), truth != VOID
    return torch.where(valid, truth, 0), valid


def at_truth(scores: torch.Tensor, classes: torch.Tensor) -> torch.Tensor:
    """(b, h, w): of scores (b, k, h, w) those of the class that stands at each pixel."""
    return scores.gather(1, classes[:, None])[:, 0]


def shares(like: torch.Tensor, classes: torch.Tensor, valid: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """(b, h, w), of the type of `like`: what each pixel weighs, which is what its class does, and 0 for void."""
    return valid.to(like.dtype) if weights is None else weights.to(like)[classes] * valid


def mean(each: torch.Tensor, share: torch.Tensor) -> torch.Tensor:
    """The mean of `each`, each weighing its share; 0 where none weighs anything."""
    return (each * share).sum() / positive(share.sum())


def mean_of_classes(each: torch.Tensor, present: torch.Tensor, weights: torch.Tensor | None) -> torch.Tensor:
    """The mean of `each` (k,) over the classes that are present, each weighing what it does; 0 where none weighs anything."""
    return mean(each, present.to(each.dtype) if weights is None else weights.to(each) * present)


def positive(total: torch.Tensor) -> torch.Tensor:
    """`total` to divide by: 1 where it is 0."""
    return torch.where(total > 0, total, 1)
