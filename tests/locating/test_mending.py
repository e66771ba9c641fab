"""A cleaned copy: the pictures as they are, the boxes as they are used, a list of what was changed; whole or not at all."""

from __future__ import annotations

import csv
import errno
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.formats import made as annotations
from tests.locating.made import HW, kinds, opened, own, photos, real, voc
from zorki.core.errors import InputError, Stopped
from zorki.formats import Place
from zorki.formats.annotated import Picture
from zorki.locating import mending
from zorki.locating.boxed import Boxed, boxed
from zorki.locating.kinds import KINDS

pytestmark = pytest.mark.unit
ODD = {
    "a b.jpg": [("cat", -5, 10, 30, 20), ("cat", 50, 10.25, -20, 20), ("dog, old", 1, 1, 9, 9), ("dog, old", 1, 1, 9, 9)],
    "1.jpg": [("cat", 10, 10, 0, 5), ("cat", 200, 200, 5, 5), ("cat", 5, 5, 20, 20)],
    "2.jpg": [("cat", 10, 10, 0, 5)],
    "3.jpg": [],
}


def used(found: Boxed) -> dict[str, dict[str, list[tuple[object, ...]]]]:
    return {part: {e.picture.name: [tuple(b) for b in e.boxes] for e in some} for part, some in found.parts.items()}


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


@pytest.mark.parametrize("parts", [("all",), ("train", "val")])
def test_the_copy_is_what_is_used_and_nothing_is_wrong_with_it(tmp_path: Path, parts: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    for part in parts:
        own(data if part == "all" else data / part, ODD)
    before = {p: p.read_bytes() for p in data.rglob("*") if p.is_file()}
    found = opened(data)
    made = mending.mend(found, tmp_path / "clean")
    assert {p: p.read_bytes() for p in data.rglob("*") if p.is_file()} == before
    again = opened(tmp_path / "clean")
    assert used(again) == used(found)
    assert not [fault for fault in again.faults if fault.about.wrong]
    assert (made.pictures, made.boxes, made.changed) == (3 * len(parts), 4 * len(parts), 7 * len(parts))
    for part in parts:
        here = tmp_path / "clean" / ("" if part == "all" else part)
        for file in (here / "images").iterdir():
            assert file.read_bytes() == (data / ("" if part == "all" else part) / "images" / file.name).read_bytes()


def test_each_change_is_a_row_with_the_numbers_before_and_after(tmp_path: Path) -> None:
    mending.mend(opened(own(tmp_path / "data", ODD)), tmp_path / "clean")
    listed = {row["kind"]: row for row in rows(tmp_path / "clean" / "changes.csv")}
    assert {*listed} == {"beyond", "swapped", "doubled", "area", "outside", "spoiled"}
    assert [listed["beyond"][f"{k}_before"] for k in "xywh"] == ["-5", "10", "30", "20"]
    assert [listed["beyond"][f"{k}_after"] for k in "xywh"] == ["0", "10", "25", "20"]
    assert [listed["swapped"][f"{k}_after"] for k in "xywh"] == ["30", "10.25", "20", "20"]
    assert (listed["doubled"]["class_before"], listed["doubled"]["x_after"]) == ("dog, old", "")
    assert listed["spoiled"]["where"] == "2.jpg"
    assert all(row["done"] == KINDS[kind].done for kind, row in listed.items())  # type: ignore[index]


def test_pictures_of_one_name_and_inside_of_json_become_files_of_their_own(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        photos(tmp_path / "data" / folder, ["0.jpg"])
        annotations.written(tmp_path / "data" / folder / "0.xml", voc("cat", (1, 2, 30, 40)))
    found = opened(tmp_path / "data")
    assert kinds(found) == {"named": 2, "same": 1}
    mending.mend(found, tmp_path / "clean")
    assert sorted(p.name for p in (tmp_path / "clean" / "images").iterdir()) == ["0.jpg", "b_0.jpg"]
    assert len(opened(tmp_path / "clean")) == 2
    photo = annotations.photo(tmp_path / "x.png", HW)
    doc = annotations.labelme(
        [annotations.shape("cat", "rectangle", [[1, 2], [30, 40]])], "x.png", HW, annotations.packed(np.array(Image.open(photo)))
    )
    photo.unlink()
    annotations.written(tmp_path / "json" / "x.json", doc)
    made = mending.mend(opened(tmp_path / "json"), tmp_path / "files")
    assert (made.pictures, made.boxes, made.changed) == (1, 1, 1)
    assert used(opened(tmp_path / "files")) == {"all": {"x.png": [("cat", 1, 2, 29, 38)]}}


def test_a_folder_that_may_not_be_written_to_is_refused_before_anything_is_done(tmp_path: Path) -> None:
    found = opened(own(tmp_path / "data", ODD))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    for folder, says in ((tmp_path / "full", "not empty"), (tmp_path / "data" / "clean", "in the folder of the data"), (tmp_path / "no" / "where", "There is no folder")):  # fmt: skip
        with pytest.raises(InputError, match=says):
            mending.mend(found, folder)
    (tmp_path / "empty").mkdir()
    assert mending.mend(found, tmp_path / "empty").pictures == 3


def test_what_is_broken_off_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, often = opened(own(tmp_path / "data", ODD)), []

    def full(picture: Picture, path: Path) -> None:
        often.append(path)
        if len(often) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        path.write_bytes(b"")

    monkeypatch.setattr(Picture, "write", full)
    with pytest.raises(Stopped, match="disk is full"):
        mending.mend(found, tmp_path / "clean")
    assert [p.name for p in tmp_path.iterdir()] == ["data"]

    def stopped(picture: Picture, path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Picture, "write", stopped)
    with pytest.raises(KeyboardInterrupt):
        mending.mend(found, tmp_path / "clean")
    assert [p.name for p in tmp_path.iterdir()] == ["data"]


def test_a_real_set_is_mended(tmp_path: Path) -> None:
    found = boxed(Place(real("blood-cells") / "annotations"))
    made = mending.mend(found, tmp_path / "clean")
    assert (made.pictures, made.boxes, made.changed) == (291, 3921, 2)
    again = opened(tmp_path / "clean")
    assert (used(again), again.faults, again.classes) == (used(found), (), found.classes)
