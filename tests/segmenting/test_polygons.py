"""Outlines beside masks: filled again by a plain loop they give the mask back, to the last pixel."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import ndimage

from zorki.segmenting import outlines, polygons

pytestmark = pytest.mark.tiny
masks = arrays(bool, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))


def filled(rings: list[np.ndarray], hw: tuple[int, int]) -> np.ndarray:
    """By the even-odd rule: a ray from each pixel's middle to the left crosses an odd number of edges. Edges may be slanted."""
    out = np.zeros(hw, bool)
    for y in range(hw[0]):
        for x in range(hw[1]):
            crossed = 0
            for ring in rings:
                for (x0, y0), (x1, y1) in zip(ring, np.roll(ring, -1, 0), strict=True):
                    if (y0 > y + 0.5) != (y1 > y + 0.5):
                        crossed += x0 + (y + 0.5 - y0) * (x1 - x0) / (y1 - y0) < x + 0.5
            out[y, x] = crossed % 2
    return out


@settings(max_examples=60, deadline=None)
@given(masks)
def test_polygons_filled_again_are_the_mask(mask: np.ndarray) -> None:
    found = polygons.regions(mask)
    assert len(found) == ndimage.label(mask)[1]
    back = np.zeros(mask.shape, int)
    for region in found:
        one = filled([region.outer, *region.holes], mask.shape)
        assert one.sum() == region.pixels
        assert polygons.area(region.outer) > 0
        assert all(polygons.area(hole) < 0 for hole in region.holes)
        assert polygons.area(region.outer) + sum(map(polygons.area, region.holes)) == region.pixels
        left, top, width, height = region.box
        y, x = np.nonzero(one)
        assert (left, top, width, height) == (x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1)
        back += one
    assert (back == mask).all()


@settings(max_examples=40, deadline=None)
@given(masks)
def test_a_region_with_holes_as_one_ring_is_the_same(mask: np.ndarray) -> None:
    for region in polygons.regions(mask):
        assert (filled([polygons.bridged(region)], mask.shape) == filled([region.outer, *region.holes], mask.shape)).all()


def test_corners_alone_are_kept() -> None:
    mask = np.zeros((9, 12), bool)
    mask[2:7, 3:10] = True
    mask[4, 5:8] = False
    (region,) = polygons.regions(mask)
    assert {tuple(p) for p in region.outer} == {(3, 2), (10, 2), (10, 7), (3, 7)}
    assert {tuple(p) for p in region.holes[0]} == {(5, 4), (8, 4), (8, 5), (5, 5)}


@given(masks)
def test_run_lengths_are_cocos(mask: np.ndarray) -> None:
    counts = polygons.run_lengths(mask)
    assert sum(counts) == mask.size
    back = np.concatenate([np.full(n, i % 2, bool) for i, n in enumerate(counts)])
    assert (mask == back.reshape(mask.shape[::-1]).T).all()


@settings(max_examples=30, deadline=None)
@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=12), elements=st.integers(0, 3)))
def test_files_of_outlines_hold_the_labels(labels: np.ndarray) -> None:
    names, colours = ("background", "a", "b", "c"), ("#000000", "#ff0000", "#00ff00", "#0000ff")
    found = outlines.geojson(labels, range(4), names, colours, {})
    back = np.full(labels.shape, 9)
    for feature in found["features"]:
        rings = feature["geometry"]["coordinates"]
        assert all(ring[0] == ring[-1] for ring in rings)
        back[filled([np.array(ring[:-1]) for ring in rings], labels.shape)] = feature["properties"]["class"]
    assert (back == labels).all()
    data = outlines.coco(labels, range(4), names, "photo.jpg", False, {})
    for one in data["annotations"]:
        (line,) = one["segmentation"]
        inside = filled([np.array(line).reshape(-1, 2)], labels.shape)
        assert (labels[inside] == one["category_id"]).all()
        assert inside.sum() == one["area"]
    for one in outlines.coco(labels, range(4), names, "photo.jpg", True, {})["annotations"]:
        assert one["iscrowd"] == 1
        assert sum(one["segmentation"]["counts"][1::2]) == one["area"] == (labels == one["category_id"]).sum()
