"""A page's pictures on one sheet: where everything lies, reckoned anew here."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.report.report_pages import picture
from zorki import blocks, report
from zorki.io import lettering
from zorki.report import sheets as laying

pytestmark = pytest.mark.unit

LONG = "European fire salamander of the mountains, standard poodle, computer keyboard with all its keys, " * 3


def mosaic(count: int, columns: int, hw: tuple[int, int] = (14, 14), caption: str = "patches") -> blocks.Mosaic:
    return blocks.Mosaic(tuple(blocks.Tile(picture(*hw, 10 + k), "", "a") for k in range(count)), caption, columns, True)


def page(plates: tuple[blocks.Plate, ...], layers: int = 1) -> blocks.Page:
    sections = tuple(blocks.Section(f"conv{k}", f"conv{k}", "units see 14 × 14 px.", (blocks.Slide(plates, ""),)) for k in range(layers))
    return blocks.Page("t", "l", sections)


def plates(count: int, kinds: int = 3, words: str = "zebra, tiger cat") -> tuple[blocks.Plate, ...]:
    made = (mosaic(2, 1, (96, 96), "drawn"), *(mosaic(9, 3) for _ in range(kinds - 1)))
    return tuple(blocks.Plate(f"conv-{k}", f"conv:{k}", made[:kinds], words) for k in range(count))


def test_nine_by_nine_beside_each_other_to_the_pixel() -> None:
    """238 px are three pictures of 78 and two seams of 2; two drawings one below the other are half as wide."""
    drawn, patches, made = laying.laid(plates(1)[0].mosaics)
    assert drawn.box == (0, 0, 119, 238)
    assert drawn.pictures == ((0, 0, 119, 118), (0, 120, 119, 118))
    for block, left in ((patches, 119 + 10), (made, 119 + 10 + 238 + 10)):
        assert block.box == (left, 0, 238, 238)
        assert block.pictures == tuple((left + 80 * (k % 3), 80 * (k // 3), 78, 78) for k in range(9))


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9, 16, 25, 100])
@pytest.mark.parametrize("hw", [(14, 14), (140, 93), (20, 61), (1, 1), (3, 64), (64, 3)])
@pytest.mark.parametrize("drawings", [0, 1, 2, 4])
def test_no_picture_covers_another_or_leaves_its_mosaic(count: int, hw: tuple[int, int], drawings: int) -> None:
    side = math.ceil(math.sqrt(count))
    shown = [mosaic(count, side, hw), mosaic(count, side, hw)]
    shown[:0] = [mosaic(drawings, math.isqrt(drawings), (96, 96))] if drawings else []
    places = laying.laid(shown)
    assert len({place.box[3] for place in places}) == 1, "all equally high"
    taken = np.zeros((places[0].box[3], places[-1].box[0] + places[-1].box[2]), int)
    for block, place in zip(shown, places, strict=True):
        left, _, wide, _ = place.box
        assert len(place.pictures) == len(block.tiles)
        assert wide == pytest.approx(max(1, place.box[3] * block.ratio), abs=0.5)
        for x, y, w, h in place.pictures:
            assert left <= x < x + w <= left + wide
            assert 0 <= y < y + h <= place.box[3]
            taken[y : y + h, x : x + w] += 1
        assert (place.pictures[0][0], place.pictures[0][1]) == (left, 0)
    assert taken.max() == 1
    made = report.sheet(page((blocks.Plate("a", "conv4_2:7", tuple(shown)),)))
    assert made.shape[1] >= 24 + 160 + 24, "there is room for a line"


@pytest.mark.parametrize("kinds", [1, 2, 3])
@pytest.mark.parametrize("words", ["", "zebra", LONG, "W" * 300])
def test_a_plate_holds_its_pictures_its_line_and_what_they_are(kinds: int, words: str) -> None:
    (one,) = plates(1, kinds, words)
    places = laying.laid(one.mosaics)
    wide = max(laying.width(places), 119)
    made = laying.painted(one, wide)
    said = lettering.lines(f"{one.title} · {words}" if words else one.title, wide, 2, laying.LARGE)
    assert said[0].startswith("conv:0")
    assert len(said) == (2 if len(words) > 90 else 1) or kinds == 1
    top = len(said) * lettering.line_height(laying.LARGE) + 4
    assert made.shape == (top + 238 + 4 + lettering.line_height(laying.SMALL), wide, 3)
    for block, place in zip(one.mosaics, places, strict=True):
        for tile, (x, y, w, h) in zip(block.tiles, place.pictures, strict=True):
            assert (made[top + y : top + y + h, x : x + w] == tile.pixels[0, 0]).all()
        left, _, w, _ = place.box
        assert (made[top + 242 :, left : left + w] < 160).any(), "its caption lies under it"
    inked = (made < 160).all(2)
    assert inked[: top - 4].any()
    assert not inked[top - 4 : top].any()
    assert not made[top + 238 : top + 242].min() < 255, "nothing between pictures and captions"


def test_a_long_line_ends_at_a_word() -> None:
    (one,) = plates(1, 3, LONG)
    said = lettering.lines(f"{one.title} · {one.words}", laying.width(laying.laid(one.mosaics)), 2, laying.LARGE)
    assert said[-1].endswith("…")
    assert said[-1][:-1].split()[-1].rstrip(",") in LONG.replace(",", "").split()


def test_plates_stand_in_rows_layer_below_layer() -> None:
    """Of four plates, 615 px wide each, three fit 1920 px; two rows of two leave no place empty."""
    made = report.sheet(page(plates(4), layers=2))
    wide, (h, w, _) = 615, made.shape
    assert w == 24 + 2 * (wide + 24)
    head, line, foot = (lettering.line_height(size) for size in (15, 15, 13))
    high = line + 4 + 238 + 4 + foot
    assert h == 2 * (24 + head + 10 + 2 * (high + 24))
    assert np.array_equal(made[: h // 2, :, 0][head + 30 :], made[h // 2 :, :, 0][head + 30 :]), "the same but for the heading"
    for k in range(4):
        y = 24 + head + 10 + k // 2 * (high + 24) + line + 4
        x = 24 + k % 2 * (wide + 24)
        for i in range(9):
            dx, dy = 129 + 80 * (i % 3), 80 * (i // 3)
            assert (made[y + dy : y + dy + 78, x + dx : x + dx + 78] == 10 + i).all()


def test_columns_fill_a_screen_and_leave_few_places_empty() -> None:
    assert [laying.across(n, 639, 300) for n in (1, 2, 3, 4, 5, 16)] == [1, 2, 3, 2, 3, 3]
    assert laying.across(7, 3000, 300) == 1, "too wide for a screen, and still one"
    many = laying.across(512, 639, 300)
    assert 0.5 < many * 639 / (math.ceil(512 / many) * 300) < 2, "of very many a square"


def test_an_atlas_with_patches_is_a_slide_and_one_without_a_sheet() -> None:
    tile = blocks.Tile(picture(64, 64, 90), "", "drawn")
    with_patches = blocks.Gallery((blocks.Entry("a", "a:1", tile, ("zebra",), (mosaic(9, 3),)),), "")
    made = report.sheet(blocks.Page("t", "What it answers to.", (blocks.Section("a", "a", "", (with_patches,)),)))
    head = lettering.line_height(15)
    y = 24 + head + 10 + head + 4
    assert (made[y : y + 238, 24 : 24 + 238] == 90).all(), "as high as the nine"
    assert (made[y : y + 78, 24 + 248 : 24 + 248 + 78] == 10).all()
    alone = blocks.Gallery((blocks.Entry("a", "a:1", tile),), "")
    assert report.sheet(blocks.Page("t", "l", (blocks.Section("a", "a", "", (alone,)),))).shape == (64 + 8 + 8 + 21, 64 + 16, 3)
    with pytest.raises(ValueError, match="at least one"):
        report.sheet(blocks.Page("t", "l", ()))


def test_pixels_that_are_enlarged_keep_their_edges_and_grey_is_grey() -> None:
    board = np.array([[0, 255], [255, 0]], np.uint8)
    made = laying.fitted(board, (78, 78), crisp=True)
    assert np.array_equal(made[..., 0], np.kron(board, np.ones((39, 39), np.uint8)))
    assert (made[..., 0] == made[..., 2]).all()
    smooth = laying.fitted(board, (78, 78), crisp=False)
    assert len(np.unique(smooth)) > 20
