"""A user's net while we look at it: in eval mode, frozen, and afterwards exactly as it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import torch
from torch import nn

from zorki.lens.parts import Parts
from zorki.lens.turns import alone


@contextmanager
def quiet(module: nn.Module, parts: Parts | None = None) -> Iterator[None]:
    """Eval mode and no gradients to parameters inside; afterwards each module's mode and each parameter's flag as before.

    The random number generators and cuDNN's switches come back too, also after an exception or Ctrl-C. `.grad` is
    never touched. May be nested. Modes are set one by one, as a user's own `train()` may do more than that. Other threads wait
    that want the module too, so nothing is yielded inside. parts: the module's, where somebody has them.
    """
    with alone(module), quieted(Parts(module) if parts is None else parts):
        yield


@contextmanager
def quieted(parts: Parts) -> Iterator[None]:
    """What `quiet` does, for whoever has the module alone."""
    now = parts.now()
    modes = [(m, m.training) for m in now.modules]
    flags = [(p, p.requires_grad) for p in now.parameters]
    cudnn = torch.backends.cudnn
    switches = (cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32)
    devices = sorted({p.device.index or 0 for p, _ in flags if p.device.type == "cuda"})
    with torch.random.fork_rng(devices=devices):
        try:
            for m, _ in modes:
                m.training = False
            for p, wanted in flags:
                if wanted:
                    p.requires_grad_(False)
            yield
        finally:
            for m, mode in modes:
                m.training = mode
            for p, wanted in flags:
                if p.requires_grad != wanted:
                    p.requires_grad_(wanted)
            cudnn.enabled, cudnn.benchmark, cudnn.deterministic, cudnn.allow_tf32 = switches


def inner(module: nn.Module) -> nn.Module:
    """The eager net inside DataParallel, DistributedDataParallel and torch.compile's wrapper, in any order."""
    while True:
        if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            module = module.module
        elif isinstance(getattr(module, "_orig_mod", None), nn.Module):
            module = module._orig_mod  # type: ignore[assignment]
        else:
            return module


@contextmanager
def eager(parts: Sequence[nn.Module], *, backward: bool) -> Iterator[None]:
    """Runs a net's modules as they were written where they are compiled, so that hooks fire; and recurrent ones so that they can be differentiated.

    cuDNN's recurrent layers have no backward in eval mode, so a net that holds one runs without cuDNN here.
    """
    with ExitStack() as stack:
        if any(hasattr(m, "_orig_mod") or getattr(m, "_compiled_call_impl", None) is not None for m in parts):
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if backward and any(isinstance(m, nn.RNNBase) for m in parts) and torch.backends.cudnn.enabled:
            stack.enter_context(torch.backends.cudnn.flags(enabled=False))
        yield
