"""VOC, CVAT, YOLO, Cityscapes, GeoJSON, pairs and Zorki's own folder: what is read of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.formats import made
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Annotations, Place
from zorki.formats.readers.voc import NAMES, palette

pytestmark = pytest.mark.tiny
VOC = [v for colour in palette(21) for v in colour]
NUMBERS = np.zeros(made.HW, np.uint8)
NUMBERS[2:9, 3:12], NUMBERS[2, 3:12] = 15, 255


def read(folder: Path, **how: Any) -> Annotations:
    return formats.read(Place(folder), **how)


def names(found: Annotations) -> dict[str, list[str]]:
    return {part: [one.name for one in some] for part, some in found.splits.items()}


def test_voc_colours_are_those_of_its_kit() -> None:
    """As the development kit's document shows them."""
    assert palette(22)[:5] == [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0), (0, 0, 128)]
    assert palette(22)[15] == (192, 128, 128)
    assert palette(22)[20] == (0, 64, 128)
    assert palette()[255] == (224, 224, 192)


def voc(folder: Path, xml: str = "") -> Path:
    for k in range(3):
        made.photo(folder / "JPEGImages" / f"{k}.jpg")
        made.index(folder / "SegmentationClass" / f"{k}.png", NUMBERS, VOC)
        made.index(folder / "SegmentationObject" / f"{k}.png", NUMBERS, VOC)
        if xml:
            made.written(folder / "Annotations" / f"{k}.xml", xml)
    return folder


XML = """<annotation><filename>0.jpg</filename><size><height>20</height><width>30</width></size>
<object><bndbox><ymin>3</ymin><xmin>2</xmin><xmax>12</xmax><ymax>9</ymax></bndbox><name>NAME</name></object></annotation>"""


def test_voc_with_parts_boxes_and_its_own_names(tmp_path: Path) -> None:
    voc(tmp_path, XML.replace("NAME", "person"))
    made.written(tmp_path / "ImageSets" / "Segmentation" / "train.txt", "0\n2\n")
    made.written(tmp_path / "ImageSets" / "Segmentation" / "val.txt", "1\n")
    made.written(tmp_path / "ImageSets" / "Segmentation" / "trainval.txt", "0\n1\n2\n")
    found = read(tmp_path)
    assert found.title == "VOC"
    assert names(found) == {"train": ["0", "2"], "val": ["1"]}
    assert [label.name for label in found.classes] == [*NAMES, "void"]
    one = found.splits["train"][1]
    assert one.mask == tmp_path / "SegmentationClass" / "2.png"
    assert one.picture is not None
    assert one.picture.where == tmp_path / "JPEGImages" / "2.jpg"
    assert [(t.label, t.box) for t in one.things] == [("person", (2, 3, 10, 6))]


def test_voc_with_other_names_asks_for_a_list_and_takes_it(tmp_path: Path) -> None:
    voc(tmp_path, XML.replace("NAME", "raccoon"))
    found = read(tmp_path)
    assert found.classes == ()
    assert any("speaks of raccoon" in said for said in found.said)
    made.written(tmp_path / "class_names.txt", "_background_\nraccoon\n")
    assert [tuple(label) for label in read(tmp_path).classes] == [(0, "background", ""), (1, "raccoon", ""), (255, "void", "")]


def test_voc_masks_alone_want_their_pictures(tmp_path: Path) -> None:
    for k in range(2):
        made.index(tmp_path / "masks only" / f"{k}.png", NUMBERS, VOC)
        made.photo(tmp_path / "far" / "off" / f"{k}.jpg")
    with pytest.raises(InputError, match="None of the 2 pictures"):
        read(tmp_path / "masks only")
    found = read(tmp_path / "masks only", pictures=str(tmp_path / "far"))
    assert [one.picture.where for one in found.splits["all"] if one.picture] == [tmp_path / "far" / "off" / f"{k}.jpg" for k in range(2)]


