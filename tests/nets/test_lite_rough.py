"""A depthwise convolution of a training in bfloat16 computes in float32 and hands on bfloat16; everything else of it stays as it was."""

from __future__ import annotations

import pytest
import torch

from zorki.nets.efficientnet_lite import SameConv

pytestmark = pytest.mark.tiny


def conv(stride: int, groups: int) -> SameConv:
    torch.manual_seed(0)
    return SameConv(8, 8, 5, stride=stride, groups=groups)


@pytest.mark.parametrize("stride", [1, 2])
def test_depthwise_is_float32s_rounded_once(stride: int) -> None:
    one, x = conv(stride, 8), torch.randn(2, 8, 13, 10).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        y = one(x)
        y.float().sum().backward()
    assert torch.equal(y, one(x.float()).bfloat16())
    assert one.weight.grad is not None
    assert one.weight.grad.dtype == torch.float32
    expected = torch.autograd.grad(one(x.float()).sum(), one.weight)[0]
    assert torch.allclose(one.weight.grad, expected, atol=1e-4)


def test_what_mixes_channels_and_what_only_looks_is_bfloat16s() -> None:
    x = torch.randn(2, 8, 13, 10)
    with torch.autocast("cpu", torch.bfloat16):
        assert conv(1, 1)(x).dtype == torch.bfloat16
        with torch.no_grad():
            assert conv(1, 8)(x).dtype == torch.bfloat16
    assert conv(1, 8)(x).dtype == torch.float32
