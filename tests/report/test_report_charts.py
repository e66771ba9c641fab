from __future__ import annotations

import math
import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zorki import blocks
from zorki.report.charts import MOST_POINTS, Plot, columns, lengths, plot, row_shares, whiskers

pytestmark = pytest.mark.unit


def drawn(values: list[float], **more: object) -> Plot:
    made = plot(blocks.Curve({"a": values}, "x", "y", "s", **more))  # type: ignore[arg-type]
    assert made is not None
    return made


def points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([-\d.]+) ([-\d.]+)", path)]


def test_a_straight_line_is_straight_and_climbs_upwards() -> None:
    (first, middle, last) = points(drawn([0.0, 1.0, 2.0]).lines[0].path)
    assert (first[0], middle[0], last[0]) == (0, 500, 1000)
    assert middle[1] == 500
    assert first[1] > last[1]


def test_what_is_not_finite_leaves_a_gap_and_a_lone_point_a_dot() -> None:
    path = drawn([1, 2, math.nan, 3, math.inf, 5, 6]).lines[0].path
    strokes = path.split("M")[1:]
    assert [len(points(stroke)) for stroke in strokes] == [2, 2, 2]
    dot = points(strokes[1])
    assert dot[0] == dot[1]


@pytest.mark.parametrize("values", [[], [math.nan], [math.inf, -math.inf]])
def test_nothing_finite_draws_nothing(values: list[float]) -> None:
    assert plot(blocks.Curve({"a": values}, "x", "y", "s")) is None


def test_a_series_without_values_beside_one_with() -> None:
    made = plot(blocks.Curve({"a": [1.0, 2.0], "b": [math.nan]}, "x", "y", "s"))
    assert made is not None
    assert made.lines[1].path == ""
    assert made.lines[1].story == "without a value"


def test_series_may_stand_at_places_of_their_own() -> None:
    made = plot(blocks.Curve({"a": [1.0, 2.0, 3.0], "b": [3.0, 1.0]}, "x", "y", "s", x={"a": [0, 5, 10], "b": [5, 20]}))
    assert made is not None
    assert [[x for x, _ in points(line.path)] for line in made.lines] == [[0, 250, 500], [250, 1000]]
    assert points(made.lines[0].path)[2][1] == points(made.lines[1].path)[0][1], "3 is 3"


def test_maps_of_numbers_fit_what_stands_beside_them() -> None:
    with pytest.raises(ValueError, match="of another shape"):
        blocks.Cells("a", (("1", "2"),), tints=((0,),))
    with pytest.raises(ValueError, match="2 signs between 1 maps"):
        blocks.Numbers((blocks.Cells("a", (("1",),)),), "s", signs=("+", "="))


def test_powers_of_ten_are_evenly_spaced() -> None:
    made = drawn([1000, 100, 10, 1, 0], log_y=True)
    assert [tick.text for tick in made.y_ticks] == ["1", "10", "100", "1\u202f000"]
    heights = [tick.at for tick in made.y_ticks]
    gaps = [a - b for a, b in pairwise(heights)]
    assert gaps == pytest.approx([gaps[0]] * 3)
    assert len(points(made.lines[0].path)) == 4


def test_given_places_are_used() -> None:
    made = drawn([0, 0, 0], x=[0, 1, 10])
    assert [x for x, _ in points(made.lines[0].path)] == [0, 100, 1000]
    assert [tick.text for tick in made.x_ticks] == ["0", "2", "4", "6", "8", "10"]


def test_places_and_values_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        drawn([1, 2, 3], x=[1, 2])


def test_of_a_long_series_the_peaks_stay() -> None:
    values = [0.0] * 100_000
    values[54_321] = 1.0
    found = points(drawn(values).lines[0].path)
    assert len(found) <= MOST_POINTS + 2
    top = min(found, key=lambda p: p[1])
    assert top[0] == pytest.approx(543.2, abs=0.1)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, min_value=None, max_value=None), max_size=30), st.booleans())
@example([2.2e-309], True)
@example([5e-324, 1e-308], True)
@example([1e-307, 2e-307], True)
def test_any_numbers_draw_inside_the_frame(values: list[float], log_y: bool) -> None:
    made = plot(blocks.Curve({"a": values}, "x", "y", "s", log_y=log_y))
    if made:
        assert all(0 <= x <= 1000 and 0 <= y <= 1000 for x, y in points(made.lines[0].path))
        assert all(0 <= tick.at <= 100 for tick in (*made.x_ticks, *made.y_ticks))
        assert len(made.y_ticks) <= 20


def test_bars_in_percent_measure_against_a_hundred() -> None:
    assert lengths(blocks.Bars((("a", 50.0), ("b", math.nan), ("c", -1.0)), "s")) == [
        ("a", 50.0, 50.0),
        ("b", pytest.approx(math.nan, nan_ok=True), 0.0),
        ("c", -1.0, 0.0),
    ]


def test_bars_in_other_units_measure_against_the_largest() -> None:
    assert [share for *_, share in lengths(blocks.Bars((("a", 4.0), ("b", 1.0)), "s", unit="ms"))] == [100.0, 25.0]


def test_whiskers_lie_on_the_scale_of_their_bars() -> None:
    bars = blocks.Bars((("a", 50.0), ("b", 90.0), ("c", 1.0)), "s", spans=((40.0, 60.0), None, (-3.0, 200.0)))
    assert [share for *_, share in lengths(bars)] == [25.0, 45.0, 0.5], "the longest whisker is the full length"
    first, none, last = whiskers(bars)
    assert first is not None
    assert last is not None
    assert (first.start, first.length, none) == (20.0, 10.0, None)
    assert (last.start, last.length, last.low) == (0.0, 100.0, -3.0)
    assert whiskers(blocks.Bars((("a", 1.0),), "s")) == [None]
    assert whiskers(blocks.Bars((("a", 1.0),), "s", spans=((math.nan, 2.0),))) == [None]


def test_a_matrix_is_in_percent_of_its_rows() -> None:
    made = blocks.Matrix(("a", "b", "c"), ((3, 1, 0), (0, 0, 0), (1, 0, 0)), "is", "taken for", "s")
    assert row_shares(made) == [[75.0, 25.0, 0.0], [None, None, None], [100.0, 0.0, 0.0]]


def test_a_reliability_diagram_has_a_column_for_each_part() -> None:
    made = columns(blocks.Reliability((0.2, math.nan, 0.9, 1.0), (0.3, math.nan, 0.8, 0.5), (0.1, 0.0, 0.4, 0.5), "s"))
    assert [(c.left, c.width) for c in made] == [(2.0, 21.0), (27.0, 21.0), (52.0, 21.0), (77.0, 21.0)]
    assert [c.height for c in made] == pytest.approx([20, 0, 80, 100])
    assert (made[2].confidence, made[2].accuracy) == pytest.approx((90, 80))


@pytest.mark.parametrize(
    "make",
    [
        lambda: blocks.Bars((("a", 1.0),), "s", spans=(None, None)),
        lambda: blocks.Matrix(("a", "b"), ((1, 2),), "is", "for", "s"),
        lambda: blocks.Matrix(("a", "b"), ((1, 2), (1,)), "is", "for", "s"),
        lambda: blocks.Reliability((0.1,), (0.1, 0.2), (1.0,), "s"),
        lambda: blocks.Reliability((), (), (), "s"),
        lambda: blocks.Swatch("a", "red;} body {"),
    ],
)
def test_what_does_not_fit_is_told_where_it_is_made(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        make()