def test_boxes_in_xml_are_read_by_the_names_of_their_parts(tmp_path: Path) -> None:
    """Cases L02 and L14 of public reports: another order, a polygon in place of a box, a thing without a name."""
    corners = "".join(f"<x{n}>{x}</x{n}><y{n}>{y}</y{n}>" for n, (x, y) in enumerate([(1, 1), (9, 2), (5, 8)], 1))
    made.photo(tmp_path / "images" / "0.jpg")
    made.photo(tmp_path / "images" / "1.jpg")
    made.written(
        tmp_path / "annotations" / "0.xml",
        XML.replace("NAME", "cup").replace(
            "</annotation>",
            f"<object><name>pen</name><polygon>{corners}</polygon></object>"
            "<object><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object>"
            "<object><name>line</name><bndbox><xmin>3</xmin><ymin>1</ymin><xmax>3</xmax><ymax>4</ymax></bndbox></object></annotation>",
        ),
    )
    made.written(tmp_path / "annotations" / "1.xml", XML[:100])
    place = Place(tmp_path)
    found = formats.read(place)
    cup, pen, nameless, flat = found.splits["all"][0].things
    assert (cup.label, cup.box, cup.shape) == ("cup", (2, 3, 10, 6), None)
    assert (pen.label, pen.box) == ("pen", (1, 1, 8, 7))
    assert pen.shape is not None
    assert nameless.flaw == "has no name"
    assert (flat.box, flat.flaw) == ((3, 1, 0, 3), "")  # as it stands: whoever wants boxes says what becomes of it
    assert place.missing[0][0] == "annotations/1.xml"
    assert "no whole XML" in place.missing[0][1]


def test_cvat_gives_colours_and_names(tmp_path: Path) -> None:
    made.photo(tmp_path / "JPEGImages" / "a.b.jpg")
    made.index(tmp_path / "SegmentationClass" / "a.b.png", NUMBERS, VOC)
    made.written(
        tmp_path / "labelmap.txt", "# label:color_rgb:parts:actions\ncar:192,128,128::\nbackground:0,0,0::\nroad:224,224,192:a,b:c\n"
    )
    found = read(tmp_path)
    assert found.title == "CVAT"
    assert [tuple(label) for label in found.classes] == [(0, "background", "#000000"), (1, "car", "#c08080"), (2, "road", "#e0e0c0")]
    assert names(found) == {"all": ["a.b"]}
    made.written(tmp_path / "labelmap.txt", "car 1 2 3\n")
    with pytest.raises(InputError, match=r"labelmap\.txt says \"car 1 2 3\""):
        read(tmp_path)


def yolo(folder: Path, lines: str, table: str = "names: [cat, dog]\ntrain: ../images/train\nval: images/val\n") -> Path:
    for part in ("train", "val"):
        made.photo(folder / "images" / part / f"{part}.jpg")
        made.written(folder / "labels" / part / f"{part}.txt", lines)
    if table:
        made.written(folder / "data.yaml", table)
    return folder


def test_yolo_has_polygons_and_boxes_in_shares(tmp_path: Path) -> None:
    yolo(tmp_path, "1 0.1 0.1 0.5 0.1 0.5 0.9 0.1 0.9\n0 .5 .5 .2 .4\n0 .5 .5 .2 .4 .99\n\n")
    found = read(tmp_path)
    assert names(found) == {"train": ["train"], "val": ["val"]}
    assert [tuple(label) for label in found.classes] == [(0, "cat", ""), (1, "dog", "")]
    (one,) = found.splits["val"]
    dog, cat, sure = one.things
    assert (one.relative, dog.label, dog.box, cat.label, cat.shape) == (True, "dog", None, "cat", None)
    assert cat.box == sure.box == pytest.approx((0.4, 0.3, 0.2, 0.4))
    scaled = dog.scaled(30, 20).shape
    assert scaled is not None
    assert scaled.patch(made.HW).inside.sum() == 12 * 16


@pytest.mark.parametrize(
    "table",
    [
        "path: /somewhere/else\ntrain: images/train\nval: images/val\nnames:\n  0: cat\n  1: dog\n",
        "train: [images/train]\nval: images\\val  # theirs\nnc: 2\nnames: ['cat', 'dog']\n",
        "",
    ],
    ids=["another machine", "lists", "no table"],
)
def test_yolo_finds_its_parts(table: str, tmp_path: Path) -> None:
    found = read(yolo(tmp_path, "1 0 0 1 0 1 1\n", table))
    assert names(found) == {"train": ["train"], "val": ["val"]}
    assert [label.name for label in found.classes] == (["cat", "dog"] if table else ["class 1"])


