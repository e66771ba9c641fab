"""Drawings shared out among threads: the same pictures, told as one, and nothing left behind."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence

import pytest
import torch
from torch import nn

from zorki import lens, pixels
from zorki.core import hands
from zorki.core.errors import Stopped
from zorki.pixels import boards, objectives
from zorki.pixels.canvas import Fourier
from zorki.pixels.driver import Step
from zorki.pixels.transforms import Wobble

pytestmark = pytest.mark.tiny


def net() -> lens.Net:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 7, 3, padding=1), nn.ReLU())
    return lens.Net(layers.train(), name="toy", side=24)


def drawn(toy: lens.Net, at_once: int = 5) -> list[Step]:
    return list(boards.of_channels(toy, "3", range(7), size=24, steps=4, batch=at_once, seed=3))


def with_hands(monkeypatch: pytest.MonkeyPatch, n: int) -> None:
    monkeypatch.setattr(hands, "count", lambda: n)


def test_as_many_hands_as_you_like_draw_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    boarded = {}
    for n in (1, 2, 3):
        with_hands(monkeypatch, n)
        toy = net()
        steps = drawn(toy)
        assert [(s.i, s.of, s.stage, s.stages) for s in steps] == [(i, 4, k, 2) for k in (1, 2) for i in (1, 2, 3, 4)]
        assert toy.module.training
        assert all(p.requires_grad for p in toy.module.parameters())
        boarded[n] = steps[-1].image(), [s.loss for s in steps], steps[-1].labels
    for n in (2, 3):
        assert torch.allclose(boarded[1][0], boarded[n][0], atol=1e-4)
        assert boarded[1][1] == pytest.approx(boarded[n][1], rel=1e-4)
        assert boarded[1][2] == boarded[n][2] == tuple(f"3:{k}" for k in range(7))


def test_a_step_shows_what_is_done_and_what_is_being_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    with_hands(monkeypatch, 2)
    counts = [len(step.image()) for step in boards.of_channels(net(), "3", range(7), size=24, steps=1, batch=3)]
    assert counts == [3, 6, 7]


def test_the_loss_is_the_mean_over_all_pictures() -> None:
    def step(loss: float, **parts: float) -> Step:
        return Step(1, 2, 1, 1, loss, parts, lambda: torch.zeros(1))

    found = boards.joined([step(1.0, near=2.0, a=5.0), step(4.0, near=8.0, b=7.0)], [2, 1])
    assert found.loss == pytest.approx(2.0)
    assert found.parts == pytest.approx({"near": 4.0, "a": 5.0, "b": 7.0})


@pytest.mark.parametrize(("count", "n"), [(1, 2), (2, 2), (5, 2), (5, 8), (16, 3)])
def test_parts_are_as_equal_as_can_be(count: int, n: int) -> None:
    found = boards.shared(range(count), n)
    assert [x for part in found for x in part] == list(range(count))
    assert max(map(len, found)) - min(map(len, found)) <= 1
    assert len(found) == max(1, min(n, count // 2))
    assert count == 1 or min(map(len, found)) > 1


def test_what_is_not_finite_in_one_part_stops_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with_hands(monkeypatch, 2)
    toy, closed = net(), []

    def batch(some: Sequence[int]) -> boards.Batch:
        factor = math.inf if 3 in some else 1.0
        return Fourier((24, 24), list(some)), factor * objectives.channels("3", list(some)), list(some)

    found = boards.board(
        toy, range(4), 4, batch, steps=3, rate=0.1, wobble=Wobble(), labels=("a", "b", "c", "d"), show=lambda x: closed.append(1) or x
    )
    with pytest.raises(Stopped, match="not a finite number"):
        list(found)
    assert toy.module.training


def test_twins_share_numbers_and_nothing_else() -> None:
    toy = net()
    one, two = lens.twins(toy, 2)
    assert one is toy
    assert {p.data_ptr() for p in two.module.parameters()} == {p.data_ptr() for p in toy.module.parameters()}
    assert not any(p.requires_grad for p in two.module.parameters())
    assert all(p.requires_grad for p in toy.module.parameters())
    assert two.names() == toy.names()
    with torch.no_grad():
        next(toy.module.parameters()).zero_()
    assert float(next(two.module.parameters()).abs().max()) == 0


def test_a_net_that_is_listened_to_or_cannot_be_copied_is_alone() -> None:
    toy = net()
    handle = toy.module[0].register_forward_hook(lambda *_: None)
    assert lens.twins(toy, 3) == [toy]
    handle.remove()
    toy.module.lock = threading.Lock()  # type: ignore[assignment]
    assert lens.twins(toy, 3) == [toy]
    assert lens.twins(net(), 1)[0].name == "toy"
    assert len(pixels.boards.shared([1], 4)) == 1


def test_in_bfloat16_all_are_drawn_by_all_threads_so_that_none_depends_on_its_company(monkeypatch: pytest.MonkeyPatch) -> None:
    with_hands(monkeypatch, 2)
    toy, asked = net(), []
    plain = boards.lens.twins
    monkeypatch.setattr(boards.lens, "twins", lambda one, n: asked.append(n) or plain(one, n))
    for dtype in (torch.float32, torch.bfloat16):
        toy.drawing = dtype
        next(boards.of_channels(toy, "3", range(4), size=24, steps=1))
    assert asked == [2, 1]
