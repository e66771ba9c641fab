"""Timelines: where lanes, pictures and times lie."""

from __future__ import annotations

import math
import re
from itertools import pairwise

import numpy as np
import pytest

from tests.report.report_pages import Reader
from zorki import blocks, report
from zorki.blocks import Lane, Shot, Tile, Timeline
from zorki.core.durations import clock
from zorki.report.timelines import apart, drawn, spare, ticks

pytestmark = pytest.mark.unit


def timeline(**more: object) -> Timeline:
    lane = Lane("a <b>", "#336699", [0.0, 5.0, 6.0, 10.0], [0.0, 1.0, math.nan, 0.5], "5 %")
    shots = (Shot(9.9, Tile(np.zeros((8, 8, 3), np.uint8), "late", "late")),)
    return Timeline((lane,), 0.0, 10.0, "s", "t", shots, (2.5, 99.0), **more)  # type: ignore[arg-type]


def test_a_lane_is_filled_from_its_line_down_and_broken_where_there_is_nothing() -> None:
    (strip,) = drawn(timeline()).strips
    assert strip.area == "M0.0 100L0.0 100.0L500.0 0.0L500.0 100ZM1000.0 100L1000.0 50.0L1000.0 100Z"
    assert strip.edge == "M0.0 100.0L500.0 0.0M1000.0 50.0L1000.0 50.0"
    assert strip.story == "at most 100 %, at 0:05"
    assert drawn(timeline()).marks == (25.0,)


def test_long_lanes_are_thinned_and_keep_their_peaks() -> None:
    values = np.zeros(90_000)
    values[12_345] = 1.0
    (strip,) = drawn(Timeline((Lane("a", "#000000", np.arange(90_000) / 25, values),), 0.0, 3600.0, "")).strips
    assert len(strip.area) < 20_000
    assert re.search(r"137\.2 0\.0", strip.edge)


@pytest.mark.parametrize("wanted", [[], [0.0], [100.0], [50.0, 51.0, 52.0], [99.0] * 8, [0.0] * 8, [0, 3, 40, 41, 42, 90, 99, 100]])
def test_pictures_lie_side_by_side_inside(wanted: list[float]) -> None:
    lefts = apart(wanted, 12.5)
    assert all(0 <= left <= 87.5 for left in lefts)
    assert all(b - a >= 12.5 - 0.011 for a, b in pairwise(lefts))
    if len(wanted) == 1:
        assert lefts == [min(87.5, max(0.0, wanted[0] - 6.25))]


@pytest.mark.parametrize(("begin", "end"), [(0.0, 0.3), (0.0, 4.0), (3.2, 5.8), (0.0, 61.0), (100.0, 3700.0), (0.0, 360_000.0)])
def test_times_are_round_and_few(begin: float, end: float) -> None:
    found = ticks(begin, end)
    assert 1 <= len(found) <= 6
    assert all(begin - 1e-6 <= at <= end + 1e-6 for at, _ in found)
    assert len({text for _, text in found}) == len(found)


def test_a_clock_reads_as_one() -> None:
    assert [clock(v) for v in (0, 7.99, 60, 3727)] == ["0:00", "0:07", "1:00", "1:02:07"]
    assert [clock(v, tenths=True) for v in (0.3, 59.96, 61.25)] == ["0:00.3", "0:59.9", "1:01.2"]


def test_on_a_phone_every_other_time_is_left_out_where_they_are_many() -> None:
    assert spare([0.0, 2.0, 4.0, 6.0, 8.0]) == (False, True, False, True, False)
    assert spare([0.5, 1.0, 1.5, 2.0]) == (True, False, True, False), "even steps stay, wherever the axis begins"
    assert spare([0.0, 1.0, 2.0]) == (False,) * 3
    html = report.render(blocks.Page("x", "", (blocks.Section("a", "b", "", (Timeline((), 0.0, 9.6, ""),)),)))
    assert re.findall(r'z-tick( z-spare)?" style="left:([\d.]+)%">([\d:]+)<', html)[:3] == [
        ("", "0.0", "0:00"),
        (" z-spare", "20.83", "0:02"),
        ("", "41.67", "0:04"),
    ]
    steps = re.search(r'z-steps" aria-hidden="true">(.*?)</div>', html, re.S)
    assert steps is not None
    assert steps[1].count("<i ") == 5, "a line through the lanes at each"


def test_the_page_is_whole_and_what_is_read_is_text() -> None:
    page = blocks.Page("x", "", (blocks.Section("a", "b", "", (timeline(command="zorki"), Timeline((), 1.0, 1.0, ""))),))
    html = report.render(page)
    Reader(html)
    assert "a &lt;b&gt;" in html
    assert "<b>" not in html
    assert 'aria-label="a &lt;b&gt;: at most 100 %, at 0:05"' in html


def test_what_is_no_lane_is_refused() -> None:
    with pytest.raises(ValueError, match="#rrggbb"):
        Lane("a", "red", [0.0], [0.0])
    with pytest.raises(ValueError, match="seconds"):
        Lane("a", "#000000", [0.0], [])
    with pytest.raises(ValueError, match="begins"):
        Timeline((), 2.0, 1.0, "")
