"""Receptive fields and costs: the rows of the papers, and the truth by perturbation."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from lens_nets import ResNet, Vgg16, alexnet, zf
from torch import nn

from zorki import lens

pytestmark = pytest.mark.unit


def square(field: lens.ReceptiveField | None) -> tuple[float, float, float]:
    assert field is not None
    assert field.size[0] == field.size[1]
    assert field.offset[0] == field.offset[1]
    return field.size[0], field.stride[0], field.offset[0]


def fields(net: nn.Module, names: list[str], side: int = 224) -> list[tuple[float, float, float]]:
    found = lens.Net(net, side=side)
    return [square(found.layer(name).receptive_field) for name in names]


def test_alexnet() -> None:
    rows = [(11, 4, -2), (51, 8, -18), (99, 16, -34), (131, 16, -50), (163, 16, -66)]
    assert fields(alexnet(), [f"conv{i}" for i in range(1, 6)]) == rows


def test_zf() -> None:
    assert [row[0] for row in fields(zf(), [f"conv{i}" for i in range(1, 6)])] == [7, 27, 75, 107, 139]


def test_vgg16() -> None:
    net = lens.Net(Vgg16(), side=224)
    names = ["conv1_2", "conv2_2", "conv3_3", "conv4_3", "conv5_3"]
    found = [square(net.layer(f"features.{name}").receptive_field) for name in names]
    assert found == [(5, 1, -2), (14, 2, -6), (40, 4, -18), (92, 8, -42), (196, 16, -90)]
    assert round(net.layers().macs / 1e9, 2) == 15.47
    assert net.layers().parameters == 138_357_544
    assert net.layer("classifier.0").receptive_field is None


LAYERS = [f"layer{i}" for i in range(1, 5)]


def test_resnet18() -> None:
    net = lens.Net(ResNet((2, 2, 2, 2), 1), side=224)
    found = [square(net.layer(name).receptive_field) for name in LAYERS]
    assert found == [(43, 4, -21), (99, 8, -49), (211, 16, -105), (435, 32, -217)]
    assert round(net.layers().macs / 1e9, 3) == 1.814
    assert net.layers().parameters == 11_689_512
    assert net.layer("avgpool").receptive_field is None
    assert net.layer("layer1").macs == sum(net.layer(f"layer1.{b}.convs.{c}").macs for b in (0, 1) for c in (0, 1))


@pytest.mark.parametrize(("early", "sizes"), [(False, [35, 91, 267, 427]), (True, [35, 99, 291, 483])])
def test_resnet50(early: bool, sizes: list[int]) -> None:
    assert [row[0] for row in fields(ResNet((3, 4, 6, 3), 4, early), LAYERS, 64)] == sizes


def test_box_and_clip() -> None:
    field = lens.ReceptiveField((11, 5), (4, 2), (-2, -1))
    assert field.box(0, 0) == (-1, -2, 5, 11)
    assert field.box(3, 10) == (19, 10, 5, 11)
    assert field.clip(0, 0, (20, 20)) == (0, 0, 4, 9)
    assert field.clip(3, 10, (18, 22)) == (19, 10, 3, 8)
    assert field.clip(99, 99, (20, 20))[2:] == (0, 0)


def positive(net: nn.Module) -> nn.Module:
    """float64, weights above zero, so that no influence cancels."""
    for p in net.parameters():
        p.data = torch.rand_like(p) + 0.1
    return net.double()


def support(net: nn.Module, x: torch.Tensor, i: int, j: int) -> tuple[int, int, int, int]:
    """(left, top, width, height) of the pixels that unit (i, j) depends on, by its gradient."""
    x = x.clone().requires_grad_()
    net(x)[0, :, i, j].sum().backward()
    assert x.grad is not None
    rows, columns = torch.nonzero(x.grad.abs().sum((0, 1)), as_tuple=True)
    top, left = int(rows.min()), int(columns.min())
    return left, top, int(columns.max()) + 1 - left, int(rows.max()) + 1 - top


windows = st.builds(
    lambda kind, k, s, p, d: (
        nn.Conv2d(2, 2, k, s, tuple(min(one, two // 2) for one, two in zip(p, k, strict=True)), d)
        if kind == "conv"
        else nn.AvgPool2d(k, s, tuple(min(one, two // 2) for one, two in zip(p, k, strict=True)))
    ),
    st.sampled_from(["conv", "pool"]),
    *[st.tuples(st.integers(1, high), st.integers(1, high)) for high in (4, 3, 2, 2)],
)


@settings(max_examples=25, deadline=None)
@given(st.lists(windows, min_size=1, max_size=3), st.integers(0, 5), st.integers(0, 5))
def test_support_fills_the_box(parts: list[nn.Module], i: int, j: int) -> None:
    """Any stack of convolutions and average pools: gradients of positive weights fill the clipped box, no pixel more."""
    net = positive(nn.Sequential(*parts))
    x = torch.rand(1, 2, 64, 60, dtype=torch.float64)
    h, w = net(x).shape[2:]
    i, j = i * (h - 1) // 5, j * (w - 1) // 5
    field = lens.Net(net, channels=2, side=64).layers((64, 60))[-1].receptive_field
    assert field is not None
    left, top, width, height = support(net, x, i, j)
    box = field.clip(i, j, (64, 60))
    holes = any(
        max(getattr(part, "dilation", (1, 1))) > 1 or any(a > b for a, b in zip(part.stride, part.kernel_size, strict=True))
        for part in parts
    )
    if (holes or len(parts) > 1) and box != field.box(
        i, j
    ):  # next to padding, also of a later layer, the outermost pixels that are read may lie within the box
        assert box[0] <= left
        assert box[1] <= top
        assert left + width <= box[0] + box[2]
        assert top + height <= box[1] + box[3]
    else:
        assert (left, top, width, height) == box


class Branches(nn.Module):
    """Functional additions, concatenation, padding, slicing, a reused convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 2, 3, padding=1), nn.Conv2d(1, 2, (5, 1), padding=(2, 0))
        self.c = nn.Conv2d(4, 4, 3)
        self.end = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.cat([self.a(x), self.b(x)], 1)
        y = self.c(F.pad(y, (2, 0, 0, 2)))[:, :, 1:]
        return self.end(y + F.avg_pool2d(y, 3, 1, 1))


