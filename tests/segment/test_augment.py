"""Joint augmentation: mask and picture stay one, what lies beside the picture is void, and the same numbers draw the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zorki.core.void import VOID
from zorki.train.colouring import coloured
from zorki.wings.segment._augment import Changes, cut

pytestmark = pytest.mark.unit
STILL = Changes(side=32, smallest=1, largest=1, turn=0, flips="none", rare=0)
CODED = Changes(side=48, flips="any", turn=20)


def coded(h: int, w: int, classes: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """A picture that shows its own mask: class k has the grey 40 + 50 k."""
    numbers = (np.add.outer(np.arange(h) // 8, np.arange(w) // 6) % classes).astype(np.uint8)
    return np.repeat((40 + 50 * numbers)[..., None], 3, 2).astype(np.uint8), numbers


def test_unmoved_it_is_the_picture() -> None:
    g = np.random.default_rng(0)
    picture, numbers = g.integers(0, 256, (32, 32, 3), np.uint8), g.integers(0, 9, (32, 32)).astype(np.uint8)
    seen, (truth,) = cut(picture, [numbers], STILL, np.random.default_rng(1))
    assert torch.allclose(seen * 255, torch.from_numpy(picture).permute(2, 0, 1).float(), atol=2e-3)
    assert torch.equal(truth, torch.from_numpy(numbers.astype(np.int64)))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 10**6))
def test_mask_and_picture_stay_one(h: int, w: int, seed: int) -> None:
    picture, numbers = coded(h, w)
    seen, (truth,) = cut(picture, [numbers], CODED, np.random.default_rng(seed))
    assert seen.shape == (3, 48, 48)
    assert truth.dtype == torch.int64
    assert set(truth.unique().tolist()) <= {0, 1, 2, 3, VOID}
    assert (truth != VOID).any(), "nothing of the picture is seen"
    flat = truth != VOID  # where a pixel's neighbours are of its class nothing was mixed
    for dy in (-1, 0, 1):
        for dx in (-1, 0, 1):
            flat &= truth.roll((dy, dx), (0, 1)) == truth
    flat[[0, -1]] = False
    flat[:, [0, -1]] = False
    assert torch.allclose(seen[0][flat] * 255, 40.0 + 50 * truth[flat].float(), atol=1.0)


def test_what_is_turned_out_of_the_picture_is_void_and_no_class() -> None:
    picture, numbers = coded(20, 20)
    _, (truth,) = cut(picture, [numbers], Changes(side=64, smallest=1, largest=1, rare=0), np.random.default_rng(3))
    assert truth[0, 0] == VOID
    assert int((truth != VOID).sum()) < int((64 * 64) * 0.75**2 * 1.1)


def test_shares_of_classes_move_with_it_and_are_nothing_beside_it() -> None:
    picture, numbers = coded(30, 40)
    shares = (np.eye(4, dtype=np.uint8) * 255)[numbers]
    _, (truth, soft) = cut(picture, [numbers, shares], CODED, np.random.default_rng(4))
    assert soft.shape == (4, 48, 48)
    sure = soft.amax(0) > 0.999
    assert sure.any()
    assert torch.equal(soft.argmax(0)[sure], truth[sure])
    assert (soft.sum(0) < 1 + 1e-4).all()
    assert (soft[:, truth == VOID].sum(0) < 0.75).all()


def test_the_same_numbers_draw_the_same_and_others_do_not() -> None:
    picture, numbers = coded(60, 70)
    a, b, c = (cut(picture, [numbers], CODED, np.random.default_rng(seed))[0] for seed in (5, 5, 6))
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


def test_a_rare_class_is_seen_more_often() -> None:
    picture, numbers = np.zeros((200, 200, 3), np.uint8), np.zeros((200, 200), np.uint8)
    numbers[20:24, 170:174] = 1

    def share(rare: float) -> float:
        c = Changes(side=32, smallest=1, largest=1, rare=rare)
        found = [(cut(picture, [numbers], c, np.random.default_rng(s))[1][0] == 1).any() for s in range(60)]
        return float(np.mean(found))

    assert share(1.0) > 0.3 > share(0.0) + 0.1


@pytest.mark.parametrize("channels", [1, 3, 5])
def test_colours_change_between_black_and_white(channels: int) -> None:
    x = torch.rand(4, channels, 8, 8, generator=torch.Generator().manual_seed(0))
    chance = [np.random.default_rng(k) for k in range(4)]
    y = coloured(x, 0.25, 0.5, chance)
    assert y.shape == x.shape
    assert y.min() >= 0
    assert y.max() <= 1
    assert not torch.allclose(x, y)
    assert torch.allclose(coloured(x, 0, 0, chance), x, atol=1e-6)
