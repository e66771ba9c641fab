"""Classes whose names differ by case alone, and files whose names are no text: what is meant is found, what is written can be read."""

from __future__ import annotations

import csv
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zorki import io
from zorki.core.classes import numbered
from zorki.core.errors import InputError, UnknownName
from zorki.formats import Place
from zorki.locating import mending
from zorki.locating.boxed import boxed
from zorki.locating.detections import Detections
from zorki.locating.located import Located
from zorki.locating.matching import matched
from zorki.train.folder import toml

pytestmark = pytest.mark.tiny
NAMES = ("cat", "Cat", "dog")


def test_two_classes_that_differ_by_case_are_each_judged_as_itself() -> None:
    assert matched(NAMES, NAMES, ("Cat", "dog", "cat"), True, "net").number == (1, 2, 0)
    assert matched(("Cat",), ("Cat",), ("cat", "Cat"), True, "net").number == (1, 0)
    assert matched(("Cat",), ("Cat",), ("cat",), True, "net").number == (0,), "one of that name is meant, however it is written"


def test_a_class_that_may_be_either_is_refused() -> None:
    with pytest.raises(InputError, match="The class CAT of the data may be cat, Cat"):
        matched(("CAT",), ("CAT",), NAMES, True, "net")
    with pytest.raises(InputError, match=r"cat, Cat of the data differ by case .* net knows one class"):
        matched(NAMES, NAMES, ("cat", "dog"), True, "net")


@pytest.mark.parametrize(("wanted", "is_"), [("Cat", (1,)), ("cat", (0,)), ("CAT", (0, 1)), ("dog,1", (2, 1)), ("cat,cat", (0,))])
def test_classes_are_asked_for_to_the_letter_first(wanted: str, is_: tuple[int, ...]) -> None:
    assert numbered(NAMES, wanted) == is_


def test_a_number_that_no_class_has_is_no_class() -> None:
    for wanted in ("3", "9" * 5000, "²"):
        with pytest.raises(UnknownName):
            numbered(NAMES, wanted)


def test_settings_hold_any_name() -> None:
    import tomllib

    names = ["a\x7fb", "new\nline", 'q"uote', "é", "\x1b[31m"]
    assert tomllib.loads(toml({"classes": names}))["classes"] == names


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """Three pictures with boxes, one under a name that is no UTF-8."""
    folder = tmp_path / "data"
    (folder / "images").mkdir(parents=True)
    box = "<bndbox><xmin>2</xmin><ymin>3</ymin><xmax>12</xmax><ymax>9</ymax></bndbox>"
    for n, name in enumerate((b"0", b"1", b"r\xe9d")):
        io.save_photo(tmp_path / "one.png", np.full((20, 30, 3), 60 * n, np.uint8), force=True)
        os.rename(tmp_path / "one.png", os.fsencode(folder / "images") + b"/" + name + b".png")
        with open(os.fsencode(folder) + b"/" + name + b".xml", "w") as f:
            f.write(f"<annotation><object><name>cat</name>{box}</object></annotation>")
    return folder


def test_a_copy_of_names_that_are_no_text_can_be_read_and_stays(odd: Path, tmp_path: Path) -> None:
    found = boxed(Place(odd))
    assert len(found) == 3
    made = mending.mend(found, tmp_path / "clean")
    again = boxed(Place(tmp_path / "clean"))
    assert sorted(row.called for row in again.rows) == ["0.png", "1.png", "r_d.png"]
    assert all(tuple(row.boxes[0]) == ("cat", 2, 3, 10, 6) for row in again.rows)
    before = (tmp_path / "clean" / "boxes.csv").stat().st_mtime_ns
    assert mending.mend(found, tmp_path / "clean") == made, "the same copy is one that is there"
    assert (tmp_path / "clean" / "boxes.csv").stat().st_mtime_ns == before


def test_another_copy_is_never_replaced(odd: Path, tmp_path: Path) -> None:
    found = boxed(Place(odd))
    mending.mend(found, tmp_path / "clean")
    next((tmp_path / "clean" / "images").iterdir()).unlink()
    with pytest.raises(InputError, match="is there and not empty"):
        mending.mend(found, tmp_path / "clean")


def test_what_is_found_in_such_a_picture_is_written(odd: Path, tmp_path: Path) -> None:
    (picture,) = [p for p in (odd / "images").iterdir() if p.name.startswith("r")]
    photo = io.open_photo(picture)
    seen = Detections(torch.tensor([[2.0, 3, 10, 6]]), torch.tensor([0.5]), torch.tensor([0]))
    made: Any = Located(seen, ("cat",), ("#ff0000",), photo)
    for kind in ("csv", "json", "coco", "crops"):
        made.save(tmp_path / kind, kind, {}, False)
    (row,) = csv.DictReader((tmp_path / "csv").read_text(encoding="utf-8").splitlines())
    assert row["file"] == r"r\udce9d.png"
    assert os.fsencode(json.loads((tmp_path / "json").read_text(encoding="utf-8"))["picture"]) == b"r\xe9d.png"
    with zipfile.ZipFile(tmp_path / "crops") as archive:
        assert b"r\\udce9d.png" in archive.read("boxes.csv")