def test_yolo_takes_its_table_alone_and_lists_of_pictures(tmp_path: Path) -> None:
    yolo(tmp_path, "1 0 0 1 0 1 1\n", "train: train.txt\nval: images/val\nnames: [cat, dog]\n")
    made.written(tmp_path / "train.txt", "./images/train/train.jpg\nC:\\gone.jpg\n")
    assert names(read(tmp_path)) == names(read(tmp_path / "data.yaml")) == {"train": ["train"], "val": ["val"]}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 320 240 64 48", r"train\.txt, line 2: 320. Are these pixels\?"), ("0 0 0 1 0 1", None), ("0 0 0 1", "line 2"), ("x 0 0 1 0 1 1", "line 2"),
        ("0 0 0 1 0 1 nan", "line 2"), ("-1 0 0 1 0 1 1", "line 2"), ("0.5 0 0 1 0 1 1", "line 2"), ("0 0 0 1 0 1 1 1", "line 2"),
        ("7 0 0 1 0 1 1", "class 7 has no name"),
    ],
)  # fmt: skip
def test_yolo_names_the_line_that_is_wrong(line: str, words: str | None, tmp_path: Path) -> None:
    yolo(tmp_path, f"0 0 0 1 0 1 1\n{line}\n")
    if words is None:
        assert len(read(tmp_path).splits["train"][0].things) == 2
        return
    with pytest.raises(InputError, match=words):
        read(tmp_path)


def test_yolo_with_one_damaged_file_leaves_its_picture_out(tmp_path: Path) -> None:
    yolo(tmp_path, "0 0 0 1 0 1 1\n")
    made.written(tmp_path / "labels" / "train" / "train.txt", "0 0 0 1 0\xff")
    place = Place(tmp_path)
    assert names(formats.read(place)) == {"val": ["val"]}
    assert place.missing[0][0] == "images/train/train.jpg"


def test_yolo_pictures_without_a_file_hold_nothing(tmp_path: Path) -> None:
    yolo(tmp_path, "0 0 0 1 0 1 1\n")
    made.photo(tmp_path / "images" / "val" / "empty.jpg")
    found = read(tmp_path)
    assert [len(one.things) for one in found.splits["val"]] == [0, 1]
    assert "1 picture has no text file: nothing is in it." in found.said


@pytest.mark.parametrize("by", ["labelIds", "labelTrainIds"])
def test_cityscapes_in_folders_of_parts_and_cities(by: str, tmp_path: Path) -> None:
    for part, city in (("train", "aachen"), ("train", "bonn"), ("val", "köln")):
        frame = f"{city}_000000_000019"
        made.photo(tmp_path / "leftImg8bit" / part / city / f"{frame}_leftImg8bit.png")
        made.index(tmp_path / "gtFine" / part / city / f"{frame}_gtFine_{by}.png", np.full(made.HW, 7, np.uint8))
        made.index(tmp_path / "gtFine" / part / city / f"{frame}_gtFine_instanceIds.png", np.zeros(made.HW, np.uint8))
    found = read(tmp_path)
    assert found.title == "Cityscapes"
    assert names(found) == {"train": ["aachen_000000_000019", "bonn_000000_000019"], "val": ["köln_000000_000019"]}
    assert all(
        one.picture is not None and one.picture.name == f"{one.name}_leftImg8bit.png" for some in found.splits.values() for one in some
    )
    known = {label.number: label.name for label in found.classes}
    assert known[7] == ("road" if by == "labelIds" else "traffic sign")
    assert known[0] == ("void" if by == "labelIds" else "road")


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"0001TP.png": "0001TP_L.png", "0002TP.png": "0002TP_L.png"}, {"all": ["0001TP", "0002TP"]}),
        ({"1.jpg": "1_mask.png", "10.jpg": "10_mask.png"}, {"all": ["1", "10"]}),
        ({"train/1.png": "train_labels/1_L.png", "val/2.png": "val_labels/2_L.png"}, {"train": ["1"], "val": ["2"]}),
        ({"imgs/a.1.3_high.jpg": "gt/a.1.3_high_mask.gif"}, {"all": ["a.1.3_high"]}),
        ({"set/images/1.jpg": "set/labels/1.png", "more/images/1.jpg": "more/labels/1.png"}, {"all": ["more_images_1", "set_images_1"]}),
        ({"LeftImages/1.jpg": "LeftImages/1_labelIds.png"}, {"all": ["1"]}),
    ],
    ids=["camvid", "suffix", "folders", "dots", "several", "beside"],
)
def test_pairs_are_found_by_words_in_their_names(files: dict[str, str], expected: dict[str, list[str]], tmp_path: Path) -> None:
    for picture, mask in files.items():
        made.photo(tmp_path / picture)
        made.index(tmp_path / mask, NUMBERS)
    found = read(tmp_path)
    assert found.title == "pictures with masks"
    assert names(found) == expected
    for one in (one for some in found.splits.values() for one in some):
        assert one.mask is not None
        assert files[one.wanted] == one.mask.relative_to(tmp_path).as_posix()


