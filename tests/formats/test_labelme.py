"""LabelMe's JSON in all its forms: shapes, where the picture is, order, damage."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Annotations, Embedded, Place

pytestmark = pytest.mark.tiny


def read(folder: Path, **how: Any) -> Annotations:
    return formats.read(Place(folder), **how)


def covered(folder: Path, shape: dict[str, Any]) -> np.ndarray | str:
    """(h, w) of one shape, or what is wrong with it."""
    made.photo(folder / "0.jpg")
    made.written(folder / "0.json", made.labelme([shape]))
    (thing,) = read(folder).splits["all"][0].things
    if thing.shape is None:
        return thing.flaw
    patch, out = thing.shape.patch(made.HW), np.zeros(made.HW, bool)
    out[patch.top : patch.top + len(patch.inside), patch.left : patch.left + patch.inside.shape[1]] = patch.inside
    return out


CORNER = np.zeros((4, 5), np.uint8)
CORNER[1:, 2:] = 255


@pytest.mark.parametrize(
    ("shape", "pixels"),
    [
        (made.shape(), 60),
        ({k: v for k, v in made.shape().items() if k != "shape_type"}, 60),  # as LabelMe 3 wrote them
        (made.shape(kind="rectangle", points=[[12, 9], [2, 3]]), 60),
        (made.shape(kind="oriented_rectangle"), 60),
        (made.shape(kind="circle", points=[[10.0, 10.0], [10.0, 14.0]]), sum((x + 0.5) ** 2 + (y + 0.5) ** 2 <= 16 for x in range(-5, 5) for y in range(-5, 5))),
        (made.shape(kind="line", points=[[0, 10], [30, 10]]), 300),
        (made.shape(kind="point", points=[[10, 10]]), sum((x + 0.5) ** 2 + (y + 0.5) ** 2 <= 25 for x in range(-6, 6) for y in range(-6, 6))),
        (made.shape(kind="points", points=[[5, 5], [5, 5]]), sum((x + 0.5) ** 2 + (y + 0.5) ** 2 <= 25 for x in range(-5, 6) for y in range(-5, 6))),
        (made.shape(kind="mask", points=[[25, 3], [29, 6]], mask=made.packed(CORNER)), 9),
    ],
    ids=["polygon", "old", "rectangle", "turned rectangle", "circle", "line", "point", "points", "mask"],
)  # fmt: skip
def test_each_kind_of_shape_covers_its_pixels(shape: dict[str, Any], pixels: int, tmp_path: Path) -> None:
    found = covered(tmp_path, shape)
    assert isinstance(found, np.ndarray)
    assert found.sum() == pixels


def test_a_strip_of_lines_has_a_round_joint(tmp_path: Path) -> None:
    found = covered(tmp_path, made.shape(kind="linestrip", points=[[0, 8], [15, 8], [15, 20]]))
    assert isinstance(found, np.ndarray)
    assert found[7, 5]
    assert found[18, 15]
    assert found[5, 18], "the outer side of the corner"
    assert not found[3, 19], "which is not square"


@pytest.mark.parametrize(
    ("shape", "flaw"),
    [
        (made.shape(points=[[1, 2], [3, 4]]), "fewer than three corners"), (made.shape(points=[]), "fewer than three corners"),
        (made.shape(points=[[1, "a"], [3, 4], [5, 6]]), "no number"), (made.shape(points=None), "no points"), (made.shape(label=""), "no label"),
        (made.shape(kind="circle", points=[[1, 2]]), "a circle of 1 points"), (made.shape(kind="cuboid"), "a cuboid, which is not known"),
        (made.shape(kind="mask", points=[[1, 2], [3, 4]], mask="AAAA"), "damaged mask"), (made.shape(kind="mask", points=[[1, 2]], mask=None), "damaged mask"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)  # fmt: skip
def test_shapes_that_cannot_be_drawn_say_why(shape: dict[str, Any], flaw: str, tmp_path: Path) -> None:
    found = covered(tmp_path, shape)
    assert isinstance(found, str)
    assert flaw in found


@pytest.mark.parametrize(
    "path", ["0.jpg", "..\\pictures\\0.jpg", "../pictures/0.jpg", "C:\\Users\\me\\0.jpg", "/home/me/0.JPG", "0.png", ""], ids=str
)
def test_the_picture_is_found_by_its_path_its_name_or_beside(path: str, tmp_path: Path) -> None:
    picture = made.photo(tmp_path / ("pictures" if "pictures" in path else "json") / "0.jpg")
    made.written(tmp_path / "json" / "0.json", made.labelme([made.shape()], path))
    (one,) = read(tmp_path / "json").splits["all"]
    assert one.picture is not None
    assert isinstance(one.picture.where, Path)
    assert one.picture.where.resolve() == picture


def test_the_picture_may_be_inside(tmp_path: Path) -> None:
    held = made.photo(tmp_path / "0.jpg").read_bytes()
    (tmp_path / "0.jpg").unlink()
    made.written(tmp_path / "0.json", made.labelme([made.shape()], "0.json", data=base64.b64encode(held).decode()))
    (one,) = read(tmp_path).splits["all"]
    assert one.picture is not None
    assert isinstance(one.picture.where, Embedded)
    assert one.picture.ending() == ".jpg"
    assert one.picture.facts().hw == made.HW
    one.picture.write(tmp_path / "out.jpg")
    assert (tmp_path / "out.jpg").read_bytes() == held
    assert one.picture.open().pixels.shape == (*made.HW, 3)


def test_classes_stand_in_the_order_of_the_list_or_of_the_alphabet(tmp_path: Path) -> None:
    made.photo(tmp_path / "set" / "0.jpg")
    made.written(tmp_path / "set" / "0.json", made.labelme([made.shape("dog"), made.shape("cat"), made.shape("__ignore__")]))
    assert [tuple(label) for label in read(tmp_path / "set").classes] == [(1, "cat", ""), (2, "dog", "")]
    made.written(tmp_path / "labels.txt", "__ignore__\n_background_\nhat\ndog\ncat\n")
    found = read(tmp_path / "set")
    assert [tuple(label) for label in found.classes] == [(1, "hat", ""), (2, "dog", ""), (3, "cat", "")]
    assert "The classes stand in the order of labels.txt." in found.said
    made.written(tmp_path / "labels.txt", "dog\n")  # which does not list all: somebody else's
    assert [label.name for label in read(tmp_path / "set").classes] == ["cat", "dog"]


def test_damaged_files_are_named_and_the_others_read(tmp_path: Path) -> None:
    for k in range(4):
        made.photo(tmp_path / f"{k}.jpg")
        text = json.dumps(made.labelme([made.shape()], f"{k}.jpg"))
        made.written(tmp_path / f"{k}.json", text if k != 1 else text[: len(text) // 2])
    made.written(tmp_path / "3.json", {"shapes": "none", "imagePath": "3.jpg"})
    place = Place(tmp_path)
    found = formats.read(place)
    assert [one.name for one in found.splits["all"]] == ["0", "2"]
    assert place.missing[0][0] == "1.json"
    assert "cut off" in place.missing[0][1]
    assert place.missing[1] == ("3.json", "has no list of shapes.")
    assert len(place) == 4
    for k in (0, 2):
        (tmp_path / f"{k}.json").unlink()
    with pytest.raises(InputError, match=r"1\.json is cut off"):
        read(tmp_path)


def test_a_part_is_a_folder_and_never_a_pictures_name(tmp_path: Path) -> None:
    for name in ("train 1", "test_2", "val"):
        made.photo(tmp_path / f"{name}.jpg")
        made.written(tmp_path / f"{name}.json", made.labelme([made.shape()], f"{name}.jpg"))
    assert {part: len(some) for part, some in read(tmp_path).splits.items()} == {"all": 3}
    for name in ("test_2", "val"):
        (tmp_path / f"{name}.json").rename(tmp_path / f"{name}.txt")
    (tmp_path / "test").mkdir()
    (tmp_path / "train 1.json").rename(tmp_path / "test" / "train 1.json")
    assert [*read(tmp_path).splits] == ["all"], "one part alone is all"


def test_train_and_val_and_names_that_come_twice(tmp_path: Path) -> None:
    for part in ("train", "val"):
        for room in ("a", "b"):
            made.photo(tmp_path / part / room / "0.jpg")
            made.written(tmp_path / part / room / "0.json", made.labelme([made.shape()]))
    found = read(tmp_path)
    assert {part: [one.name for one in some] for part, some in found.splits.items()} == {
        "train": ["train_a_0", "train_b_0"],
        "val": ["val_a_0", "val_b_0"],
    }
