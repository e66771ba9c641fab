"""Batch norms folded into the convolutions before them, for a net that has learnt: the same answers by fewer passes over the maps."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

CONVS = (nn.Conv2d, nn.ConvTranspose2d)


def folded(net: nn.Module) -> nn.Module:
    """A copy in eval mode whose parameters want no gradient; each batch norm that stands right behind a convolution is an Identity, so all else keeps
    its name.

    A norm is taken to read the convolution that its parent lists before it, as in nn.Sequential and in all of `zorki/nets`.
    """
    out = copy.deepcopy(net).eval().requires_grad_(False)
    for parent, (conv_name, conv), (norm_name, norm) in pairs(out):
        setattr(parent, conv_name, fuse_conv_bn_eval(conv, norm, isinstance(conv, nn.ConvTranspose2d)))
        setattr(parent, norm_name, nn.Identity())
    return out


def pairs(net: nn.Module) -> Iterator[tuple[nn.Module, tuple[str, Any], tuple[str, Any]]]:
    """Convolutions with the norm behind them, and what holds both."""
    for parent in net.modules():
        for before, after in pairwise(list(parent.named_children())):
            if isinstance(before[1], CONVS) and isinstance(after[1], nn.BatchNorm2d) and before[1].out_channels == after[1].num_features:
                yield parent, before, after
