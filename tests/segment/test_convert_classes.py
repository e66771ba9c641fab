"""`segment convert`: which number each class gets, and what counts nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.formats import made
from tests.segment.converted import annotated, classes, mask

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_colours_become_numbers_and_0_and_255_become_0_and_1(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "cvat" / "JPEGImages" / "0.jpg")
    pixels = np.zeros((*made.HW, 3), np.uint8)
    pixels[3:9, 2:12] = (192, 128, 128)
    (tmp_path / "cvat" / "SegmentationClass").mkdir()
    Image.fromarray(pixels).save(tmp_path / "cvat" / "SegmentationClass" / "0.png")
    made.written(tmp_path / "cvat" / "labelmap.txt", "background:0,0,0::\ncar:192,128,128::\nroad:1,2,3::\n")
    assert command("segment", "convert", "cvat", "--out", "a")[0] == 0
    assert (mask("a") == (pixels[..., 0] > 0)).all()
    with Image.open("a/masks/0.png") as image:
        assert (image.mode, image.getpalette()[3:6]) == ("P", [192, 128, 128])  # type: ignore[index]
    assert classes("a") == [("0", "background", "#000000"), ("1", "car", "#c08080"), ("2", "road", "#010203")]
    made.photo(tmp_path / "pairs" / "0.jpg")
    made.index(tmp_path / "pairs" / "0_mask.png", np.where(pixels[..., 0] > 0, 255, 0))
    assert command("segment", "convert", "pairs", "--out", "b")[0] == 0
    assert (mask("b") == (pixels[..., 0] > 0)).all()
    assert [row[:2] for row in classes("b")] == [("0", "background"), ("1", "foreground")]


def test_voc_keeps_its_numbers_and_its_border_counts_nowhere(tmp_path: Path, command: Any) -> None:
    from tests.formats.test_others import NUMBERS, voc

    voc(tmp_path / "in")
    assert command("segment", "convert", "in", "--out", "made")[0] == 0
    assert (mask("made") == NUMBERS).all()
    assert ("15", "person", "#c08080") in classes("made")
    assert classes("made")[-1][:2] == ("255", "void")


def test_cityscapes_ids_that_are_not_judged_count_nowhere(tmp_path: Path, command: Any) -> None:
    numbers = np.zeros(made.HW, np.uint8)
    numbers[:5], numbers[5:9], numbers[9:12] = 7, 26, 33
    for part in ("train", "val"):
        made.photo(tmp_path / "in" / "leftImg8bit" / part / "a" / f"{part}_leftImg8bit.png")
        made.index(tmp_path / "in" / "gtFine" / part / "a" / f"{part}_gtFine_labelIds.png", numbers)
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 0, err
    found = mask("made/train", "train")
    assert [found[k, 0] for k in (0, 6, 10, 15)] == [7, 26, 33, 255]
    assert ("26", "car", "#00008e") in classes("made")


def test_yolo_moves_up_and_coco_from_0_too(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{"category_id": 0}], {0: "cat", 4: "dog"}))
    status, _, err = command("segment", "convert", "in", "--out", "made")
    assert status == 0
    assert (mask("made") == 1).sum() == 60
    assert [row[:2] for row in classes("made")] == [("0", "background"), ("1", "cat"), ("5", "dog")]
    assert "0 is cat there, and is the background here: each class has the next number." in err


def test_large_numbers_are_numbered_anew(tmp_path: Path, command: Any) -> None:
    made.photo(tmp_path / "in" / "0.jpg")
    made.written(tmp_path / "in" / "a.json", made.coco([{"category_id": 9000}], {12: "cat", 9000: "dog"}))
    _, _, err = command("segment", "convert", "in", "--out", "made")
    assert (mask("made") == 2).sum() == 60
    assert "numbered anew, 1 to 2" in err
    made.written(tmp_path / "in" / "a.json", made.coco([{}], {n: f"thing {n}" for n in range(1, 400)}))
    status, _, err = command("segment", "convert", "in", "--out", "many")
    assert status == 2
    assert "399 classes" in err


def test_things_that_are_background_are_no_class(tmp_path: Path, command: Any) -> None:
    """Also where they and a class 0 cover all of the picture."""
    made.photo(tmp_path / "in" / "0.jpg")
    rest = {"category_id": 1, "segmentation": [[0, 0, 30, 0, 30, 20, 0, 20]]}
    made.written(tmp_path / "in" / "a.json", made.coco([{"category_id": 0}, rest], {0: "cat", 1: "Background"}))
    assert command("segment", "convert", "in", "--out", "made")[0] == 0
    assert (mask("made") == 1).sum() == 60
    assert (mask("made") == 0).sum() == 540
    made.written(tmp_path / "in" / "a.json", made.coco([{"category_id": 254}], {0: "cat", 254: "dog"}))
    _, _, err = command("segment", "convert", "in", "--out", "more")
    assert (mask("more") == 2).sum() == 60
    assert "numbered anew, 1 to 2" in err


def test_classes_of_one_part_alone_are_told(tmp_path: Path, command: Any) -> None:
    for part, label in (("train", "cat"), ("val", "dog")):
        annotated(tmp_path / "in" / part, [made.shape(label)])
    _, _, err = command("segment", "convert", "in", "--out", "made")
    assert "dog: in val alone, and nowhere in train." in err
    assert "cat: in train alone, and nowhere in val." in err
