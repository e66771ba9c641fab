"""Pictures with boxes as people have them: what can be used of each format, what is named, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.formats import made as annotations
from tests.locating.made import HW, kinds, opened, own, photos, real, voc
from zorki.core.errors import InputError
from zorki.formats import Place
from zorki.locating.boxed import Boxed, boxed

pytestmark = pytest.mark.unit
BOX = ("cat", 10, 20, 30, 25)


def boxes(found: Boxed, part: str = "all") -> dict[str, list[tuple[str, float, float, float, float]]]:
    return {e.picture.name: [tuple(b) for b in e.boxes] for e in found.parts[part]}  # type: ignore[misc]


def test_ours_beside_images_in_one_folder_and_in_parts(tmp_path: Path) -> None:
    rows: Any = {"a.jpg": [BOX, ("dog", 1, 2, 3, 4)], "b.jpg": [BOX], "c.jpg": []}
    found = opened(own(tmp_path / "one", rows))
    assert boxes(found) == {"a.jpg": [BOX, ("dog", 1, 2, 3, 4)], "b.jpg": [BOX], "c.jpg": []}
    assert (found.classes.names, found.kind, found.name, found.classes.pictures.channels) == (("cat", "dog"), "many", "one", 3)
    for name in rows:
        shutil.copy(tmp_path / "one" / "images" / name, tmp_path / name)
    shutil.copy(tmp_path / "one" / "boxes.csv", tmp_path / "boxes.csv")
    shutil.rmtree(tmp_path / "one")
    assert boxes(opened(tmp_path)) == boxes(found)
    for part in ("train", "val", "test"):
        own(tmp_path / "parts" / part, {f"{part}.jpg": [BOX]})
    parts = opened(tmp_path / "parts")
    assert {part: [*boxes(parts, part)] for part in parts.parts} == {"train": ["train.jpg"], "val": ["val.jpg"], "test": ["test.jpg"]}
    assert parts.kind == "one"
    learnt, held = parts.splits()
    assert [e.picture.name for e in (*learnt.examples, *held.examples)] == ["train.jpg", "val.jpg"]
    picture, around, labels = learnt[0]
    assert (picture.shape, around.tolist(), labels.tolist()) == ((3, *HW), [[10, 20, 30, 25]], [0])


def test_one_table_above_folders_of_parts(tmp_path: Path) -> None:
    for k, part in enumerate(("train", "train", "val")):
        photos(tmp_path / "images" / part, [f"{k}.jpg", f"bare{k}.jpg"])
    annotations.written(tmp_path / "boxes.csv", "file,class,x,y,w,h\ntrain/0.jpg,cat,1,2,30,40\n1.jpg,cat,1,2,30,40\n2.jpg,cat,1,2,30,40\n")
    found = opened(tmp_path)
    assert {part: sorted(boxes(found, part)) for part in found.parts} == {"train": ["0.jpg", "1.jpg", "bare0.jpg", "bare1.jpg"], "val": ["2.jpg", "bare2.jpg"]}  # fmt: skip


def test_voc_by_the_names_of_its_tags(tmp_path: Path) -> None:
    """Cases L02 and L14 of public reports: tags in another order, an object without a name, a polygon in place of a box."""
    there = tmp_path / "there"  # beside it lies nothing that could be meant
    photos(there / "images", ["0.jpg", "1.jpg", "2.jpg", "3.jpg"])
    annotations.written(there / "xml" / "0.xml", voc("cat", (10, 20, 40, 45)).replace("<xmin>10</xmin>", "").replace("</bndbox>", "<xmin>10</xmin></bndbox>"))  # fmt: skip
    annotations.written(there / "xml" / "1.xml", voc("", (10, 20, 40, 45)))
    corners = "<polygon><x1>10</x1><y1>20</y1><x2>40</x2><y2>25</y2><x3>12</x3><y3>45</y3></polygon>"
    annotations.written(there / "xml" / "2.xml", f"<annotation><object><name>cat</name>{corners}</object></annotation>")
    annotations.written(there / "xml" / "4.xml", voc("cat", (1, 2, 3, 4)))
    found = opened(there)
    assert boxes(found) == {"0.jpg": [BOX], "2.jpg": [BOX]}
    assert kinds(found) == {"nameless": 1, "spoiled": 1, "unread": 1, "unlisted": 1}
    assert found.place.missing == [("4", "is not there")]
    assert any("object 1 has no name" in said for said in found.said)
    assert [row.called for row in found.spoiled] == ["1.jpg"]


def test_cocos_classes_are_told_apart_by_its_list(tmp_path: Path) -> None:
    """Case L10 of public reports: ids with gaps, and one that nobody lists."""
    things = [
        {"bbox": [10, 20, 30, 25], "category_id": 90}, {"bbox": [1, 2, 3, 4], "category_id": 3, "image_id": 2}, {"category_id": 5},
        {"bbox": [2, 2, 9, 9], "category_id": 90, "iscrowd": 1}, {"bbox": [5, 5, 9, 9], "category_id": 17, "image_id": 2},
    ]  # fmt: skip
    photos(tmp_path, ["0.jpg", "1.jpg", "2.jpg"])
    doc = annotations.coco(things, {3: "cat", 17: "dog", 90: "hat", 91: "egg"}, ["0.jpg", "1.jpg", "2.jpg"], HW)
    annotations.written(tmp_path / "instances.json", doc)
    found = opened(tmp_path)
    assert boxes(found) == {"0.jpg": [("hat", 10, 20, 30, 25)], "1.jpg": [("cat", 1, 2, 3, 4), ("dog", 5, 5, 9, 9)], "2.jpg": []}
    assert found.classes.names == ("cat", "dog", "hat")
    assert found.ids == {"cat": 3, "dog": 17, "hat": 90}
    assert kinds(found) == {"nameless": 1, "crowd": 1, "alone": 3, "unused": 1, "empty": 1}
    assert any("the category 5, which is not listed" in said for said in found.said)
    assert any("egg" in fault.where for fault in found.faults)


def test_yolo_in_pixels_is_refused_and_a_rounding_cut_off(tmp_path: Path) -> None:
    """Case L12 of public reports."""
    photos(tmp_path / "images", ["0.jpg", "1.jpg", "2.jpg"])
    annotations.written(tmp_path / "labels" / "0.txt", "0 .5 .5 1.003 .2\n")
    annotations.written(tmp_path / "labels" / "1.txt", "0 320 240 64 48\n")
    annotations.written(tmp_path / "data.yaml", "names: [cat]\n")
    found = opened(tmp_path)
    assert boxes(found) == {"0.jpg": [("cat", 0, pytest.approx(24), 100, pytest.approx(12))], "2.jpg": []}
    assert kinds(found) == {"beyond": 1, "alone": 1, "unread": 1, "empty": 1}
    assert "Are these pixels?" in found.place.missing[0][1]


def test_labelme_around_its_shapes_and_pictures_inside_of_json(tmp_path: Path) -> None:
    photo = annotations.photo(tmp_path / "x" / "0.jpg", HW)
    data = annotations.packed(np.array(Image.open(photo)))
    shapes = [annotations.shape("cat", "rectangle", [[40, 45], [10, 20]]), annotations.shape("dog", "point", [[5, 5]])]
    annotations.written(tmp_path / "x" / "0.json", annotations.labelme(shapes, hw=HW))
    annotations.written(tmp_path / "x" / "1.json", annotations.labelme(shapes[:1], "gone.jpg", HW, data))
    found = opened(tmp_path / "x")
    assert boxes(found) == {"0.jpg": [BOX]}
    assert kinds(found) == {"flaw": 1, "inside": 1, "unused": 1}
    assert len(found.rows) == 2
    (tmp_path / "x" / "0.json").unlink()
    photo.unlink()
    alone = opened(tmp_path / "x")
    assert (alone.parts, alone.classes.names) == ({}, ("cat",))
    with pytest.raises(InputError, match=r"lie inside of its JSON files.*mend=FOLDER"):
        alone.splits()


@pytest.mark.parametrize("kind", ["folders", "none", "masks", "header", "flat", "rows without pictures"])
def test_where_no_picture_has_a_box_it_says_what_is_missing(tmp_path: Path, kind: str) -> None:
    says = {
        "folders": "holds 4 pictures in cats, dogs, and no boxes.*not where.*Write boxes.csv",
        "none": "holds no pictures",
        "masks": "has masks and no boxes.*segment",
        "header": r"boxes\.csv has no rows.*file,class,x,y,w,h",
        "flat": "has no box in any picture. 2 boxes have no area",
        "rows without pictures": "None of the 1 pictures",
    }[kind]
    if kind == "folders":
        photos(tmp_path / "cats", ["0.jpg", "1.jpg"])
        photos(tmp_path / "dogs", ["0.jpg", "1.jpg"])
    elif kind == "masks":
        photos(tmp_path / "images", ["0.png"])
        annotations.index(tmp_path / "masks" / "0.png", np.zeros(HW))
    elif kind == "header":
        own(tmp_path, {"0.jpg": []})
    elif kind == "flat":
        own(tmp_path, {"0.jpg": [("cat", 1, 1, 0, 5), ("cat", 1, 1, 5, 0)]})
    elif kind == "rows without pictures":
        annotations.written(tmp_path / "boxes.csv", "file,class,x,y,w,h\n0.jpg,cat,1,2,3,4\n")
    with pytest.raises(InputError, match=says):
        opened(tmp_path)


def test_what_is_wrong_with_a_set_is_named(tmp_path: Path) -> None:
    own(
        tmp_path / "train",
        {"0.jpg": [BOX, ("Cat", 1, 1, 9, 9)], "1.jpg": [BOX, ("bird", 1, 1, 9, 9)], "0.png": [("Cat", 1, 1, 9, 9)], "2.jpg": []},
    )
    own(tmp_path / "val", {"5.jpg": [BOX, ("fish", 1, 1, 9, 9)], "6.jpg": []})
    shutil.copy(tmp_path / "train" / "images" / "1.jpg", tmp_path / "val" / "images" / "6.jpg")
    (tmp_path / "train" / "images" / "3.jpg").write_bytes((tmp_path / "train" / "images" / "2.jpg").read_bytes()[:300])
    found = opened(tmp_path)
    assert kinds(found) == {"unread": 1, "alone": 2, "apart": 3, "alike": 1, "named": 2, "same": 1, "empty": 2}
    said = "\n".join(found.said)
    assert "Cat (2) and cat (3)" in said or "cat (3) and Cat (2)" in said
    assert "train/1.jpg and val/6.jpg, with other boxes: what is judged on was learnt from" in said
    assert "fish: in val, and nowhere in train" in said
    assert {"cat", "Cat"} <= {*found.classes.names}
    assert found.place.missing == [("train/3.jpg", "is damaged or cut off")]


def test_copies_of_a_picture_stay_together(tmp_path: Path) -> None:
    own(tmp_path, {f"{k}.jpg": [BOX] for k in range(12)})
    for k in range(4, 12):
        shutil.copy(tmp_path / "images" / f"{k % 4}.jpg", tmp_path / "images" / f"{k}.jpg")
    found = opened(tmp_path)
    for seed in range(5):
        learnt, held = ([int(e.picture.stem) for e in part.examples] for part in found.splits(seed, 0.5))
        assert len(learnt) == len(held) == 6
        assert sorted(learnt + held) == [*range(12)]
        assert not {k % 4 for k in learnt} & {k % 4 for k in held}


READ: Any = {
    "left, top, right, bottom": lambda x, y, w, h: (x, y, x + w, y + h),
    "top, left, height, width": lambda x, y, w, h: (y, x, h, w),
    "middle, width, height": lambda x, y, w, h: (x + w / 2, y + h / 2, w, h),
    "right, bottom, left, top": lambda x, y, w, h: (x + w, y + h, x, y),
}


@pytest.mark.parametrize("reading", [*READ])
def test_another_order_that_alone_fits_is_named_and_not_learnt_from(tmp_path: Path, reading: str) -> None:
    """Case L02 of public reports."""
    g = np.random.default_rng(0)
    rows: Any = {}
    for k in range(30):
        w, h = g.integers(20, 90), g.integers(10, 50)
        rows[f"{k}.jpg"] = [("cat", *map(float, READ[reading](g.integers(0, 101 - w), g.integers(0, 61 - h), w, h)))]
    found = opened(own(tmp_path, rows))
    (fault,) = [fault for fault in found.faults if fault.kind == "order"]
    assert f"as {reading} all would" in fault.text
    with pytest.raises(InputError, match=f"as {reading} all would"):
        found.splits()


def test_boxes_that_fit_are_never_suspected_of_another_order(tmp_path: Path) -> None:
    found = opened(own(tmp_path, {f"{k}.jpg": [("cat", 0, 0, 20, 20), ("cat", -30, -3, 50, 20)] for k in range(6)}))
    assert "order" not in kinds(found)
    assert len(found.splits()[0]) == 5


def test_grey_cmyk_and_transparent_pictures_become_rgb(tmp_path: Path) -> None:
    """Case L18 of public reports."""
    own(tmp_path, {"rgb.jpg": [BOX]})
    image = Image.open(tmp_path / "images" / "rgb.jpg")
    for mode, name in (("L", "grey.jpg"), ("CMYK", "cmyk.jpg"), ("LA", "la.png"), ("RGBA", "rgba.png"), ("P", "p.png")):
        image.convert("RGB").convert(mode).save(tmp_path / "images" / name)
    annotations.written(
        tmp_path / "boxes.csv", "file,class,x,y,w,h\n" + "".join(f"{p.name},cat,10,20,30,25\n" for p in (tmp_path / "images").iterdir())
    )
    found = opened(tmp_path)
    learnt, held = found.splits()
    assert {tuple(part[i][0].shape) for part in (learnt, held) for i in range(len(part))} == {(3, *HW)}
    (tmp_path / "images" / "rgb.jpg").unlink()
    for name in ("cmyk.jpg", "rgba.png", "p.png"):
        (tmp_path / "images" / name).unlink()
    grey = opened(tmp_path)
    assert (grey.classes.pictures.channels, len(grey.place.missing), {*boxes(grey)}) == (1, 4, {"grey.jpg", "la.png"})


@pytest.mark.parametrize(
    ("said", "turn", "expected"),
    [
        (HW, 1, {}),
        (HW, 6, {"turned": 1}),
        ((30, 50), 1, {"unread": 1}),
        ((61, 100), 1, {"size": 1}),
        (HW[::-1], 1, {"size": 1}),
        (None, 6, {}),
    ],
)
def test_a_size_that_is_not_the_pictures(tmp_path: Path, said: tuple[int, int] | None, turn: int, expected: dict[str, int]) -> None:
    photos(tmp_path, ["0.jpg", "2.jpg"])
    annotations.photo(tmp_path / "1.jpg", HW, turn)
    annotations.written(tmp_path / "0.xml", voc("cat", (10, 20, 40, 45)))
    annotations.written(tmp_path / "1.xml", voc("cat", (10, 20, 40, 45), hw=said))
    annotations.written(tmp_path / "2.xml", voc("cat", (10, 20, 40, 45)))
    found = opened(tmp_path)
    assert kinds(found) == expected
    if "turned" in expected:
        assert boxes(found)["1.jpg"] == [("cat", 15, 10, 25, 30)]
        assert found.splits()[0].classes.pictures.read(tmp_path / "1.jpg").shape == (3, 100, 60)


def test_two_annotations_of_one_picture_cannot_be_told_apart(tmp_path: Path) -> None:
    photos(tmp_path, ["0.jpg", "1.jpg"])
    for name in ("0", "copy of 0"):
        annotations.written(tmp_path / f"{name}.xml", voc("cat", (10, 20, 40, 45), "0.jpg"))
    annotations.written(tmp_path / "1.xml", voc("cat", (10, 20, 40, 45)))
    found = opened(tmp_path)
    assert [*boxes(found)] == ["1.jpg"]
    assert "is annotated 2 times" in found.place.missing[0][1]


def test_the_mark_is_of_what_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = opened(own(tmp_path / "set", {"0.jpg": [BOX], "1.jpg": [BOX]}))
    (tmp_path / "set" / "notes.txt").write_text("hello", encoding="utf-8")
    photos(tmp_path / "set" / "run", ["preview.jpg"])
    monkeypatch.chdir(tmp_path)
    again = opened(Path("set"))
    assert (again.mark, kinds(again)) == (found.mark, {"unlisted": 1})
    annotations.written(tmp_path / "set" / "boxes.csv", "file,class,x,y,w,h\n0.jpg,cat,1,2,3,4\n")
    assert opened(Path("set")).mark != found.mark


@pytest.mark.parametrize("name", ["raccoon", "blood-cells"])
def test_real_sets_are_the_same_as_table_and_as_voc(name: str) -> None:
    found, voc_ = boxed(Place(real(name))), boxed(Place(real(name) / "annotations"))
    assert boxes(found) == boxes(voc_)
    assert found.classes == voc_.classes
    assert found.kind == "many"
    if name == "raccoon":
        assert (len(found), sum(len(row.boxes) for row in found.rows), kinds(found)) == (160, 173, {"same": 4})
    else:
        assert (len(found), kinds(found)) == (291, {"area": 2})
        assert [fault.where for fault in found.faults] == [("BloodImage_00338.jpg",), ("BloodImage_00343.jpg",)]
        often = {label: sum(box.label == label for row in found.rows for box in row.boxes) for label in found.classes.names}
        assert often == {"Platelets": 292, "RBC": 3329, "WBC": 300}


def test_real_outlines_as_coco_and_as_labelme_have_the_same_boxes() -> None:
    ours, theirs = boxed(Place(real("polygons") / "fruits" / "labelme")), boxed(Place(real("polygons") / "fruits" / "coco"))
    assert ours.classes.names == theirs.classes.names == ("date", "fig", "hazelnut")
    assert ours.faults == theirs.faults == ()
    for name, some in boxes(theirs).items():
        assert [b[0] for b in some] == [b[0] for b in boxes(ours)[name]]
        np.testing.assert_allclose([b[1:] for b in some], [b[1:] for b in boxes(ours)[name]], atol=1)


def test_coco_alone_is_given_as_its_file(tmp_path: Path) -> None:
    photos(tmp_path / "deep" / "images", ["0.jpg"])
    (tmp_path / "a.json").write_text(json.dumps(annotations.coco([{}], hw=HW)), encoding="utf-8")
    assert boxes(opened(tmp_path / "a.json", pictures=str(tmp_path / "deep"))) == {"0.jpg": [("cat", 2, 3, 10, 6)]}
