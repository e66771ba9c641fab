"""Tables of boxes: heads in any order and of many names, what is refused, and what lies beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Annotations, Place

pytestmark = pytest.mark.tiny
ROWS = "file,class,x,y,w,h\n0.jpg,cat,2,3,10,6\n0.jpg,dog,15,1,5,18\n"


def table(folder: Path, text: str, name: str = "boxes.csv", pictures: str = "images", count: int = 2) -> Path:
    for k in range(count):
        made.photo(folder / pictures / f"{k}.jpg")
    made.written(folder / name, text)
    return folder


def things(found: Annotations, part: str = "all") -> dict[str, list[tuple[str, Any]]]:
    return {one.wanted: [(t.label, t.box) for t in one.things] for one in found.splits[part]}


CAT = {"0.jpg": [("cat", (2, 3, 10, 6))]}


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("h,w,y,x,class,file\n6,10,3,2,cat,0.jpg\n", "size"),
        ("filename,width,height,class,xmin,ymin,xmax,ymax\n0.jpg,30,20,cat,2,3,12,9\n", "corners"),
        ("Image Path;Label;X-Max;X-Min;Y-Max;Y-Min\n0.jpg;cat;12;2;9;3\n", "corners"),
        ("\ufefflabel\timage\tcx\tcy\tw\th\ncat\t0.jpg\t7\t6\t10\t6\n", "middle"),
        ("id;picture;category;left;top;right;bottom\n1;0.jpg;cat;2,0;3,0;12,0;9,0\n", "corners"),
        ('file,class,x,y,w,h\n"0.jpg"," cat ",2.0,3.0,10,6\n\n', "size"),
        ("file,class,x,y,w,h\r\nold\\folder\\0.jpg,cat,2,3,10,6\r\n", "size"),
    ],
)
def test_columns_are_known_by_their_heads(tmp_path: Path, text: str, written: str) -> None:
    found = formats.read(Place(table(tmp_path, text)), boxes=True)
    assert list(things(found).values()) == list(CAT.values())
    assert (found.title, found.written, found.whole) == ("a table of boxes", written, True)
    assert found.splits["all"][0].picture is not None
    assert found.splits["all"][0].picture.where == tmp_path / "images" / "0.jpg"
    assert found.splits["all"][0].hw in (None, (20, 30))


def test_a_width_beside_corners_is_the_pictures_unless_it_is_the_boxes(tmp_path: Path) -> None:
    head = "file,class,xmin,ymin,xmax,ymax,width,height\n"
    assert formats.read(Place(table(tmp_path / "a", head + "0.jpg,cat,2,3,12,9,30,20\n")), boxes=True).splits["all"][0].hw == (20, 30)
    assert formats.read(Place(table(tmp_path / "b", head + "0.jpg,cat,2,3,12,9,10,6\n")), boxes=True).splits["all"][0].hw is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0.jpg,cat,2,3,10,6\n1.jpg,dog,1,1,5,5\n", "is a row already.*Write file,class,x,y,w,h above it"),
        ("photos/0.jpg,2,3,12,9,cat\n", "is a row already"),
        ("file,x,y,w,h\n0.jpg,2,3,10,6\n", "has no column class"),
        ("name,x,y,w,h\ncat,2,3,10,6\n", "has no column file"),
        ("file,class,x,y\n0.jpg,cat,2,3\n", "says no four sides of a box"),
        ("file,class,x,y,w,h\n0.jpg,cat,2,3,10\n", r"line 2: 5 fields.*the 6 of the first"),
        ("file,class,x,y,w,h\n,cat,2,3,10,6\n", "line 2: no file is named"),
        ("file,class,x,y,w,h\n0.jpg,caf\u00e9,2,3,10,6\n".encode("latin-1"), "in UTF-8"),
    ],
)
def test_what_is_no_table_of_boxes_says_what_to_write(tmp_path: Path, text: str | bytes, says: str) -> None:
    table(tmp_path, "")
    (tmp_path / "boxes.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError, match=says):
        formats.read(Place(tmp_path), boxes=True)


def test_what_is_odd_about_a_row_is_kept_to_be_named(tmp_path: Path) -> None:
    text = "file,class,x,y,w,h\n0.jpg,cat,9,3,-7,6\n0.jpg,,2,3,4,5\n0.jpg,cat,2,twelve,4,5\n0.jpg,cat,,,,\n1.jpg,,,,,\n"
    found = formats.read(Place(table(tmp_path, text)), boxes=True)
    first, second = found.splits["all"]
    assert [(t.label, t.box, t.flaw, t.number) for t in first.things] == [
        ("cat", (9, 3, -7, 6), "", "line 2"),
        ("void", (2, 3, 4, 5), "has no class", "line 3"),
        ("cat", None, 'has "twelve" where a place in the picture is', "line 4"),
        ("cat", None, "has no box", "line 5"),
    ]
    assert second.things == ()
    assert [label.name for label in found.classes] == ["cat"]


def test_numbers_of_which_none_is_above_one_are_shares(tmp_path: Path) -> None:
    text = "ImageID,LabelName,XMin,XMax,YMin,YMax\n0,cat,0.1,0.6,0.25,0.75\n"
    found = formats.read(Place(table(tmp_path, text, "train-annotations.csv")), boxes=True)
    (one,) = found.splits["train" if "train" in found.splits else "all"]
    assert one.relative
    assert one.things[0].box == pytest.approx((0.1, 0.25, 0.5, 0.5))
    assert any("shares of the picture" in said for said in found.said)


@pytest.mark.parametrize(
    "files",
    [
        {"boxes.csv": "file,class,x,y,w,h,split\n0.jpg,cat,2,3,10,6,TRAIN\n1.jpg,cat,2,3,10,6,validation\n"},
        {"cat_train_labels.csv": ROWS, "cat_val_labels.csv": ROWS.replace("0.jpg", "1.jpg")},
    ],
)
def test_parts_by_a_column_or_by_the_tables_names(tmp_path: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        table(tmp_path, text, name)
    found = formats.read(Place(tmp_path), boxes=True)
    assert {part: [one.wanted for one in some] for part, some in found.splits.items()} == {"train": ["0.jpg"], "val": ["1.jpg"]}


def test_boxes_csv_goes_before_all_else_only_where_boxes_are_wanted(tmp_path: Path) -> None:
    table(tmp_path, ROWS)
    xml = "<annotation><filename>1.jpg</filename><object><name>hen</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
    made.written(tmp_path / "annotations" / "1.xml", xml)
    found = formats.read(Place(tmp_path), boxes=True)
    assert found.title == "a table of boxes"
    assert "VOC (annotations/1.xml) lies there too, and is not read." in found.said
    assert formats.read(Place(tmp_path)).title == "VOC"
    assert formats.read(Place(tmp_path / "boxes.csv"), boxes=True).title == "a table of boxes"
    for k in range(2):
        made.index(tmp_path / "masks" / f"{k}.png", np.zeros(made.HW))
    assert formats.read(Place(tmp_path), boxes=True).title == "a table of boxes"


def test_masks_alone_stand_behind_where_boxes_are_wanted(tmp_path: Path) -> None:
    for k in range(2):
        made.photo(tmp_path / "images" / f"{k}.jpg")
        made.index(tmp_path / "masks" / f"{k}.png", np.zeros(made.HW))
    made.written(tmp_path / "instances.json", made.coco([{}], files=["0.jpg"]))
    with pytest.raises(InputError, match="One format is read at a time"):
        formats.read(Place(tmp_path))
    assert formats.read(Place(tmp_path), boxes=True).title == "COCO"


def test_voc_has_its_parts_also_where_it_has_boxes_alone(tmp_path: Path) -> None:
    xml = "<annotation><object><name>hen</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
    for k in range(3):
        made.photo(tmp_path / "JPEGImages" / f"{k}.jpg")
        made.written(tmp_path / "Annotations" / f"{k}.xml", xml)
    made.written(tmp_path / "ImageSets" / "Main" / "train.txt", "0\n2\n")
    made.written(tmp_path / "ImageSets" / "Main" / "val.txt", "1\n")
    made.written(tmp_path / "ImageSets" / "Main" / "hen_train.txt", "0 1\n2 -1\n")
    found = formats.read(Place(tmp_path))
    assert {part: [one.name for one in some] for part, some in found.splits.items()} == {"train": ["0", "2"], "val": ["1"]}
    made.photo(tmp_path / "JPEGImages" / "2007_a.b.jpg")
    made.written(tmp_path / "Annotations" / "2007_a.b.xml", xml)
    made.written(tmp_path / "ImageSets" / "Segmentation" / "train.txt", "0\n")
    made.index(tmp_path / "SegmentationClass" / "0.png", np.zeros(made.HW))
    again = formats.read(Place(tmp_path), boxes=True)  # few of its pictures have masks
    assert {part: [one.name for one in some] for part, some in again.splits.items()} == {"train": ["0", "2"], "val": ["1"]}
    assert "1 XML files stand in no list of ImageSets/Main, and are left out." in again.said
    assert not again.masked
    made.written(tmp_path / "ImageSets" / "Main" / "val.txt", "1\n2007_a.b\n")
    assert [one.name for one in formats.read(Place(tmp_path), boxes=True).splits["val"]] == ["1", "2007_a.b"]


def test_labelmes_groups_are_kept(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    shapes = [made.shape(group_id=4), made.shape(points=made.TALL, group_id=4), made.shape("dog")]
    made.written(tmp_path / "0.json", made.labelme(shapes))
    (one,) = formats.read(Place(tmp_path)).splits["all"]
    assert [t.group for t in one.things] == [4, 4, None]


@pytest.mark.parametrize(
    ("here", "asked"), [("e\u0301te\u0301", "\u00e9t\u00e9"), ("\u00e9t\u00e9", "e\u0301te\u0301"), ("사진", "사진"), ("ı", "ı")]
)
def test_letters_are_composed_either_way_in_folders_and_in_tables(tmp_path: Path, here: str, asked: str) -> None:
    """Case L26 of public reports."""
    folder = tmp_path / here
    made.photo(folder / "images" / f"{here}.jpg")
    made.written(folder / "boxes.csv", f"file,class,x,y,w,h\n{asked}.jpg,cat,2,3,10,6\n")
    found = formats.read(Place(tmp_path / asked), boxes=True)
    assert [one.picture.where.name for one in found.splits["all"] if one.picture] == [f"{here}.jpg"]  # type: ignore[union-attr]