def test_two_masks_that_fit_one_picture_are_refused(tmp_path: Path) -> None:
    made.photo(tmp_path / "images" / "1.jpg")
    for name in ("1_mask.png", "1_gt.png"):
        made.index(tmp_path / "masks" / name, NUMBERS)
    with pytest.raises(InputError, match=r"both masks of 1\.jpg"):
        read(tmp_path, named="pairs")


@pytest.mark.parametrize(
    ("file", "text", "classes"),
    [
        ("label_colors.txt", "64 128 64\tAnimal\n192 0 128\t\tArchway\n", [(0, "Animal", "#408040"), (1, "Archway", "#c00080")]),
        ("class_dict.csv", "name,r,g,b\nAnimal,64,128,64\n", [(0, "Animal", "#408040")]),
        ("_classes.csv", "Pixel Value, Class\n0, background\n1, cat\n", [(0, "background", ""), (1, "cat", "")]),
        ("classes.csv", "index,name,colour\n3,cat,#102030\n", [(3, "cat", "#102030")]),
    ],
)
def test_tables_of_classes_beside_pairs_are_read(file: str, text: str, classes: list[tuple[int, str, str]], tmp_path: Path) -> None:
    made.photo(tmp_path / "1.jpg")
    made.index(tmp_path / "1_mask.png", NUMBERS)
    made.written(tmp_path / file, text)
    assert [tuple(label) for label in read(tmp_path).classes] == classes


def test_zorkis_own_folder_is_a_format_too(tmp_path: Path) -> None:
    for part in ("train", "val"):
        made.photo(tmp_path / part / "images" / "1.jpg")
        made.index(tmp_path / part / "masks" / "1.png", NUMBERS)
    assert names(read(tmp_path)) == {"train": ["1"], "val": ["1"]}


