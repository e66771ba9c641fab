"""Parts about a box, beside pixels counted one by one."""

from __future__ import annotations

import numpy as np
import pytest

from zorki.locating import aligned

pytestmark = pytest.mark.tiny


@pytest.mark.parametrize("box", [(40.0, 20.0, 20.0, 40.0), (0.0, 0.0, 100.0, 80.0), (-5.0, 60.0, 30.0, 40.0), (50.2, 40.7, 0.4, 3.0)])
def test_every_pixel_is_in_one_part_which_is_where_it_is_said(box: tuple[float, float, float, float]) -> None:
    it = aligned.cut(box, (80, 100))
    assert it.parts.shape == (80, 100)
    assert np.array_equal(np.unique(it.parts), np.arange(len(it.places)))
    x, y, w, h = it.box
    for n, (left, top, right, bottom) in enumerate(it.places):
        rows, columns = np.nonzero(it.parts == n)
        assert (columns.min(), columns.max() + 1) == (round(x + left * w), round(x + right * w))
        assert (rows.min(), rows.max() + 1) == (round(y + top * h), round(y + bottom * h))
        assert it.areas[n] == pytest.approx(len(rows) / (w * h))


def test_zones_as_pixels_have_them() -> None:
    box = (40.0, 20.0, 20.0, 40.0)  # its rim is 3 pixels across, 6 down
    it = aligned.cut(box, (80, 100))
    rows, columns = np.indices((80, 100)) + 0.5
    inside = (columns > 43) & (columns < 57) & (rows > 26) & (rows < 54)
    rim = ~inside & (columns > 37) & (columns < 63) & (rows > 14) & (rows < 66)
    zones = it.zones[it.parts]
    assert np.array_equal(zones == 0, inside)
    assert np.array_equal(zones == 1, rim)
    assert it.shares(it.areas) == pytest.approx([inside.mean(), rim.mean(), 1 - inside.mean() - rim.mean()])
    strip = (abs(columns - 40) < 3) & (rows > 14) & (rows < 66)
    assert np.array_equal(it.near("left")[it.parts], strip)
    strip = (abs(rows - 60) < 6) & (columns > 37) & (columns < 63)
    assert np.array_equal(it.near("bottom")[it.parts], strip)


def test_shares_of_nothing_are_none() -> None:
    it = aligned.cut((40.0, 20.0, 20.0, 40.0), (80, 100))
    assert np.isnan(it.shares(np.zeros(len(it.areas)))).all()


def test_what_is_spread_lies_on_the_box_whatever_its_size_and_place() -> None:
    """All in the part at the box's middle: one spot there, of which the integral is 1; the same for a box twice as large elsewhere."""
    maps = []
    for box in ((100.0, 120.0, 60.0, 60.0), (150.0, 130.0, 120.0, 120.0)):
        it = aligned.cut(box, (400, 400))
        amount = (abs(it.middles - 0.5).max(1) < 0.05).astype(float)
        assert amount.sum() == 1
        maps.append(it.spread(3 * amount))
    cell = (1 + 2 * aligned.REACH) / aligned.CELLS
    assert np.nansum(maps[0]) * cell**2 == pytest.approx(1, rel=0.3)
    there = np.argwhere(np.nan_to_num(maps[0]) > 0) * cell + cell / 2 - aligned.REACH
    assert there.mean(0) == pytest.approx([0.5, 0.5], abs=0.02)
    assert np.array_equal(np.nan_to_num(maps[0]) > 0, np.nan_to_num(maps[1]) > 0)


def test_beyond_the_picture_nothing_is_known() -> None:
    spread = aligned.cut((0.0, 0.0, 50.0, 50.0), (100, 100)).spread(np.ones(len(aligned.cut((0.0, 0.0, 50.0, 50.0), (100, 100)).areas)))
    before = round(aligned.REACH / (1 + 2 * aligned.REACH) * aligned.CELLS)
    assert np.isnan(spread[:before]).all()
    assert np.isnan(spread[:, :before]).all()
    assert not np.isnan(spread[before:, before:]).any()
