"""Several processes that learn one net, each on its share of a step, as if one had all of it.

Lightning's own DDP takes the mean of their slopes. That this is the slope of the whole: what a loss is reckoned of is gathered, so that each has the
loss of all (`gathered`), and a batch norm's mean and variance are those of all (`OneNorm`).

Source: Ioffe and Szegedy 2015 (batch norm); Zhang et al. 2018 (EncNet, over all devices).
"""

from __future__ import annotations

from typing import Any

import torch
from lightning.pytorch.plugins import LayerSync
from torch import distributed, nn


def count() -> int:
    """How many learn together; 1 for one alone."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


class Gather(torch.autograd.Function):
    """All have the same loss of what was gathered, so the slope of a share is known where the share is; the mean of DDP is made good."""

    @staticmethod
    def forward(ctx: Any, share: torch.Tensor) -> torch.Tensor:
        parts = [torch.empty_like(share) for _ in range(count())]
        distributed.all_gather(parts, share.contiguous())
        ctx.begin, ctx.length = distributed.get_rank() * len(share), len(share)
        return torch.cat(parts)

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> torch.Tensor:
        return slopes[0][ctx.begin : ctx.begin + ctx.length] * count()


class Total(torch.autograd.Function):
    """The sum over all processes; whatever each of them makes of it has a slope."""

    @staticmethod
    def forward(ctx: Any, of_one: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return added(of_one.clone())

    @staticmethod
    def backward(ctx: Any, *slopes: torch.Tensor) -> torch.Tensor:  # noqa: ARG004
        return added(slopes[0].clone())


def gathered(share: torch.Tensor) -> torch.Tensor:
    """(b, …) of each → (b · processes, …), by rank; itself where there is one."""
    whole: torch.Tensor = share if count() == 1 else Gather.apply(share)  # type: ignore[no-untyped-call]
    return whole


def added(of_one: torch.Tensor) -> torch.Tensor:
    """The sum over all processes, in place."""
    if count() > 1:
        distributed.all_reduce(of_one)
    return of_one


def collected(of_one: Any) -> list[Any]:
    """What each process has, by rank: anything that can be pickled."""
    out: list[Any] = [of_one] * count()
    if count() > 1:
        distributed.all_gather_object(out, of_one)
    return out


def total(of_one: torch.Tensor) -> torch.Tensor:
    """The sum over all processes."""
    whole: torch.Tensor = Total.apply(of_one)  # type: ignore[no-untyped-call]
    return whole


class Norm(nn.BatchNorm2d):
    """A batch norm over the batches of all processes, which are of one size."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or count() == 1:
            return super().forward(x)
        x32 = x.float()
        mean = total(x32.mean((0, 2, 3))) / count()
        spread = total((x32 - mean[:, None, None]).square().mean((0, 2, 3))) / count()
        with torch.no_grad():
            n = x.numel() // x.shape[1] * count()
            share = self.momentum if self.momentum is not None else 0.1
            assert self.running_mean is not None
            assert self.running_var is not None
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(spread * (n / max(1, n - 1)), share)
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.add_(1)
        gain = self.weight * (spread + self.eps).rsqrt()
        out: torch.Tensor = ((x32 - mean[:, None, None]) * gain[:, None, None] + self.bias[:, None, None]).to(x.dtype)
        return out


class OneNorm(LayerSync):
    """Makes every batch norm of a net one over all processes, and back; numbers and names stay."""

    def apply(self, model: nn.Module) -> nn.Module:
        return exchanged(model, nn.BatchNorm2d, Norm)

    def revert(self, model: nn.Module) -> nn.Module:
        return exchanged(model, Norm, nn.BatchNorm2d)


def exchanged(model: nn.Module, old: type[nn.Module], new: type[nn.Module]) -> nn.Module:
    for module in model.modules():
        if type(module) is old:
            module.__class__ = new
    return model
