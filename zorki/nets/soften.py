"""A copy of a network that paints better: average pooling for max pooling, repeated borders for black ones.

Source: Gatys, Ecker, Bethge 2016, section 2 (average pooling gives slightly more appealing pictures).
Differs: borders are repeated outwards, so that the frame of a picture is not painted as an edge.
"""

from __future__ import annotations

import copy

import torch
from torch import nn


def soften(module: nn.Module) -> nn.Module:
    """The copy shares the original's parameters and takes no further memory for them; the original is untouched.

    A module with nothing to soften (an exported one hides its layers' kinds) is given back as it is.
    """
    if not any(averaged(m) or bordered(m) for m in module.modules()):
        return module
    scripted = [m for m in module.modules() if isinstance(m, torch.jit.ScriptModule)]  # cannot be copied, and softened neither
    shared: dict[int, object] = {id(x): x for x in [*module.parameters(), *module.buffers(), *scripted]}
    out = copy.deepcopy(module, shared)
    for parent in list(out.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MaxPool2d) and averaged(child):
                setattr(
                    parent, name, nn.AvgPool2d(child.kernel_size, child.stride, child.padding, child.ceil_mode, count_include_pad=False)
                )
            elif isinstance(child, nn.Conv2d) and bordered(child) and isinstance(child.padding, tuple):
                child.padding_mode = "replicate"
                child._reversed_padding_repeated_twice = [p for p in reversed(child.padding) for _ in range(2)]  # what Conv2d pads by
    return out


def averaged(m: nn.Module) -> bool:
    """Whether it is a max pooling that an average can stand in for."""
    return isinstance(m, nn.MaxPool2d) and m.dilation == 1 and not m.return_indices


def bordered(m: nn.Module) -> bool:
    """Whether it is a convolution that puts zeros around the picture."""
    return isinstance(m, nn.Conv2d) and m.padding_mode == "zeros" and not isinstance(m.padding, str)
