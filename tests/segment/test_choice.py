"""What follows from the data and the time, and whether anything was learnt."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from zorki.core.errors import Stopped
from zorki.train import choosing
from zorki.wings.segment import _choice, _learnt
from zorki.wings.segment._stock import Stock

pytestmark = pytest.mark.unit


def stock(count: int, hw: tuple[int, int], sky: bool = False, seed: int = 0) -> Stock:
    g = np.random.default_rng(seed)
    out = []
    for _ in range(count):
        picture = g.random((3, *hw)).astype(np.float32)
        numbers = (g.random(hw) < 0.5).astype(np.uint8)
        if sky:
            numbers[: hw[0] // 3] = 1
        out.append((torch.from_numpy(picture), torch.from_numpy(numbers)))
    return Stock(out)


def test_squares_fit_the_pictures() -> None:
    assert _choice.side_for(stock(3, (70, 100)), "cpu") == 64
    assert _choice.side_for(stock(3, (8, 9)), "cpu") == 32
    assert _choice.side_for(stock(1, (600, 900)), "cpu") == 256
    assert _choice.side_for(stock(1, (600, 900)), "cuda") == 512


def test_what_has_no_up_and_down_is_turned_any_way() -> None:
    assert _choice.flips_for(stock(12, (24, 24))) == "any"
    assert _choice.flips_for(stock(12, (24, 24), sky=True)) == "sideways"
    assert _choice.flips_for(stock(3, (24, 24))) == "sideways", "three pictures say nothing"


def test_a_batch_has_no_more_than_there_are_and_as_many_for_each_process() -> None:
    assert choosing.batch_for(3, 1, "cpu", 8) == 3
    assert choosing.batch_for(100, 1, "cpu", None) == 8
    assert choosing.batch_for(100, 3, "cpu", None) == 9
    assert choosing.batch_for(1, 2, "cpu", None) == 2


def test_steps_fill_the_time() -> None:
    steps, check = choosing.planned(600, choosing.Pace(0.5, 6.0), 8, 10_000)
    looks = -(-steps // check)
    assert 500 < steps * 0.5 * 1.05 + looks * 6 < 600
    assert looks * 6 < 0.17 * 600
    assert choosing.planned(1, choosing.Pace(9, 9), 8, 10)[0] == choosing.FEW
    assert choosing.planned(10**6, choosing.Pace(0.1, 0.1), 8, 10)[0] == choosing.ENOUGH


def test_half_a_batch() -> None:
    assert choosing.smaller(8, 1) == 4
    assert choosing.smaller(6, 2) == 2
    with pytest.raises(Stopped, match="not enough memory"):
        choosing.smaller(1, 1)


def test_what_is_kept_is_small_and_says_all() -> None:
    levels = torch.arange(256, dtype=torch.float32).reshape(1, 16, 16) / 255
    fine = torch.rand(1, 16, 16, generator=torch.Generator().manual_seed(0))
    found = Stock([(levels, torch.zeros(16, 16, dtype=torch.uint8)), (fine, torch.zeros(16, 16, dtype=torch.uint8))], room=600)
    assert found[0][0].dtype == np.uint8
    assert np.array_equal(found[0][0][..., 0].ravel(), np.arange(256))
    assert np.allclose(found[1][0][..., 0], fine[0].numpy())
    assert list(found.kept) == [0], "the second one has no room"


class Bright(nn.Module):
    """Class 1 where it is bright."""

    def __init__(self) -> None:
        super().__init__()
        self.edge = nn.Parameter(torch.tensor(0.5))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.edge.expand_as(x[:, :1]), x[:, :1]], 1)


def seen(count: int, shuffled: bool) -> Stock:
    g = np.random.default_rng(1)
    masks = [(np.add.outer(np.zeros(16, int), np.arange(20)) % 20 < g.integers(4, 16)).astype(np.uint8) for _ in range(count)]
    masks = [np.roll(m, g.integers(20), 1) for m in masks]
    truths = [masks[(k + 1) % count] if shuffled else m for k, m in enumerate(masks)]
    return Stock([(torch.from_numpy(m[None].astype(np.float32)), torch.from_numpy(t)) for m, t in zip(masks, truths, strict=True)])


def verdict(learnt: Stock, held: Stock) -> _learnt.Verdict:
    return _learnt.verdict(_learnt.answered(Bright(), held), learnt, held, 2)


def test_something_was_learnt() -> None:
    found = verdict(seen(12, False), seen(12, False))
    assert found.learnt
    assert found.miou == 1
    assert found.guess < 0.7
    assert found.others < 0.8


def test_of_shuffled_masks_nothing_was_learnt_and_it_is_said() -> None:
    found = verdict(seen(12, True), seen(12, True))
    assert not found.learnt
    assert "Nothing was learnt: on 12 pictures" in found.sentence()


def test_one_picture_alone_is_held_against_guesses() -> None:
    assert verdict(seen(4, False), seen(1, False)).learnt
