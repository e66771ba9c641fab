"""A net softened for painting: average pooling, repeated borders, the same numbers, the original untouched."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.toys import state, toy
from zorki.nets.soften import soften

pytestmark = pytest.mark.tiny


def test_it_is_the_net_with_average_pools_and_repeated_borders() -> None:
    net, x = toy(), torch.rand(2, 3, 16, 16)
    before = state(net)
    soft = soften(net)
    with torch.no_grad():
        y = F.relu(F.conv2d(F.pad(x, (1, 1, 1, 1), "replicate"), net[0].weight, net[0].bias))
        y = F.avg_pool2d(y, 2)
        y = F.relu(F.conv2d(F.pad(y, (1, 1, 1, 1), "replicate"), net[3].weight, net[3].bias))
        expected = net[7](y.mean((2, 3)))
        assert torch.allclose(soft(x), expected, atol=1e-6)
        assert not torch.allclose(net(x), expected, atol=1e-4)
    assert state(net) == before
    assert all(a is b for a, b in zip(net.parameters(), soft.parameters(), strict=True)), "no memory for a second copy"


def test_a_flat_picture_has_no_frame() -> None:
    """With zeros around it, the border of a flat picture answers unlike its middle."""
    soft = soften(toy()[:5])
    with torch.no_grad():
        y = soft(torch.full((1, 3, 16, 16), 0.6))
    assert torch.allclose(y, y[..., 3:4, 3:4].expand_as(y), atol=1e-6)


def test_what_has_no_such_layers_stays_what_it_is() -> None:
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding="same"), nn.MaxPool2d(2, dilation=2))
    x = torch.rand(1, 3, 12, 12)
    assert torch.equal(soften(net)(x), net(x))
