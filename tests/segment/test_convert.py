"""`segment convert` on the command line and in Python: what comes back is what went in, what is wrong is said, what cannot be used is left out by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import zorki
from tests.formats import made
from tests.segment.converted import KINDS, annotated, classes, labelled, mask
from zorki import io
from zorki.core.errors import InputError

pytestmark = pytest.mark.tiny
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "polygons"
real = pytest.mark.skipif(not REAL.is_dir(), reason="the real data are not here")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("to", ["coco", "coco --rle", "geojson", "labelme", "labelme --rle", "folder"])
@pytest.mark.parametrize("kind", KINDS)
def test_masks_come_back_to_the_pixel(kind: str, to: str, tmp_path: Path, command: Any) -> None:
    rows, values, parts = KINDS[kind]
    before = labelled(tmp_path / "before", rows, values, parts)
    assert command("segment", "convert", before, "--to", *to.split(), "--out", "there")[0] == 0
    status, _, err = command("segment", "convert", "there", "--out", "after")
    assert status == 0, err
    numbers = {name: number for number, name, _ in classes("after")}
    if "labelme" not in to:  # it knows neither numbers nor colours
        assert [row[:2] for row in classes("after")] == [tuple(row.split(",")[:2]) for row in rows]
        assert all(one[2] == other[2] for one, other in zip(classes("after"), classes(before), strict=True) if one[1] != "void")
    for part in parts:
        for file in sorted((before / part / "masks").iterdir()):
            old, new = mask(before / part, file.stem), mask(Path("after") / part, file.stem)
            same = np.full(old.shape, -1)
            for row in rows:
                number, name, _ = row.split(",")
                same[old == int(number)] = int(numbers[name])
            assert (new == same).all(), file
            picture = Path(part) / "images" / f"{file.stem}.jpg"
            assert (before / picture).read_bytes() == (Path("after") / picture).read_bytes()
    assert (Path("after") / "preview.jpg").exists()


def test_its_coco_and_its_labelme_are_as_their_tools_want_them(tmp_path: Path, command: Any) -> None:
    before = labelled(tmp_path / "before", *KINDS["with background and void"])
    for to in ("coco", "labelme"):
        assert command("segment", "convert", before, "--to", to, "--out", to)[0] == 0
    doc = json.loads(Path("coco/annotations/instances_train.json").read_text(encoding="utf-8"))
    ids = [one["id"] for one in doc["annotations"]]
    assert len({*ids}) == len(ids)
    assert min(ids) == 1
    assert {one["image_id"] for one in doc["annotations"]} == {one["id"] for one in doc["images"]}
    assert {one["id"]: one["name"] for one in doc["categories"]} == {1: "cat", 7: "dog", 255: "void"}
    for one in doc["annotations"]:
        x, y, w, h = one["bbox"]
        points = np.array(one["segmentation"][0]).reshape(-1, 2)
        assert (x, y, x + w, y + h) == (*points.min(0), *points.max(0))
        assert one["area"] > 0
        assert one["iscrowd"] == (one["category_id"] == 255)
    assert all((Path("coco") / "train" / one["file_name"]).exists() for one in doc["images"])
    shapes = json.loads(Path("labelme/train/0.json").read_text(encoding="utf-8"))
    assert (shapes["imagePath"], shapes["imageHeight"], shapes["imageWidth"]) == ("0.jpg", 37, 51)
    assert {one["label"] for one in shapes["shapes"]} == {"cat", "dog", "__ignore__"}
    assert Path("labelme/labels.txt").read_text().split() == ["__ignore__", "_background_", "cat", "dog"]


def test_what_is_told_and_what_json_says(tmp_path: Path, command: Any) -> None:
    annotated(tmp_path / "in", [made.shape("cat"), made.shape("__ignore__", points=made.TALL)])
    status, out, err = command("segment", "convert", "in", "--out", "made", "--json")
    assert status == 0
    said = json.loads(out)
    assert said["out"] == ["made/images", "made/masks", "made/classes.csv", "made/preview.jpg"]
    assert (said["format"], said["pictures"], said["splits"], said["void_pixels"], said["failed"]) == ("LabelMe", 1, {"all": 1}, 90, [])
    assert said["classes"] == [{"index": 0, "name": "background", "pixels": 450}, {"index": 1, "name": "cat", "pixels": 60}]
    assert "in is LabelMe (0.json): 2 things in 1 picture." in err
    assert "1 cat        #0077bb 11.8 % of the pixels" in err
    assert "255 counts nowhere: 15.0 % of all" in err
    assert classes("made") == [("0", "background", "#000000"), ("1", "cat", "#0077bb"), ("255", "void", "#e0e0c0")]
    assert command("segment", "convert", "in", "--out", "made")[0] == 2, "what is there stays"
    assert command("segment", "convert", "in", "--out", "made", "--force")[0] == 0


def test_the_preview_shows_each_class_in_its_colour(tmp_path: Path) -> None:
    """Numbers with gaps: what is stored is not the place of its colour in the table."""
    from zorki import formats
    from zorki.segmenting.converting import conversion
    from zorki.segmenting.writers import folder

    made.photo(tmp_path / "in" / "0.jpg")
    dog = {"category_id": 90, "segmentation": [made.flat(made.TALL)]}
    made.written(tmp_path / "in" / "a.json", made.coco([{"category_id": 17}, dog], {17: "cat", 33: "hat", 90: "dog"}))
    place = formats.Place(tmp_path / "in")
    whole = conversion(place, formats.read(place))
    assert len(list(whole.pairs())) == 1
    shown = folder.previewed(whole).astype(int)
    h, w = made.HW
    top, left = np.argwhere((shown < 250).any(2)).min(0)
    laid = shown[top : top + h, left + w : left + 2 * w]
    colours = dict(zip(whole.table.names, whole.table.colours, strict=True))
    for name, place_ in (("cat", (slice(4, 8), slice(3, 11))), ("dog", (slice(2, 18), slice(16, 19)))):
        colour = np.array([int(colours[name][i : i + 2], 16) for i in (1, 3, 5)])
        tint = laid[place_].mean((0, 1))
        assert np.corrcoef(tint, colour)[0, 1] > 0.98, name
    assert np.ptp(laid[12:, :12], axis=2).max() <= 1, "the rest is grey"


def test_pictures_that_are_missing_damaged_or_of_another_size_are_left_out(tmp_path: Path, command: Any) -> None:
    names = ["good.jpg", "gone.jpg", "half.jpg", "small.jpg"]
    for name in ("good.jpg", "half.jpg", "small.jpg"):
        made.photo(tmp_path / "in" / name, (10, 15) if name == "small.jpg" else made.HW)
    whole = (tmp_path / "in" / "half.jpg").read_bytes()
    (tmp_path / "in" / "half.jpg").write_bytes(whole[: len(whole) // 2])
    made.written(tmp_path / "in" / "a.json", made.coco([{}], files=names))
    status, out, err = command("segment", "convert", "in", "--out", "made", "--json")
    assert status == 3
    assert "3 of 4 could not be read or worked on; the result is made of the others." in err
    failed = {one["photo"]: one["why"] for one in json.loads(out)["failed"]}
    assert failed["gone.jpg"] == "is not there"
    assert "damaged or cut off" in failed["half.jpg"]
    assert failed["small.jpg"] == "is 15 × 10, and a.json says 30 × 20."
    assert [p.name for p in (tmp_path / "made" / "images").iterdir()] == ["good.jpg"]
    assert json.loads(out)["pictures"] == 1


def test_masks_that_are_damaged_or_of_another_size_are_left_out_too(tmp_path: Path, command: Any) -> None:
    for name in ("good", "gone", "half", "small"):
        made.photo(tmp_path / "in" / "images" / f"{name}.png")
        made.index(tmp_path / "in" / "masks" / f"{name}.png", np.eye(*((5, 5) if name == "small" else made.HW)))
    half = tmp_path / "in" / "masks" / "half.png"
    half.write_bytes(half.read_bytes()[:-30])
    (tmp_path / "in" / "images" / "gone.png").write_bytes(b"")
    status, out, _ = command("segment", "convert", "in", "--out", "made", "--json")
    assert status == 3
    failed = {one["photo"]: one["why"] for one in json.loads(out)["failed"]}
    assert {*failed} == {"gone.png", "half.png", "small.png"}
    assert failed["small.png"] == "is 5 × 5, and its picture 30 × 20."
    assert [p.name for p in (tmp_path / "made" / "masks").iterdir()] == ["good.png"]
    (tmp_path / "in" / "masks" / "good.png").unlink()
    status, _, err = command("segment", "convert", "in", "--out", "none")
    assert status == 2
    assert "gone.png is empty" in err


def test_nothing_is_left_of_what_cannot_be_read(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    text = json.dumps(made.coco([{}]))
    made.written(tmp_path / "in" / "a.json", text[: len(text) // 2])
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 2
    assert "a.json is cut off" in err
    assert len(err.splitlines()) <= 4
    assert not Path("made").exists()
    made.photo(tmp_path / "small" / "0.jpg", (5, 5))
    made.written(tmp_path / "small" / "a.json", made.coco([{}]))
    status, _, err = command("segment", "convert", "small", "--out", "made")
    assert status == 2, "all of them failed"
    assert "0.jpg is 5 × 5" in err
    assert not Path("made").exists()


@pytest.mark.parametrize(("turn", "seen"), [(3, True), (6, True), (8, True), (6, False), (8, False)])
def test_turned_photos_and_their_masks_stay_together(turn: int, seen: bool, tmp_path: Path, command: Any) -> None:
    """Case G07 of public reports: the size in the JSON says which way round it was."""
    stored = (40, 60)
    upright = stored if turn == 3 else stored[::-1]
    made.photo(tmp_path / "in" / "0.jpg", stored, turn)
    size = upright if seen else stored
    made.written(tmp_path / "in" / "0.json", made.labelme([made.shape(points=[[0, 0], [9, 0], [9, 5], [0, 5]])], hw=size))
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 0, err
    found = mask("made")
    assert found.shape == upright
    expected = np.zeros(size, np.uint8)
    expected[:5, :9] = 1
    if not seen:
        expected = np.asarray(Image.fromarray(expected).transpose({6: Image.Transpose.ROTATE_270, 8: Image.Transpose.ROTATE_90}[turn]))
        assert "turned by EXIF" in err
    assert (found == expected).all()
    assert io.open_photo("made/images/0.jpg").hw == upright


def test_train_and_evaluate_say_how_to_convert(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{}]))
    made.written(tmp_path / "net.py", "from torch import nn\n\n\ndef net():\n    return nn.Conv2d(3, 2, 1).eval()\n")
    for words in (("train", "in", "--out", "run"), ("evaluate", "in", "--model", "net.py:net")):
        status, _, err = command("segment", *words)
        assert status == 2
        assert "in is COCO (a.json)." in err
        assert "zorki segment convert in --out FOLDER" in err
    with pytest.raises(InputError, match=r"zorki\.segment\.convert\('in', out=FOLDER\)"):
        zorki.segment.train("in", out="run")
    (tmp_path / "nothing").mkdir()
    assert "nothing has no images/" in command("segment", "evaluate", "nothing", "--model", "net.py:net")[2]


def test_boxes_alone_are_refused_and_beside_outlines_left_out(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{"segmentation": []}]))
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 2
    assert "none of its 1 things has an outline" in err
    made.written(tmp_path / "in" / "a.json", made.coco([{"segmentation": []}, {}]))
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 0
    assert "Left out, since it has a box and no outline: 1 thing (a.json, annotation 1)" in err


def test_several_formats_in_one_folder_are_asked_about(tmp_path: Path, command: Any) -> None:
    annotated(tmp_path / "in", [made.shape()])
    made.written(tmp_path / "in" / "coco.json", made.coco([{}, {"category_id": 2, "segmentation": [made.flat(made.TALL)]}]))
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 2
    assert "in holds COCO (coco.json) and LabelMe (0.json)." in err
    assert "--from coco" in err
    assert command("segment", "convert", "in", "--from", "labelme", "--out", "made")[0] == 0
    assert mask("made").max() == 1
    status, _, err = command("segment", "convert", "in", "--from", "coko", "--out", "other")
    assert status == 2
    assert "coco" in err


def test_what_holds_no_annotations_is_refused(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    for given, words in (("in", "holds no annotations that are known"), ("nowhere", "no file"), ("in/0.jpg", "no annotations")):
        status, _, err = command("segment", "convert", given, "--out", "made")
        assert status == 2, given
        assert words in err
    made.written(tmp_path / "in" / "a.json", '{"images": [')
    assert "a.json is cut off" in command("segment", "convert", "in", "--out", "made")[2]
    made.written(tmp_path / "set.zip", "PK")
    assert "Unpack it" in command("segment", "convert", "set.zip", "--out", "made")[2]


def test_in_python_it_gives_the_paths(tmp_path: Path) -> None:
    annotated(tmp_path / "in", [made.shape()])
    found = zorki.segment.convert("in", out="made")
    assert sorted(str(p) for p in found) == ["made/classes.csv", "made/images/0.jpg", "made/masks/0.png", "made/preview.jpg"]
    with pytest.raises(InputError, match="coco"):
        zorki.segment.convert("in", out="other", from_="coko")
    with pytest.raises(InputError):
        zorki.segment.convert(3, out="other")


def test_what_was_written_before_ctrl_c_stays(tmp_path: Path, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.segmenting import converting

    for k in range(3):
        made.photo(tmp_path / "in" / f"{k}.jpg")
        made.written(tmp_path / "in" / f"{k}.json", made.labelme([made.shape()], f"{k}.jpg"))
    real_one = converting.filled_upright

    def broken(one: Any, *rest: Any) -> Any:
        if one.name == "2":
            raise KeyboardInterrupt
        return real_one(one, *rest)

    monkeypatch.setattr(converting, "filled_upright", broken)
    assert command("segment", "convert", "in", "--out", "made")[0] == 130
    assert {p.name for p in (tmp_path / "made" / "images").iterdir()} <= {"0.jpg", "1.jpg"}
    assert not list((tmp_path / "made").rglob(".zorki-*"))


@real
def test_fruits_as_labelme_and_as_coco_are_the_same_to_some_pixels(command: Any) -> None:
    """They have the same corners; where a fig lies over a date the one takes the later, the other the smaller."""
    for kind in ("labelme", "coco"):
        status, _, err = command("segment", "convert", REAL / "fruits" / kind, "--pictures", REAL / "fruits" / "labelme", "--out", kind)
        assert status == 0, err
    names = [p.stem for p in sorted(Path("coco/masks").iterdir())]
    assert len(names) == 14
    differing = sum(int((mask("coco", name) != mask("labelme", name)).sum()) for name in names)
    assert 0 < differing < 1e-4 * 14 * 600 * 800
    for kind in ("labelme", "coco"):
        assert (
            command(
                "segment",
                "convert",
                REAL / "fruits" / kind,
                "--pictures",
                REAL / "fruits" / "labelme",
                "--overlap",
                "void",
                "--out",
                f"{kind} void",
            )[0]
            == 0
        )
    assert all((mask("coco void", name) == mask("labelme void", name)).all() for name in names), "but for that they are equal"


@real
def test_labelmes_own_masks_are_met_but_for_the_edge(command: Any) -> None:
    folder = REAL / "labelme-examples"
    assert command("segment", "convert", folder / "annotated", "--out", "outlines")[0] == 0
    assert command("segment", "convert", folder / "voc-masks", "--pictures", folder / "annotated", "--out", "masks")[0] == 0
    equal = [(mask("outlines", p.stem) == mask("masks", p.stem)).mean() for p in Path("masks/masks").iterdir()]
    assert min(equal) > 0.994
    assert command("segment", "convert", folder / "embedded", "--out", "embedded")[0] == 0
    assert io.open_photo("embedded/images/apc2016_obj3.jpg").hw == (907, 1210)
    assert command("segment", "convert", folder / "shapes", "--out", "shapes")[0] == 0
    assert len(classes("shapes")) == 7