def geojson(*features: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


def feature(kind: str = "Polygon", places: Any = None, about: Any = None) -> dict[str, Any]:
    places = [[*made.SQUARE, made.SQUARE[0]]] if places is None else places
    about = {"classification": {"name": "cell", "color": [1, 2, 3]}} if about is None else about
    return {"type": "Feature", "geometry": {"type": kind, "coordinates": places}, "properties": about}


def test_geojson_has_holes_and_several_parts(tmp_path: Path) -> None:
    made.photo(tmp_path / "slide.jpg")
    hole = [[4, 5], [6, 5], [6, 7], [4, 7], [4, 5]]
    old = {"classification": {"name": "nucleus", "colorRGB": -3670016}}
    rows = [
        feature(places=[made.SQUARE, hole]),
        feature("MultiPolygon", [[made.SQUARE], [made.TALL]], old),
        feature("Point", [1, 2]),
        feature(about={}),
    ]
    made.written(tmp_path / "slide.geojson", rows)  # a list alone, as QuPath may write it
    found = read(tmp_path)
    assert [tuple(label) for label in found.classes] == [(1, "cell", "#010203"), (2, "nucleus", "#c80000")]
    ring, two, point, bare = found.splits["all"][0].things
    assert [t.shape.patch(made.HW).inside.sum() for t in (ring, two) if t.shape] == [60 - 4, 60 + 90]
    assert point.flaw == 'has a geometry of type "Point", not Polygon or MultiPolygon, so it covers nothing'
    assert bare.flaw == "has no class"


def test_a_damaged_hole_of_geojson_is_left_out_and_named(tmp_path: Path) -> None:
    made.photo(tmp_path / "slide.jpg")
    hole, flat, odd = [[4, 5], [6, 5], [6, 7], [4, 7]], [[4, 5], [6, 5]], [["a", 5], [6, 5], [6, 7]]
    doc = geojson(
        feature(places=[made.SQUARE, hole]),
        feature("MultiPolygon", [[made.SQUARE, flat, hole], [made.TALL, odd]]),
        feature(places=[flat, hole]),
    )
    made.written(tmp_path / "slide.geojson", doc)
    found = read(tmp_path)
    assert [t.shape.patch(made.HW).inside.sum() if t.shape else t.flaw for t in found.splits["all"][0].things] == [
        56, 56 + 90, "has fewer than three corners",
    ]  # fmt: skip
    assert found.said[1:] == (
        "2 holes are damaged and left out, the rest of the outline is used: slide.geojson, feature 2 (it has fewer than three corners); "
        "slide.geojson, feature 2 (it holds what is no number).",
    )


@pytest.mark.parametrize(
    ("doc", "words"),
    [
        (geojson(feature()) | {"crs": {"type": "name"}}, "places on the earth"),
        ('{"type": "FeatureCollection", "features": [{"geometry": {"coordinates"', "cut off"),
        ({"geometry": 1, "properties": 2}, "no list of features"),
    ],
)
def test_geojson_that_is_none_is_refused(doc: Any, words: str, tmp_path: Path) -> None:
    made.photo(tmp_path / "slide.jpg")
    made.written(tmp_path / "slide.geojson", doc)
    with pytest.raises(InputError, match=words):
        read(tmp_path)


CVAT = """<annotations><version>1.1</version><meta><task><labels>
<label><name>road</name><color>#102030</color></label><label><name>car</name><color>red</color></label></labels></task></meta>
<image id="0" name="a/0.jpg" width="30" height="20">
<polygon label="car" points="2.0,3.0;12.0,3.0;12.0,9.0;2.0,9.0" z_order="1"></polygon>
<box label="road" xtl="0" ytl="0" xbr="30" ybr="20" z_order="0"></box>
<box label="car" xtl="10" ytl="5" xbr="20" ybr="15" rotation="45"></box>
<ellipse label="car" cx="15" cy="10" rx="8" ry="4"></ellipse>
<mask label="car" left="4" top="2" width="3" height="2" rle="1, 2, 2, 1"></mask>
<mask label="car" left="4" top="2" width="3" height="2" rle="1, 2"></mask>
<polyline label="car" points="1,1;2,2"></polyline>
<polygon label="car" points="1,x;2,2;3,3"></polygon><hexagon label="car"></hexagon>
</image></annotations>"""


def test_cvat_for_images_has_shapes_at_heights(tmp_path: Path) -> None:
    made.photo(tmp_path / "images" / "a" / "0.jpg")
    made.written(tmp_path / "annotations.xml", CVAT)
    found = read(tmp_path)
    assert found.title == "CVAT for images"
    assert [tuple(label) for label in found.classes] == [(1, "road", "#102030"), (2, "car", "")]
    (one,) = found.splits["all"]
    road, *_, mask, short, bad, strange, car = one.things
    assert (road.label, car.label, car.box) == ("road", "car", (2, 3, 10, 6)), "the higher one comes later"
    sums = [int(t.shape.patch(made.HW).inside.sum()) if t.shape else -1 for t in one.things]
    assert sums[0] == 600
    assert sums[-1] == 60
    assert sums[1] == sum(abs(x + 0.5 - 15) + abs(y + 0.5 - 10) <= 50**0.5 for x in range(30) for y in range(20)), "a square on its corner"
    assert abs(sums[2] - np.pi * 32) < 4
    assert mask.shape is not None
    assert mask.shape.patch((4, 8)).inside.astype(int).tolist() == [[0, 1, 1], [0, 0, 1]]
    assert [t.flaw for t in (short, bad, strange)] == [
        "has damaged run lengths",
        "holds what is no number",
        "is a hexagon, which is not known",
    ]
    made.written(tmp_path / "annotations.xml", CVAT[:-30])
    with pytest.raises(InputError, match=r"annotations\.xml is no whole XML"):
        read(tmp_path)


def test_labelmes_export_has_numbers_of_its_own_in_each_folder(tmp_path: Path) -> None:
    for name, listed in (("a_json", "_background_\ncat\ndog"), ("b_json", "_background_\ndog")):
        made.photo(tmp_path / name / "img.png")
        made.index(tmp_path / name / "label.png", (NUMBERS > 0) * (2 if name == "a_json" else 1), VOC)
        made.written(tmp_path / name / "label_names.txt", listed)
    found = read(tmp_path)
    assert names(found) == {"all": ["a", "b"]}
    assert [t.label for one in found.splits["all"] for t in one.things] == ["dog", "dog"]
    assert all(t.shape is not None and t.shape.patch(made.HW).inside.sum() == 63 for one in found.splits["all"] for t in one.things)
    made.written(tmp_path / "a_json" / "label_names.txt", "_background_")
    place = Place(tmp_path)
    assert names(formats.read(place)) == {"all": ["b"]}
    assert "does not name" in place.missing[0][1]
