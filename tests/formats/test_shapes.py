"""What shapes cover beside plain loops over pixels."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from zorki.formats import Bitmap, Disc, Patch, Polygons, Shape, Stroke, runs, shapes
from zorki.segmenting import polygons

pytestmark = pytest.mark.tiny
HW = (13, 17)
places = st.floats(-6, 24).map(lambda v: round(v, 2)) | st.integers(-3, 20)
rings = st.lists(st.tuples(places, places), min_size=3, max_size=8).map(lambda points: np.array(points, np.float64))
masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def whole(patch: Patch, hw: tuple[int, int] = HW) -> np.ndarray:
    out = np.zeros(hw, bool)
    out[patch.top : patch.top + len(patch.inside), patch.left : patch.left + patch.inside.shape[1]] = patch.inside
    return out


def rays(ring: np.ndarray, hw: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel how many edges a ray from its middle to the left crosses, and the same with the way of each edge as its sign."""
    count, turns = np.zeros(hw, int), np.zeros(hw, int)
    for y in range(hw[0]):
        for x in range(hw[1]):
            for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, 0), strict=True):
                if (y0 > y + 0.5) != (y1 > y + 0.5) and x0 + (y + 0.5 - y0) * ((x1 - x0) / (y1 - y0)) <= x + 0.5:
                    count[y, x] += 1
                    turns[y, x] += 1 if y1 > y0 else -1
    return count, turns


@settings(max_examples=80, deadline=None)
@given(rings)
def test_a_polygon_covers_the_middles_inside_by_the_even_odd_rule(ring: np.ndarray) -> None:
    patch = Polygons(((ring,),)).patch(HW)
    count, turns = rays(ring, HW)
    assert (whole(patch) == (count % 2 == 1)).all()
    assert patch.crossed == (max(0, turns.max()) - min(0, turns.min()) > 1)


@settings(max_examples=40, deadline=None)
@given(rings, rings)
def test_parts_are_taken_together_and_rings_of_one_part_against_each_other(one: np.ndarray, other: np.ndarray) -> None:
    first, second = (rays(ring, HW)[0] % 2 == 1 for ring in (one, other))
    assert (whole(Polygons(((one,), (other,))).patch(HW)) == first | second).all()
    assert (whole(Polygons(((one, other),)).patch(HW)) == first ^ second).all()


@settings(max_examples=40, deadline=None)
@given(rings, st.sampled_from([1, 20, 50]))
def test_large_ones_are_filled_some_rows_at_a_time(ring: np.ndarray, cells: int) -> None:
    before, shapes.CELLS = shapes.CELLS, cells
    try:
        some = Polygons(((ring,),)).patch(HW)
    finally:
        shapes.CELLS = before
    at_once = Polygons(((ring,),)).patch(HW)
    assert (whole(some) == whole(at_once)).all()
    assert some.crossed == at_once.crossed


@settings(max_examples=60, deadline=None)
@given(masks)
def test_outlines_along_the_edges_of_pixels_give_the_mask_back(mask: np.ndarray) -> None:
    back = np.zeros(mask.shape, bool)
    for region in polygons.regions(mask):
        for drawn in (Polygons(((region.outer, *region.holes),)), Polygons(((polygons.bridged(region),),))):
            patch = drawn.patch(mask.shape)
            assert not patch.crossed, "a bridge to a hole is no crossing"
            assert patch.inside.sum() == region.pixels
            back |= whole(patch, mask.shape)
    assert (back == mask).all()


@pytest.mark.parametrize(
    ("corners", "crossed", "middle"),
    [
        ([(2, 1), (14, 11), (14, 1), (2, 11)], True, None),  # a bow tie
        (
            [(8 + 6 * math.sin(4 * math.pi * k / 5), 6.5 - 6 * math.cos(4 * math.pi * k / 5)) for k in range(5)],
            True,
            False,
        ),  # a star of five
        ([(1, 1), (15, 1), (15, 11), (1, 11)], False, True),
        ([(1, 1), (15, 1), (15, 11), (1, 11), (1, 1), (15, 1), (15, 11), (1, 11)], True, False),  # twice around
    ],
)
def test_a_line_that_crosses_itself_is_told(corners: list[tuple[float, float]], crossed: bool, middle: bool | None) -> None:
    patch = Polygons(((np.array(corners, float),),)).patch(HW)
    assert patch.crossed == crossed
    if middle is not None:
        assert whole(patch)[6, 8] == middle


@settings(max_examples=40, deadline=None)
@given(places, places, st.floats(0, 9))
def test_a_disc_covers_what_is_near_enough(x: float, y: float, radius: float) -> None:
    loop = [[(c + 0.5 - x) ** 2 + (r + 0.5 - y) ** 2 <= radius**2 for c in range(HW[1])] for r in range(HW[0])]
    assert (whole(Disc(x, y, radius).patch(HW)) == np.array(loop)).all()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(places, places), min_size=2, max_size=4), st.floats(0.5, 6))
