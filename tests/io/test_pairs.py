"""Which mask belongs to which picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.masked import areas, photo, stored
from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.unit
MASK = areas(0, 1, hw=(3, 4))


def laid(folder: Path, pictures: list[str], masks: list[str]) -> dict[str, str]:
    for name in pictures:
        stored(folder / "images" / name, photo((3, 4)))
    for name in masks:
        stored(folder / "masks" / name, MASK)
    return pairs(folder)


def pairs(folder: Path) -> dict[str, str]:
    return {e.picture.name: e.mask.name for e in io.open_labelled(folder).splits["all"] if e.mask}


def test_one_is_no_partner_of_ten(tmp_path: Path) -> None:
    """G11: by the very name first, then by known endings; never by how a name begins."""
    names = [str(n) for n in range(1, 20)] + ["train1", "train10"]
    assert laid(tmp_path, [f"{n}.png" for n in names], [f"{n}_mask.gif" for n in names]) == {f"{n}.png": f"{n}_mask.gif" for n in names}


def test_of_a_name_with_dots_only_the_last_ending_is_the_kind(tmp_path: Path) -> None:
    """G13."""
    stem = "a.1.3.6.1.4.1.9590.100.1.2.42_high"
    assert laid(tmp_path, [f"{stem}.jpg", "b.2.jpg"], [f"{stem}_mask.gif", "b.2.png"]) == {
        f"{stem}.jpg": f"{stem}_mask.gif",
        "b.2.jpg": "b.2.png",
    }


@pytest.mark.parametrize(("picture", "mask"), [
    ("a.jpg", "a_mask.png"), ("a.jpg", "a-mask.png"), ("a.jpg", "a_gt.png"), ("a.jpg", "a_label.png"), ("a.jpg", "a.mask.png"),
    ("a.jpg", "a Mask.png"), ("a.jpg", "mask_a.png"), ("image_7.png", "mask_7.png"), ("7_sat.jpg", "7_mask.png"), ("a.jpg", "a.jpg.png"),
    ("b_1_leftImg8bit.png", "b_1_gtFine_labelTrainIds.png"), ("0001TP_1.png", "0001TP_1_L.png"), ("é.jpg", "e\u0301.png"),
    ("the mask.jpg", "the mask_mask.png"), ("gt.jpg", "gt.png"),
])  # fmt: skip
def test_known_words_at_an_end_are_no_part_of_the_name(tmp_path: Path, picture: str, mask: str) -> None:
    assert laid(tmp_path, [picture, "zz.png"], [mask]) == {picture: mask}


@pytest.mark.parametrize(
    ("picture", "mask"), [("a.jpg", "ab.png"), ("a1.jpg", "a10_mask.png"), ("smask.jpg", "s.png"), ("final.jpg", "fina.png")]
)
def test_other_names_are_no_pairs(tmp_path: Path, picture: str, mask: str) -> None:
    with pytest.raises(InputError, match="has no picture with a mask"):
        laid(tmp_path, [picture], [mask])


def test_the_very_name_goes_before_a_known_ending(tmp_path: Path) -> None:
    assert laid(tmp_path, ["a.png", "a_mask.png"], ["a.png", "a_mask.png"]) == {"a.png": "a.png", "a_mask.png": "a_mask.png"}
    found = io.open_labelled(tmp_path)
    assert found.alone == ()


def test_two_masks_of_one_picture_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a_gt\.png and a_mask\.png are both masks of a\.jpg"):
        laid(tmp_path, ["a.jpg"], ["a_mask.png", "a_gt.png"])


def test_what_is_alone_is_named(tmp_path: Path) -> None:
    laid(tmp_path, ["a.jpg", "b.jpg"], ["a_mask.png", "c_mask.png"])
    found = io.open_labelled(tmp_path)
    assert found.alone == ("b.jpg", "c_mask.png")
    assert "2 files have no partner and are left out: b.jpg, c_mask.png" in found.notes[0]


def test_pictures_and_masks_in_one_folder(tmp_path: Path) -> None:
    for n in (1, 2, 10):
        stored(tmp_path / "kinds" / f"{n}.jpg", photo((3, 4)))
        stored(tmp_path / "kinds" / f"{n}.png", MASK)
        stored(tmp_path / "words" / f"{n}.png", photo((3, 4)))
        stored(tmp_path / "words" / f"{n}_mask.png", MASK)
    stored(tmp_path / "words" / "11.png", photo((3, 4)))
    assert pairs(tmp_path / "kinds") == {"1.jpg": "1.png", "2.jpg": "2.png", "10.jpg": "10.png"}
    assert pairs(tmp_path / "words") == {"1.png": "1_mask.png", "2.png": "2_mask.png", "10.png": "10_mask.png"}
    assert io.open_labelled(tmp_path / "words").alone == ("11.png",)


@pytest.mark.parametrize("there", ["nothing", "pictures", "empty"])
def test_a_folder_without_pairs_is_refused(tmp_path: Path, there: str) -> None:
    if there == "pictures":
        stored(tmp_path / "a.jpg", photo((3, 4)))
    if there == "empty":
        (tmp_path / "images").mkdir()
        (tmp_path / "masks").mkdir()
    with pytest.raises(InputError, match=tmp_path.name):
        io.open_labelled(tmp_path)


def test_colours_of_the_list_may_be_three_columns(tmp_path: Path) -> None:
    laid(tmp_path, ["a.jpg"], ["a.png"])
    (tmp_path / "classes.csv").write_text("index,name,r,g,b\n0,sky,128,128,128\n1,road,0,16,255\n", encoding="utf-8")
    assert io.open_labelled(tmp_path).classes == ((0, "sky", "#808080"), (1, "road", "#0010ff"))
    assert np.array_equal(io.open_mask(tmp_path / "masks" / "a.png").numbers, MASK)
