"""Pooling 2×2 of maps that lie channel by channel, where torch's own goes from pixel to pixel and takes many times as long."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.autograd.function import once_differentiable

TINIEST = 1.4e-45  # the smallest float32


def fits(pool: nn.Module, x: torch.Tensor) -> bool:
    """Whether it halves maps (b, c, h, w) of even sides."""
    if type(pool) not in (nn.MaxPool2d, nn.AvgPool2d) or x.dim() != 4 or x.shape[-2] % 2 or x.shape[-1] % 2:
        return False
    plain = all(getattr(pool, name) in (2, (2, 2)) for name in ("kernel_size", "stride")) and pool.padding in (0, (0, 0))
    return plain and (not pool.return_indices if isinstance(pool, nn.MaxPool2d) else pool.divisor_override is None)


def halved(pool: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """pool(x) for a pool that fits, and x that comes out of a ReLU."""
    way = Largest if isinstance(pool, nn.MaxPool2d) else Mean
    made: torch.Tensor = way.apply(x)  # type: ignore[no-untyped-call]
    return made


def spread(x: torch.Tensor) -> torch.Tensor:
    """Each value twice, side by side, (b, c, h, w) to (b, c, h, 1, 2 w): a row that both rows of its squares can be held against."""
    return torch.view_as_real(torch.complex(x, x)).flatten(-2)[..., None, :]  # the quickest way to write something twice


def added(x: torch.Tensor) -> torch.Tensor:
    """The sum of each square of four."""
    rows = x[..., 0::2, :] + x[..., 1::2, :]
    return rows[..., 0::2] + rows[..., 1::2]


class Largest(torch.autograd.Function):
    """The largest of four. Equals share the gradient; where all are 0 the ReLU before lets none through, so what comes of that is left."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        rows = torch.maximum(x[..., 0::2, :], x[..., 1::2, :])
        out = torch.maximum(rows[..., 0::2], rows[..., 1::2])
        ctx.save_for_backward(x, out)
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> torch.Tensor:
        x, out = ctx.saved_tensors
        b, c, h, w = out.shape
        slope = back[0].contiguous()
        below = x.view(b, c, h, 2, 2 * w) - spread(out)

        def sent(some: torch.Tensor) -> torch.Tensor:
            """To where a square's largest is."""
            found: torch.Tensor = torch.ops.aten.threshold_backward(spread(some).expand_as(below), below, -TINIEST)
            return found.view_as(x)

        found, alive = sent(slope), out > 0
        given = added(found)
        if torch.equal(given * alive, slope * alive):
            return found
        return sent(torch.where(given == 0, slope, slope * (slope / given)))


class Mean(torch.autograd.Function):
    """The mean of four."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return added(x).mul_(0.25)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *back: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        b, c, h, w = back[0].shape
        return spread(back[0].contiguous() * 0.25).expand(b, c, h, 2, 2 * w).reshape(b, c, 2 * h, 2 * w)
