"""A convolution that halves a picture: where it is only computed it is done without a padded copy, and comes to the same."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from zorki.nets import efficientnet_lite
from zorki.nets.efficientnet_lite import SameConv

pytestmark = pytest.mark.tiny


def one(kernel: int, groups: int) -> SameConv:
    torch.manual_seed(0)
    return SameConv(8, 8, kernel, stride=2, groups=groups).requires_grad_(False)


def by_rule(conv: SameConv, x: torch.Tensor) -> torch.Tensor:
    """As TensorFlow says it: as many outputs as half the inputs, rounded up; what is padded for that lies right and below, where it is odd one more there."""
    k, (h, w) = conv.kernel_size[0], x.shape[-2:]
    high, wide = (max((-(-n // 2) - 1) * 2 + k - n, 0) for n in (h, w))
    padded = F.pad(x, (wide // 2, wide - wide // 2, high // 2, high - high // 2)).double()
    return F.conv2d(padded, conv.weight.double(), None if conv.bias is None else conv.bias.double(), stride=2, groups=conv.groups).float()


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("groups", [1, 8])
@pytest.mark.parametrize("hw", [(12, 10), (2, 4), (13, 10), (11, 7), (1, 1)])
@pytest.mark.parametrize("last", [False, True])
def test_it_is_what_the_rule_says_of_every_size(kernel: int, groups: int, hw: tuple[int, int], last: bool) -> None:
    conv, x = one(kernel, groups), torch.randn(2, 8, *hw)
    x = x.contiguous(memory_format=torch.channels_last) if last else x
    assert torch.allclose(conv(x), by_rule(conv, x), atol=1e-5)


def test_no_copy_is_padded_where_it_is_only_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    conv, x, padded = one(3, 8), torch.randn(1, 8, 12, 10), list[tuple[int, ...]]()
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX2")
    real = F.pad
    monkeypatch.setattr(efficientnet_lite.F, "pad", lambda given, pads: (padded.append(tuple(given.shape)), real(given, pads))[1])
    conv(x)
    assert padded == [(8, 1, 3, 3)], "only the kernel, which is small"
    conv(x[..., :11, :])
    assert padded.pop() == (1, 8, 11, 10), "of an odd side the padding is even"
    conv(x.requires_grad_())
    assert padded.pop() == (1, 8, 12, 10), "where it learns nothing is added to what is multiplied"


def test_whoever_counts_multiplications_counts_the_nets_own() -> None:
    with FlopCounterMode(display=False) as count:
        one(3, 8)(torch.randn(1, 8, 12, 10))
    assert count.get_total_flops() == 2 * 8 * 9 * 6 * 5
