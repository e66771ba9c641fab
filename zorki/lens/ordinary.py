"""Nets whose numbers were made inside `torch.inference_mode()`, which nothing can be differentiated through."""

from __future__ import annotations

import copy
from collections.abc import Iterator

import torch
from torch import nn

from zorki.core.errors import InputError


def ordinary(module: nn.Module) -> nn.Module:
    """The module itself, or a copy with ordinary numbers where it holds any of inference mode; the original is untouched."""
    if not any(x.is_inference() for x in (*module.parameters(), *module.buffers())):
        return module
    marked = {id(x): x for x in tensors(module) if x.is_inference()}
    with torch.inference_mode(False), torch.no_grad():
        memo: dict[int, object] = {key: cleared(x) for key, x in marked.items()}
        try:
            return copy.deepcopy(module, memo)
        except Exception as error:
            raise InputError(
                f"{type(module).__name__} was made inside torch.inference_mode() and cannot be copied.",
                f"It says {' '.join(str(error).split())[:160]!r}.",
                "Make it outside.",
            ) from error


def cleared(x: torch.Tensor) -> torch.Tensor:
    """The same numbers as an ordinary tensor."""
    return nn.Parameter(x.clone(), x.requires_grad) if isinstance(x, nn.Parameter) else x.clone()


def tensors(module: nn.Module) -> Iterator[torch.Tensor]:
    """All that a net's modules hold, registered or not."""
    yield from module.parameters()
    yield from module.buffers()
    for part in module.modules():
        yield from (x for x in vars(part).values() if isinstance(x, torch.Tensor))