class Upwards(nn.Module):
    def __init__(self, how: str) -> None:
        super().__init__()
        self.a, self.how, self.end = nn.Conv2d(1, 4, 4, 2), how, nn.Identity()
        self.t = nn.ConvTranspose2d(4, 4, 3, 2, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.a(x)
        if self.how == "transposed":
            return self.end(self.t(y))
        if self.how == "shuffle":
            return self.end(F.pixel_shuffle(y, 2))
        if self.how == "summed":
            return self.end(y.cumsum(1).repeat(1, 2, 1, 1))
        if self.how == "corners":
            return self.end(F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=True))
        if self.how == "channels last":
            return self.end(F.linear(y.permute(0, 2, 3, 1), torch.ones(3, 4).to(y)).permute(0, 3, 1, 2))
        if self.how == "patches":
            b, c, h, w = y.shape
            return self.end(y.flatten(2).transpose(1, 2).transpose(1, 2).reshape(b, 2, c // 2, h, w).transpose(1, 2).flatten(1, 2))
        return self.end(F.interpolate(y, scale_factor=3 if self.how == "nearest" else 2, mode=self.how))


HOWS = ["nearest", "bilinear", "bicubic", "corners", "transposed", "shuffle", "channels last", "patches", "summed"]


@pytest.mark.parametrize("how", ["branches", *HOWS])
def test_nothing_outside_the_box_matters(how: str) -> None:
    """A change outside the box leaves the unit equal; and the box is not much too large."""
    net = positive(Branches() if how == "branches" else Upwards(how))
    x = torch.rand(1, 1, 31, 34, dtype=torch.float64)
    field = lens.Net(net, channels=1).layers((31, 34))[-1].receptive_field
    assert field is not None
    with torch.no_grad():
        y = net(x)
        for i, j in ((0, 0), (5, 7), (8, 8), (y.shape[2] - 1, y.shape[3] - 1)):
            left, top, width, height = field.clip(i, j, (31, 34))
            changed = torch.rand_like(x)
            changed[..., top : top + height, left : left + width] = x[..., top : top + height, left : left + width]
            assert torch.allclose(net(changed)[..., i, j], y[..., i, j], rtol=1e-12, atol=0)  # not equal: BLAS sums in its own order
    left, top, width, height = support(net, x, 8, 8)
    box = field.clip(8, 8, (31, 34))
    slack = 0 if how in ("branches", "channels last", "patches", "summed") else 5
    assert box[2] - width <= slack
    assert box[3] - height <= slack


@pytest.mark.parametrize(
    "part",
    [
        nn.GroupNorm(1, 4), nn.InstanceNorm2d(4), nn.AdaptiveAvgPool2d(1), nn.Softmax(2), nn.LayerNorm([12, 12]), nn.Flatten(),
        nn.AdaptiveMaxPool2d(1), nn.BatchNorm2d(4, track_running_stats=False),
    ],
)  # fmt: skip
def test_what_mixes_all_positions_sees_all(part: nn.Module) -> None:
    net = lens.Net(nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), part), side=12)
    assert net.layers()[0].receptive_field is not None
    assert net.layers()[1].receptive_field is None


def test_a_gate_of_the_whole_picture_sees_all() -> None:
    class Gated(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.end = nn.Conv2d(3, 4, 3), nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.a(x)
            return self.end(y * torch.sigmoid(y.mean((2, 3), keepdim=True)))

    assert lens.Net(Gated(), side=16).layer("end").receptive_field is None


def test_written_parts_are_not_forgotten() -> None:
    class Written(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.a, self.end = nn.Conv2d(3, 4, 3, padding=1), nn.Identity()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = x.new_zeros(1, 4, *x.shape[2:])
            y[:, :, ::2] = self.a(x)[:, :, 1::2]
            return self.end(y + x[:, :1])

    assert lens.Net(Written(), side=16).layer("end").receptive_field is None
