"""Painted faces: by a brush, and nothing beside them changes."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from zorki import lens, weights
from zorki.core.errors import UnknownName
from zorki.facing import hiding
from zorki.facing.faces import Face
from zorki.facing.painted import Painter
from zorki.nets.brush import Brush


@pytest.fixture
def brush() -> lens.Net:
    """Untaught, of three styles."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return lens.Net(Brush(3, narrow=4, wide=8, fine=4, blocks=1).eval())


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("h", [1, 9, 60, 500])  # of a dot, enlarged, as it is, brought down
def test_the_rest_stays(brush: lens.Net, h: int, kind: type) -> None:
    rng = np.random.default_rng(h)
    size = (h + 40, 2 * h + 30)
    before = rng.random((*size, 3), np.float32) if kind is np.float32 else rng.integers(0, 256, (*size, 3), dtype=np.uint8)
    face = Face((5.0, 12.0, 0.8 * h, float(h)))
    after = hiding.hidden(before, [face], Painter.of(brush, "1:2,3"))
    bounds = hiding.region(face).bounds(size)
    assert bounds is not None
    touched = np.zeros(size, bool)
    touched[bounds] = True
    np.testing.assert_array_equal(after[~touched], before[~touched])
    assert after.dtype == before.dtype
    if h > 9:
        middle = after[12 + h // 3 : 12 + h // 2, 5 + h // 4 : 5 + h // 2]
        assert (middle != before[12 + h // 3 : 12 + h // 2, 5 + h // 4 : 5 + h // 2]).mean() > 0.5


def test_without_strength_nothing_changes(brush: lens.Net) -> None:
    before = np.random.default_rng(0).integers(0, 256, (300, 300, 3), dtype=np.uint8)
    face = Face((50.0, 40.0, 150.0, 200.0))
    np.testing.assert_array_equal(hiding.hidden(before, [face], Painter.of(brush, "2", 0.0)), before)


def test_styles_are_those_of_the_brush(brush: lens.Net) -> None:
    with pytest.raises(UnknownName, match="wave"):
        Painter.of(brush, "wave")


def test_the_brush_that_ships_paints_a_face_and_not_its_ground() -> None:
    astronaut = pytest.importorskip("skimage.data").astronaut()
    face = Face((180.0, 70.0, 90.0, 120.0))  # hers
    after = hiding.hidden(astronaut, [face], Painter.of(weights.load("brush"), "wave"))
    moved = np.abs(after.astype(int) - astronaut).mean(-1)
    assert moved[100:160, 200:250].mean() > 20
    assert moved[250:].max() == 0
    row = moved[130]
    first, last = np.flatnonzero(row)[[0, -1]]
    assert max(row[first], row[last]) < 10  # the seam begins softly