def test_a_stroke_covers_what_is_beside_its_line(points: list[tuple[float, float]], width: float) -> None:
    line = np.array(points, float)
    found = whole(Stroke(line, width).patch(HW))
    for r in range(HW[0]):
        for c in range(HW[1]):
            middle, far, inside = np.array([c + 0.5, r + 0.5]), [], False
            for a, b in itertools.pairwise(line):
                length = math.hypot(*(b - a))
                along = float((middle - a) @ (b - a)) / length if length else -1.0
                aside = abs(float((b - a)[0] * (middle - a)[1] - (b - a)[1] * (middle - a)[0])) / length if length else math.inf
                far += [abs(along), abs(along - length), abs(aside - width / 2)]
                inside |= 0 <= along <= length and aside <= width / 2
            joints = [math.hypot(*(middle - p)) for p in line[1:-1]]
            far += [abs(d - width / 2) for d in joints]
            if min(far) > 1e-6:  # on the very edge either is right
                assert found[r, c] == (inside or any(d < width / 2 for d in joints)), (r, c)


@settings(max_examples=40, deadline=None)
@given(masks, st.integers(-9, 20), st.integers(-9, 20))
def test_a_bitmap_is_cut_off_at_the_border(mask: np.ndarray, top: int, left: int) -> None:
    wide = np.zeros((60, 60), bool)
    wide[20 + top : 20 + top + mask.shape[0], 20 + left : 20 + left + mask.shape[1]] = mask
    assert (whole(Bitmap(mask, top, left).patch(HW)) == wide[20 : 20 + HW[0], 20 : 20 + HW[1]]).all()


@pytest.mark.parametrize(
    "shape",
    [
        Polygons(((np.array([(-9.0, -9), (-2, -9), (-2, -2)]),),)), Polygons(((np.array([(90.0, 90), (99, 90), (95, 99)]),),)),
        Disc(-50, -50, 3), Stroke(np.array([(80.0, 2), (90, 2)]), 4), Bitmap(np.ones((3, 3), bool), 99, -40),
        Polygons(((np.array([(3.0, 3), (9, 3), (5, 3)]),),)),
    ],
    ids=["before", "beyond", "disc", "stroke", "bitmap", "no area"],
)  # fmt: skip
def test_what_lies_outside_or_is_a_line_covers_nothing(shape: Shape) -> None:
    assert not shape.patch(HW).inside.any()


@pytest.mark.parametrize(
    "shape",
    [
        Polygons(((np.array([(0.1, 0.2), (0.9, 0.25), (0.4, 0.8)]),),)),
        shapes.Several((Disc(0.5, 0.5, 0.2), shapes.rectangle(0.1, 0.1, 0.3, 0.9))),
    ],
)
def test_scaled_it_reaches_as_far_as_it_is_wide(shape: Shape) -> None:
    scaled = shape.scaled(100, 100)
    assert scaled.reach == pytest.approx([100 * v for v in shape.reach])
    assert scaled.patch((100, 100)).inside.any()


def letters(counts: list[int]) -> str:
    """COCO's packing, as its document says: five bits a letter from the lowest on, 32 where more follow, differences from the fourth on."""
    out = ""
    for k, count in enumerate(counts):
        left = count - (counts[k - 2] if k > 2 else 0)
        while True:
            five = left % 32
            left = (left - five) // 32
            last = (left == 0 and five < 16) or (left == -1 and five >= 16)
            out += chr(48 + five + (0 if last else 32))
            if last:
                break
    return out


@settings(max_examples=80, deadline=None)
@given(masks)
def test_run_lengths_give_the_mask_back_packed_or_not(mask: np.ndarray) -> None:
    counts = polygons.run_lengths(mask)
    assert (runs.inside(counts, mask.shape) == mask).all()
    assert runs.unpacked(letters(counts)) == counts


def test_run_lengths_of_pycocotools_are_read() -> None:
    """What its `encode` gives of a cross, and of a disc with bands cut out."""
    cross = np.zeros((7, 9), bool)
    cross[3, 1:8] = cross[1:6, 4] = True
    y, x = np.mgrid[:480, :640]
    disc = ((y - 200) ** 2 + (x - 300) ** 2 < 40**2) & ((x + y) % 400 > 60)
    of_disc = (
        "Xaj39f>5K4L3M3M3M2N2N3M2N2N2N2N2N2N1O2N2N2N1O2N1O2N1O2N1O1O2N1O1O1O2N1O1O1O1O1O1O1O100000000000000001N1000001N10001N101N101N101N2N2N101N"
        "2N2N2N2N2N3L3N2N3L4L4L5J7HT^\\4"
    )
    for mask, text in ((cross, ":16000N40L20004"), (disc, of_disc)):
        assert (runs.inside(runs.unpacked(text), mask.shape) == mask).all()
        assert letters(polygons.run_lengths(mask)) == text


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30))
def test_any_lengths_are_unpacked(counts: list[int]) -> None:
    assert runs.unpacked(letters(counts)) == counts


@pytest.mark.parametrize("text", ["P", "o", "1P", "\x7f", "!"])
def test_damaged_letters_are_no_lengths(text: str) -> None:
    with pytest.raises(ValueError):
        runs.unpacked(text)


@pytest.mark.parametrize("counts", [[3, 4], [5, -1, 8], [[1, 2], [3, 4]], []])
def test_lengths_that_are_not_those_of_the_picture_are_refused(counts: list[int]) -> None:
    with pytest.raises(ValueError):
        runs.inside(counts, (3, 4))
