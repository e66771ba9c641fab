"""Where predictions differ."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zorki.core.void import VOID
from zorki.scores.boundary import edge, near
from zorki.segmenting.differing import NEAR, Window, window

pytestmark = pytest.mark.tiny


def by_hand(truth: np.ndarray, predicted: list[np.ndarray], side: int) -> np.ndarray:
    """What each square of that side counts."""
    share = np.mean([p == truth for p in predicted], 0)
    worth = np.where(truth == VOID, 0, share * (1 - share))
    close = np.where(near(edge(truth), side / NEAR), worth, 0) if edge(truth).any() else worth
    worth = close if close.any() else worth
    h, w = truth.shape
    return np.array([[worth[y : y + side, x : x + side].sum() for x in range(w - side + 1)] for y in range(h - side + 1)])


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 4), st.integers(0, 10_000))
def test_no_other_square_differs_more(h: int, w: int, nets: int, seed: int) -> None:
    g = np.random.default_rng(seed)
    truth = np.kron(g.integers(0, 3, (h // 9 + 1, w // 9 + 1)), np.ones((9, 9), int))[:h, :w].astype(np.uint8)
    truth[g.random((h, w)) < 0.05] = VOID
    predicted = [np.where(g.random((h, w)) < g.random() / 2, g.integers(0, 3, (h, w)), truth % 3) for _ in range(nets)]
    found = window(truth, predicted)
    assert found.side == min(h, w, 24)
    counted = by_hand(truth, predicted, found.side)
    assert counted[found.top, found.left] == pytest.approx(counted.max(), abs=1e-6)
    assert found.cut(truth).shape == (found.side, found.side)


def test_it_lies_where_half_of_them_err_near_an_outline() -> None:
    truth = np.zeros((200, 240), np.uint8)
    truth[:, 120:] = 1
    right, edgy, far = truth.copy(), truth.copy(), truth.copy()
    edgy[150:160, 118:120] = 1  # one of the two at the outline
    far[20:60, 20:60] = 1  # both, far from it
    found = window(truth, [np.where(far == 1, far, edgy), far])
    assert found.side == 40
    assert 150 - 40 < found.top <= 150
    assert 118 - 40 < found.left <= 118
    assert window(truth, [right, right]) == Window(0, 0, 40)
    assert window(np.zeros((90, 90), np.uint8), [far[:90, :90], right[:90, :90]]).cut(far[:90, :90]).any(), "without an outline everywhere"
