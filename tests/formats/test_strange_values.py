"""Numbers and names that no annotation should hold: each is read, left out with a reason, or refused in a sentence that says what stands there."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.formats import made
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Place, values

pytestmark = pytest.mark.tiny
DIGITS = "9" * 5000  # of so many Python makes no whole number
YAML = "train: images\nnames: [cat, dog]\n"


@pytest.mark.parametrize(
    ("given", "is_"),
    [
        (3, 3), (3.0, 3), ("3", 3), (" -7 ", -7), (3.5, None), (True, None), ("--3", None), ("", None), (DIGITS, None), (10**400, None),
        (float("inf"), None), (float("nan"), None), (None, None), ({}, None),
        (20_230_101_123_456, 20_230_101_123_456), ("-16776961", -16_776_961),
    ],
)  # fmt: skip
def test_whole_numbers_are_told_from_what_is_none(given: Any, is_: int | None) -> None:
    assert values.whole(given) == is_


@pytest.mark.parametrize(("given", "is_"), [(1, 1.0), (-2.5, -2.5), (1e30, None), (10**400, None), (float("nan"), None), ("1", None)])
def test_a_place_is_a_number_that_may_be_one(given: Any, is_: float | None) -> None:
    assert values.number(given) == is_


def test_why_numbers_are_no_places() -> None:
    assert values.ring([[1, 2], [1e30, 4], [5, 6]]) == "holds a number beyond 10,000,000, where no pixel is"
    assert values.ring([[1, 2], ["x", 4], [5, 6]]) == "holds what is no number"
    assert values.ring([[1, 2], [3, 4]]) == "has fewer than three corners"


@pytest.mark.parametrize(
    ("given", "is_"),
    [(1.5, "1.5"), (None, "null"), ("a", '"a"'), ({"a": 1}, "an object"), ([1], "a list"), (10**400, "a number of 401 digits")],
)
def test_what_a_file_holds_is_shown_in_its_own_words(given: Any, is_: str) -> None:
    assert values.shown(given) == is_
    assert len(values.shown("x" * 999)) < 70


def coco(folder: Path, **changes: Any) -> Place:
    """Three pictures with a box each; of the first annotation, image or category some keys have other values."""
    doc: dict[str, Any] = {
        "images": [{"id": n, "file_name": f"{n}.jpg", "width": 30, "height": 20} for n in range(3)],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": n, "image_id": n, "category_id": 1, "bbox": [2, 3, 10, 6]} for n in range(3)],
    }
    for key, value in changes.items():
        doc[key][0] |= value
    for n in range(3):
        made.photo(folder / "images" / f"{n}.jpg")
    (folder / "a.json").write_text(json.dumps(doc))
    return Place(folder)


def first(place: Place) -> Any:
    return formats.read(place, boxes=True).splits["all"][0].things[0]


@pytest.mark.parametrize(
    ("bbox", "flaw"),
    [
        ([10**400, 5, 2, 2], "holds a number beyond 10,000,000, where no pixel is"),
        ([1e30, 5, 2, 2], "holds a number beyond 10,000,000, where no pixel is"),
        (["a", 5, 2, 2], "holds what is no number"),
        ({"x": 1}, "holds what is no number"),
        ([], ""),
    ],
)
def test_cocos_boxes_say_what_is_wrong_with_them(tmp_path: Path, bbox: Any, flaw: str) -> None:
    thing = first(coco(tmp_path / "set", annotations={"bbox": bbox}))
    assert (thing.box, thing.flaw) == (None, flaw)


@pytest.mark.parametrize("category", ["--3", DIGITS, 10**400, {"a": 1}])
def test_a_category_that_is_no_number_is_one_that_nobody_lists(tmp_path: Path, category: Any) -> None:
    thing = first(coco(tmp_path / "set", annotations={"category_id": category}))
    assert thing.nowhere
    assert "which is not listed" in thing.flaw
    assert "{" not in thing.flaw


def test_ids_of_images_may_be_times(tmp_path: Path) -> None:
    place = coco(tmp_path / "set", images={"id": 20_230_101_123_456}, annotations={"image_id": 20_230_101_123_456})
    assert first(place).box == (2, 3, 10, 6)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"images": {"file_name": None}}, r"image 0 has id 0 and file_name null\."),
        ({"images": {"id": {"a": 1}}}, r'image 0 has id an object and file_name "0\.jpg"\.'),
        ({"categories": {"name": {"a": 1}}}, r"a category with id 1 and name an object\."),
    ],
)
def test_what_is_refused_is_said_without_brackets(tmp_path: Path, changes: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        first(coco(tmp_path / "set", **changes))


def test_half_a_letter_in_a_name_can_be_written(tmp_path: Path) -> None:
    thing = first(coco(tmp_path / "set", categories={"name": "ca\ud800t"}))
    assert thing.label == "ca\ufffdt"


def test_a_number_of_thousands_of_digits_is_no_annotation(tmp_path: Path) -> None:
    place = coco(tmp_path / "set")
    (tmp_path / "set" / "a.json").write_text((tmp_path / "set" / "a.json").read_text().replace("[2, 3,", f"[{DIGITS}, 3,", 1))
    with pytest.raises(InputError, match="a number of thousands of digits"):
        first(place)


def yolo(folder: Path, line: str = "0 .5 .5 .2 .2", table: str = YAML) -> Place:
    for n in range(2):
        made.photo(folder / "images" / f"{n}.jpg")
        made.written(folder / "labels" / f"{n}.txt", "0 .5 .5 .2 .2\n" if n else f"{line}\n")
    made.written(folder / "data.yaml", table)
    return Place(folder)


@pytest.mark.parametrize("line", ["inf .5 .5 .2 .2", "nan .5 .5 .2 .2", "1e300 .5 .5 .2 .2", "0 1e30 .5 .2 .2"])
def test_a_line_of_yolo_that_is_none_costs_its_picture_alone(tmp_path: Path, line: str) -> None:
    place = yolo(tmp_path / "set", line)
    assert [one.wanted for one in formats.read(place).splits["all"]] == ["images/1.jpg"]
    assert "line 1" in place.failed["images/0.jpg"]


@pytest.mark.parametrize("text", ["names: [2020-99-99, dog]\n", f"names: [cat]\nnc: {DIGITS}\n"])
def test_yaml_that_python_cannot_read_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"data\.yaml holds what YAML cannot read"):
        formats.read(yolo(tmp_path / "set", table=text))


def test_a_folder_in_yaml_whose_name_no_disk_takes_is_none(tmp_path: Path) -> None:
    found = formats.read(yolo(tmp_path / "set", table=YAML.replace("images", "a" * 5000)))
    assert len(found) == 2, "those that lie there"


def test_links_that_lead_nowhere_are_no_reason_to_fail(tmp_path: Path) -> None:
    place = yolo(tmp_path / "set", table="a: 1\n")
    os.symlink(tmp_path / "gone", tmp_path / "set" / "labels" / "a.txt")
    place = Place(tmp_path / "set")
    assert len(formats.read(place)) == 2
    assert len(place.mark) == 32


def test_voc_and_labelme_say_which_number_it_is(tmp_path: Path) -> None:
    box = "<bndbox><xmin>{}</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax></bndbox>"
    objects = "".join(f"<object><name>cat</name>{one}</object>" for one in (box.format("inf"), box.format(""), "", box.format(2)))
    size = f"<size><width>{DIGITS}</width><height>--3</height></size>"
    made.photo(tmp_path / "voc" / "0.jpg")
    made.written(tmp_path / "voc" / "0.xml", f"<annotation><filename>0.jpg</filename>{size}{objects}</annotation>")
    (one,) = formats.read(Place(tmp_path / "voc"), boxes=True).splits["all"]
    assert one.hw is None
    assert [thing.flaw for thing in one.things] == [
        'has "inf" where xmin, a place in the picture, is', 'has "" where xmin, a place in the picture, is', "has no box", "",
    ]  # fmt: skip
    made.photo(tmp_path / "labelme" / "0.jpg")
    rows = [made.shape(points=[[1e30, 2], [3, 4], [5, 6]]), made.shape() | {"label": {"a": 1}}, made.shape() | {"group_id": "--1"}]
    made.written(tmp_path / "labelme" / "0.json", made.labelme(rows))
    (one,) = formats.read(Place(tmp_path / "labelme")).splits["all"]
    assert [thing.flaw for thing in one.things] == ["holds a number beyond 10,000,000, where no pixel is", "has no label", ""]
