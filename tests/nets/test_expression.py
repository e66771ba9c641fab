"""The net of expressions: sizes, grey and colour, light, mirror images, and how many numbers it has."""

from __future__ import annotations

import pytest
import torch

from zorki.nets.expression import CLASSES, Expression

pytestmark = pytest.mark.tiny


def made(**more: object) -> Expression:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Expression(**more).eval()  # type: ignore[arg-type]


def drawn(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1))


@torch.inference_mode()
def test_faces_of_any_size_in_colour_or_grey() -> None:
    net = made()
    assert sum(p.numel() for p in net.parameters()) <= 1_000_000
    for h, w in ((48, 48), (64, 64), (1, 1), (37, 61)):
        grey = drawn(2, 1, h, w)
        logits = net(grey)
        assert logits.shape == (2, len(CLASSES))
        assert torch.allclose(net(grey.expand(-1, 3, -1, -1)), logits, atol=1e-4)


@torch.inference_mode()
def test_red_green_and_blue_are_as_bright_as_people_see_them() -> None:
    x = drawn(1, 3, 48, 48)
    grey = 0.299 * x[:, :1] + 0.587 * x[:, 1:2] + 0.114 * x[:, 2:]
    assert torch.allclose(made()(x), made()(grey), atol=1e-4)


@torch.inference_mode()
def test_neither_light_nor_mirror_counts() -> None:
    net, x = made(), drawn(3, 1, 48, 48)
    there = net(x)
    assert torch.allclose(net(x.flip(3)), there, atol=1e-5)
    assert torch.allclose(net(0.4 * x + 0.3), there, atol=0.05 * float(there.std()))
    plain = made(mirrored=False)
    assert torch.allclose((plain(x) + plain(x.flip(3))) / 2, there, atol=1e-5)
    assert not torch.allclose(plain(x), there, atol=1e-3)


@torch.inference_mode()
def test_an_even_face_is_not_made_into_noise() -> None:
    level = made().level
    assert level(torch.full((1, 1, 8, 8), 0.7)).abs().max() < 1e-4
    noise = 0.5 + 0.001 * torch.randn(1, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    assert level(noise).std() < 0.1
    assert level(drawn(1, 3, 48, 48)).std() == pytest.approx(1, abs=0.01)


def test_it_is_made_again_from_what_it_says_of_itself() -> None:
    net = made(widths=[16, 32], strides=[2, 1], classes=3, stem=8)
    again = Expression(**net.sizes())
    again.load_state_dict(net.state_dict())
    x = drawn(1, 1, 20, 20)
    with torch.inference_mode():
        assert torch.equal(net(x), again.eval()(x))
