"""The net of one box: any size, boxes inside the picture, one for all classes or one for each, edges as means over places."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zorki import encoding
from zorki.nets.encoders import Encoder
from zorki.nets.locator import PLACES, Edges, Locator, across, mirrored, within
from zorki.wings.locate._lesson import frozen

pytestmark = pytest.mark.tiny


def made(encoder: str | Encoder = "plain", classes: int = 3, seed: int = 0, **more: object) -> Locator:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return Locator(encoder, classes, **({"width": 8} | more)).eval()  # type: ignore[arg-type]


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("encoder", ["plain", "eye", "lite0", "none"])
def test_any_size_from_one_pixel_on(encoder: str) -> None:
    net = made(encoder)

    @settings(max_examples=6, deadline=None, derandomize=True)
    @given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 2))
    def check(h: int, w: int, b: int) -> None:
        with torch.inference_mode():
            logits, boxes = net(drawn(b, 3, h, w))
        assert logits.shape == (b, 3)
        assert boxes.shape == (b, 4)
        assert (boxes >= 0).all()
        assert (boxes[:, :2] + boxes[:, 2:] <= 1 + 1e-6).all()

    check()


def test_it_is_made_again_from_what_it_says_of_itself() -> None:
    net = made("eye", 5, each=True)
    again = Locator(**net.sizes())
    again.load_state_dict(net.state_dict())
    x = drawn(1, 3, 32, 32)
    with torch.inference_mode():
        assert all(torch.equal(a, b) for a, b in zip(net(x), again.eval()(x), strict=True))


def test_a_box_for_each_class_is_that_of_the_likeliest() -> None:
    net, x = made(each=True), drawn(4, 3, 32, 32)
    with torch.inference_mode():
        logits, boxes = net(x)
        _, every = net.answers(x)
    assert every.shape == (4, 3, 4)
    assert torch.equal(boxes, every[torch.arange(4), logits.argmax(1)])
    assert made().answers(x)[1].shape == (4, 1, 4)


def test_an_edge_is_the_mean_of_places_by_how_likely_they_are() -> None:
    """By hand: what one layer says of five columns, brought to the places, is taken as exponents."""
    edges = Edges(1, 1)
    with torch.no_grad():
        for layer in (edges.first, edges.second):
            layer.weight.zero_()
            layer.weight[0, 0, 1] = 1
            layer.bias.zero_()
        edges.where.weight.copy_(torch.tensor([1.0, -1.0])[:, None, None])
        edges.where.bias.zero_()
        held = torch.zeros(1, 2, 5)
        held[0, 0] = torch.tensor([0.0, 1.0, 4.0, 2.0, 0.0])
        low, high = edges(held)
    at = np.linspace(0, 1, PLACES)
    said = np.interp(at, np.linspace(0, 1, 5), [0.0, 1.0, 4.0, 2.0, 0.0])
    means = sorted(float((np.exp(k * said + lean * at) * at).sum() / np.exp(k * said + lean * at).sum()) for k, lean in ((1, -4), (-1, 4)))
    assert (float(low), float(high)) == pytest.approx(tuple(means), abs=1e-5)


def test_before_it_learns_a_box_is_about_the_middle() -> None:
    with torch.inference_mode():
        _, boxes = made("eye")(drawn(3, 3, 64, 64))
    assert boxes.flatten().tolist() == pytest.approx(3 * [0.23, 0.23, 0.54, 0.54], abs=0.05)


def test_edges_that_cross_are_taken_the_other_way_round() -> None:
    edges = Edges(4, 2)
    with torch.no_grad():
        edges.lean.neg_()
        low, high = edges(torch.zeros(1, 8, 6))
    assert low.shape == (1, 2)
    assert (low < high).all()


def test_columns_know_nothing_of_rows() -> None:
    """A thing that is moved sideways changes what columns hold, and of the rows nothing."""
    maps = drawn(1, 5, 6, 7)
    moved = maps.roll(2, 3)
    assert torch.allclose(across(maps, 3), across(moved, 3), atol=1e-6)
    assert torch.allclose(across(maps, 2).roll(2, 2), across(moved, 2), atol=1e-6)
    assert across(maps, 2).shape == (1, 10, 7)
    assert across(maps, 3).shape == (1, 10, 6)


def test_what_looks_twice_says_the_mirrored_of_the_mirrored() -> None:
    """And while it learns, or where it looks once, it does not."""
    net, x = made(encoding.encoded("eye"), each=True, mirrored=True), drawn(2, 3, 48, 64)  # an untaught one hardly sees what was mirrored
    x[..., :20] = 1
    with torch.no_grad():
        for edges in (net.columns, net.rows):
            edges.where.weight.mul_(100)
        logits, boxes = net(x)
        turned, there = net(x.flip(3))
        (one, box), (other, _) = net.answers(x), net.answers(x.flip(3))
    assert torch.allclose(logits, turned, atol=1e-5)
    assert torch.allclose(boxes, mirrored(there), atol=1e-5)
    assert torch.allclose(logits, (one + other) / 2, atol=1e-6)
    assert not torch.allclose(one, other, atol=1e-3)
    assert not torch.allclose(box[:, 0], mirrored(box[:, 0]), atol=1e-2)
    assert mirrored(torch.tensor([0.1, 0.2, 0.3, 0.4])).tolist() == pytest.approx([0.6, 0.2, 0.3, 0.4])
    once = Locator(**net.sizes() | {"mirrored": False}).eval()
    once.load_state_dict(net.state_dict())
    with torch.no_grad():
        assert torch.allclose(once(x)[0], one, atol=1e-6)


def test_a_box_of_what_was_reflected_is_one_of_the_picture() -> None:
    """Of a picture half as wide as what was looked at, a box in its right half is none, and one across the border ends there."""
    boxes = torch.tensor([[0.25, 0.2, 0.5, 0.4], [0.6, 0.2, 0.2, 0.2]])
    found = within(boxes, 2.0, 1.0)
    assert found[0] == pytest.approx(torch.tensor([0.5, 0.2, 0.5, 0.4]))
    assert found[1].tolist()[:3:2] == [1.0, 0.0]
    assert torch.equal(within(boxes, 1.0, 1.0), boxes)


@pytest.mark.parametrize("blocks", [0, 2, 5])
def test_no_slope_is_reckoned_through_frozen_blocks(blocks: int) -> None:
    net = made("eye")
    layers = frozen(net.encoder, blocks)
    names = [name for name, layer in net.encoder.named_children() if layer in layers]
    assert ("relu2_2" in names) is (blocks >= 2)
    assert ("conv3_1" in names) is (blocks >= 3)
    logits, boxes = net(drawn(1, 3, 32, 32))
    (logits.sum() + boxes.sum()).backward()
    still = {name for name, p in net.encoder.named_parameters() if p.grad is None}
    assert still == {name for name, _ in net.encoder.named_parameters() if name.split(".")[0] in names}
    first = net.encoder(drawn(1, 3, 32, 32))
    assert [one.requires_grad for one in first] == [k >= blocks for k in range(5)]


def test_what_one_sees_it_learns() -> None:
    """A few pictures by heart: class and box."""
    net = made("plain", 2).train()
    g = torch.Generator().manual_seed(0)
    x, truth, labels = torch.full((6, 3, 32, 32), 0.4), torch.zeros(6, 4), torch.tensor([0, 1] * 3)
    for i in range(6):
        left, top = (int(n) for n in torch.randint(0, 16, (2,), generator=g))
        x[i, :, top : top + 12, left : left + 12] = float(labels[i])
        truth[i] = torch.tensor([left, top, 12, 12]) / 32
    adam = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(60):
        adam.zero_grad()
        logits, boxes = net.answers(x)
        loss = torch.nn.functional.cross_entropy(logits, labels) + 10 * (boxes[:, 0] - truth).abs().mean()
        loss.backward()
        adam.step()
    assert (logits.argmax(1) == labels).all()
    assert float((boxes[:, 0] - truth).abs().mean().detach()) < 0.06


def test_while_it_learns_the_box_does_not_hang_on_how_large_the_encoders_maps_are() -> None:
    """Else a map that is larger than the others alone is heard, and what is learnt of it ends with the whole picture's box."""
    net, x = made("plain", drop=0.0).train(), drawn(4, 3, 64, 64)
    maps = [one.detach() for one in net.encoder(x)[-2:]]
    with torch.no_grad():
        pooled = maps[1].mean((2, 3))
        first = net.seen(maps, pooled)
        assert torch.allclose(net.seen([maps[0], 1000 * maps[1]], pooled), first, atol=1e-3)
        assert float(first.std()) > 0.1
