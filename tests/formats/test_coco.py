"""COCO's JSON: what is read of it, and what is said of one that is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from tests.formats.test_shapes import letters
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Annotations, Bitmap, Place, Polygons, Thing

pytestmark = pytest.mark.tiny


def read(folder: Path, **how: Any) -> Annotations:
    return formats.read(Place(folder), **how)


def things(folder: Path, *rows: dict[str, Any], **more: Any) -> tuple[Thing, ...]:
    """Of a picture with these annotations."""
    made.photo(folder / "0.jpg")
    made.written(folder / "a.json", made.coco(rows, **more))
    return read(folder).splits["all"][0].things


def covered(thing: Thing, hw: tuple[int, int] = made.HW) -> int:
    assert thing.shape is not None
    return int(thing.shape.patch(hw).inside.sum())


def test_polygons_of_several_parts_boxes_and_crowds(tmp_path: Path) -> None:
    first, second, third = things(
        tmp_path, {}, {"segmentation": [made.flat(made.SQUARE), made.flat(made.TALL)], "category_id": 2}, {"iscrowd": 1}
    )
    assert (first.label, first.box, covered(first), first.crowd) == ("cat", (2, 3, 10, 6), 60, False)
    assert (second.label, covered(second)) == ("dog", 60 + 90)
    assert third.crowd


def test_run_lengths_packed_and_as_a_list(tmp_path: Path) -> None:
    counts = [0, 20, 580]  # the first column
    one, other, short = things(
        tmp_path,
        {"segmentation": {"size": [20, 30], "counts": counts}},
        {"segmentation": {"size": [20, 30], "counts": letters(counts)}},
        {"segmentation": {"size": [20, 30], "counts": [0, 20, 5]}},
    )
    for thing in (one, other):
        assert isinstance(thing.shape, Bitmap)
        assert thing.shape.inside[:, 0].all()
        assert covered(thing) == 20
    assert short.shape is None
    assert short.flaw == "has damaged run lengths"


@pytest.mark.parametrize(
    ("segmentation", "flaw"),
    [
        ([], ""), (None, ""), ([[]], "fewer than three corners"), ([[1, 2, 3, 4]], "fewer than three corners"), ([[1, 2, 3, 4, 5, 6, 7]], "an odd count"),
        ([[1, 2, 3, float("nan"), 5, 6]], "no number"), ([[1, 2, 3, 1e300, 5, 6]], "where no pixel is"), ([["a"] * 6], "no number"), ("polygon", "unknown kind"),
        ({"size": [7, 7], "counts": [49]}, "run lengths for 7 × 7 pixels, in a picture of 30 × 20"), ({"size": [20, 30]}, "damaged run lengths"),
        ({"size": [20, 30], "counts": "~~"}, "damaged run lengths"), ({"size": [20, 30], "counts": "é"}, "damaged run lengths"), ({"counts": [1]}, "unknown kind"),
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_outline_says_why(segmentation: Any, flaw: str, tmp_path: Path) -> None:
    good, bad = things(tmp_path, {}, {"segmentation": segmentation})
    assert good.shape is not None
    assert bad.shape is None
    assert (flaw in bad.flaw) if flaw else bad.flaw == ""
    assert bad.box == (2, 3, 10, 6), "the box stays"


def test_a_damaged_part_beside_whole_ones_is_left_out_and_named(tmp_path: Path) -> None:
    first, second = things(tmp_path, {}, {"segmentation": [made.flat(made.SQUARE), [1, 2, 3, 4], made.flat(made.TALL)]})
    assert (covered(first), covered(second)) == (60, 60 + 90)
    (said,) = [line for line in read(tmp_path).said if "is damaged and" in line]
    assert said.startswith("1 part is damaged and left out, the rest of the outline is used: a.json, annotation ")
    assert said.endswith(" (it has fewer than three corners).")


def test_numbers_with_gaps_are_kept_and_an_unknown_one_counts_nowhere(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    made.written(tmp_path / "a.json", made.coco([{"category_id": 17}, {"category_id": 5}], {3: "cat", 17: "dog", 90: "hat"}))
    found = read(tmp_path)
    assert [(label.number, label.name) for label in found.classes] == [(3, "cat"), (17, "dog"), (90, "hat")]
    first, second = found.splits["all"][0].things
    assert (first.label, second.nowhere) == ("dog", True)
    assert any("category 5 of 1 annotation is not listed" in said for said in found.said)


def test_background_and_void_are_no_classes_and_a_group_is_none(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    doc = made.coco([{}], {0: "pets", 1: "cat", 2: "_background_", 255: "void"})
    doc["categories"][0]["supercategory"] = "none"
    doc["categories"][1]["supercategory"] = "pets"
    made.written(tmp_path / "a.json", doc)
    found = read(tmp_path)
    assert [label.name for label in found.classes] == ["cat"]
    assert any("'pets'" in said for said in found.said)


def test_train_and_val_are_told_by_their_names_and_joined_by_those_of_the_classes(tmp_path: Path) -> None:
    for part in ("train", "val"):
        made.photo(tmp_path / f"{part}2017" / "0.jpg")
    made.written(tmp_path / "annotations" / "instances_train2017.json", made.coco([{}], {1: "cat", 2: "dog"}))
    made.written(tmp_path / "annotations" / "instances_val2017.json", made.coco([{}], {1: "dog", 3: "hat"}))
    made.written(tmp_path / "annotations" / "captions_val2017.json", {"images": [], "annotations": [{"caption": "a cat"}]})
    found = read(tmp_path)
    assert {part: some[0].things[0].label for part, some in found.splits.items()} == {"train": "cat", "val": "dog"}
    assert [str(one.picture.where) for some in found.splits.values() for one in some if one.picture] == [
        str(tmp_path / f"{part}2017" / "0.jpg") for part in ("train", "val")
    ]
    assert [label.name for label in found.classes] == ["cat", "dog", "hat"]
    assert any("numbers dog otherwise" in said for said in found.said)
    assert any("val2017.json has no category cat" in said for said in found.said)
    assert any("train2017.json has no category hat" in said for said in found.said)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) // 2], r"a\.json is cut off: it ends at character \d+"),
        (lambda text: text[:-1], "cut off"),
        (lambda text: text.replace(":", ";", 1), r"a\.json is no whole JSON: line 1, column \d+"),
        (lambda text: text.replace('"categories"', '"kinds"'), r"a\.json has no list of categories"),
        (lambda text: text.replace('"id": 2', '"id": 1'), "number of its own"),
        (lambda text: text.replace('"file_name"', '"file"'), "image 0"),
    ],
)
def test_damaged_json_is_named(change: Any, words: str, tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    made.written(tmp_path / "a.json", change(json.dumps(made.coco([{}]))))
    with pytest.raises(InputError, match=words):
        read(tmp_path)


def test_pictures_that_are_missing_or_meant_twice_are_failures(tmp_path: Path) -> None:
    tmp_path = tmp_path / "set"  # else pictures of other tests lie beside it, where they are looked for too
    for name in ("0.jpg", "a/2.jpg", "b/2.jpg"):
        made.photo(tmp_path / name)
    doc = made.coco([{}, {"image_id": 3}], files=("0.jpg", "1.jpg", "2.jpg", "3.jpg", "3.jpg"))
    made.written(tmp_path / "x.json", doc)
    place = Place(tmp_path)
    found = formats.read(place)
    assert [one.name for one in found.splits["all"]] == ["0"]
    assert dict(place.missing) == {
        "1.jpg": "is not there",
        "2.jpg": "fits a/2.jpg and b/2.jpg",
        "3.jpg": "is listed 2 times",
    }
    assert len(place) == 4


def test_no_picture_at_all_is_refused_and_a_folder_can_be_named(tmp_path: Path) -> None:
    made.written(tmp_path / "a" / "x.json", made.coco([{}], files=("some\\where\\0.jpg",)))
    made.photo(tmp_path / "far" / "away" / "deep" / "0.jpg")
    with pytest.raises(InputError, match=r"None of the 1 pictures of a is used: 0.jpg is not there.*pictures"):
        read(tmp_path / "a")
    assert read(tmp_path / "a", pictures=str(tmp_path / "far")).splits["all"][0].picture is not None
    with pytest.raises(InputError, match="is no folder"):
        read(tmp_path / "a", pictures=str(tmp_path / "none"))
    made.photo(tmp_path / "b" / "0.jpg")
    found = read(tmp_path / "a")
    assert "1 picture found in b/, beside a/." in found.said


def test_one_file_alone_may_be_named(tmp_path: Path) -> None:
    made.photo(tmp_path / "images" / "0.jpg")
    made.written(tmp_path / "annotations" / "x.json", made.coco([{}]))
    made.written(tmp_path / "annotations" / "y.json", made.coco([{}, {}]))
    assert len(read(tmp_path / "annotations" / "x.json").splits["all"][0].things) == 1


def test_annotations_without_an_image_are_told(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    made.written(tmp_path / "a.json", made.coco([{}, {"image_id": 9}, {"image_id": None}]))
    assert any("2 annotations are of no image" in said for said in read(tmp_path).said)


def test_names_of_several_folders_stay_apart(tmp_path: Path) -> None:
    for name in ("a/0.jpg", "b/0.jpg", "b/1.png"):
        made.photo(tmp_path / name)
    made.written(tmp_path / "x.json", made.coco([], files=("a/0.jpg", "b/0.jpg", "b/1.png")))
    assert [one.name for one in read(tmp_path).splits["all"]] == ["a_0", "b_0", "b_1"]


def test_an_outline_and_its_polygon_are_pixels(tmp_path: Path) -> None:
    (one,) = things(tmp_path, {})
    assert isinstance(one.shape, Polygons)
    patch = one.shape.patch(made.HW)
    assert (patch.top, patch.left, patch.inside.shape) == (3, 2, (6, 10))
    assert np.all(patch.inside)
