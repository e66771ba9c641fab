"""`zorki locate check`: what it prints, gives with --json, shows on a page, and leaves as it was."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

import zorki
from tests.locating.made import own, photos, real
from zorki.core.errors import InputError

pytestmark = pytest.mark.wings
Command = Callable[..., tuple[int, str, str]]
ODD = {"0.jpg": [("cat", 10, 10, 20, 20), ("cat", 90, 10, 30, 20)], "1.jpg": [("dog", 5, 5, 0, 9), ("dog", 5, 5, 9, 9)], "2.jpg": []}


def test_it_prints_classes_and_faults(tmp_path: Path, command: Command) -> None:
    own(tmp_path / "set", ODD)
    before = sorted(p.name for p in tmp_path.rglob("*"))
    status, out, _ = command("locate", "check", tmp_path / "set")
    assert status == 0
    assert re.search(r"^cat +2 +1 +15 × 20 px$", out, re.M)
    assert "3 pictures with 3 boxes can be used; some have several." in out
    assert "1 box has no area (left out): 1.jpg: line 4 (dog) is 0 × 9 pixels." in out
    assert "1 box sticks out of its picture (cut off at the border): 0.jpg: line 3 (cat) by 20 pixels." in out
    assert sorted(p.name for p in tmp_path.rglob("*")) == before


def test_a_sheet_does_not_lie_among_the_pictures_of_the_set(tmp_path: Path, command: Command) -> None:
    own(tmp_path / "set", ODD)
    before = {p: p.read_bytes() for p in (tmp_path / "set").rglob("*") if p.is_file()}
    for out in ("set/images", "set/images/", "set/images/sheet.png"):
        status, stdout, err = command("locate", "check", tmp_path / "set", "--out", f"{tmp_path}/{out}")
        assert (status, stdout) == (2, "")
        assert "would lie among the pictures of the data" in err
        assert len(err.splitlines()) <= 4
    assert {p: p.read_bytes() for p in (tmp_path / "set").rglob("*") if p.is_file()} == before
    flat = tmp_path / "set" / "images"
    (tmp_path / "set" / "boxes.csv").rename(flat / "boxes.csv")
    assert command("locate", "check", flat / "boxes.csv", "--out", flat / "sheet.png")[0] == 2, "of a table beside its pictures, too"
    assert command("locate", "check", flat, "--out", flat / "page.html")[0] == 0, "a page is no picture"
    assert command("locate", "check", flat, "--out", tmp_path / "set" / "sheet.png")[0] == 0


def test_json_has_all_of_it(tmp_path: Path, command: Command) -> None:
    own(tmp_path / "set", ODD)
    photos(tmp_path / "set" / "images", ["3.jpg"])
    (tmp_path / "set" / "images" / "3.jpg").write_bytes(b"\xff\xd8\xff")
    status, out, _ = command("locate", "check", tmp_path / "set", "--json", "--mend", tmp_path / "clean")
    found = json.loads(out)
    assert status == 3
    assert (found["format"], found["pictures"], found["boxes"], found["kind"]) == ("a table of boxes", 3, 3, "many")
    assert found["parts"] == {"all": {"pictures": 3, "boxes": 3, "empty": 1}}
    assert found["classes"] == [{"name": "cat", "boxes": 2, "pictures": 1}, {"name": "dog", "boxes": 1, "pictures": 1}]
    assert found["count"] == {"unread": 1, "area": 1, "beyond": 1, "alone": 1, "empty": 1}
    beyond = next(fault for fault in found["faults"] if fault["kind"] == "beyond")
    assert beyond["box"] == {"class": "cat", "x": 90, "y": 10, "w": 30, "h": 20}
    assert beyond["mended"] == {"class": "cat", "x": 90, "y": 10, "w": 10, "h": 20}
    assert [one["photo"] for one in found["failed"]] == ["3.jpg"]
    assert (found["mended"]["folder"], found["mended"]["changed"]) == (str(tmp_path / "clean"), 3)
    assert {p.name for p in (tmp_path / "clean").iterdir()} == {"images", "boxes.csv", "changes.csv"}


def test_the_page_shows_faults_pictures_and_sizes(tmp_path: Path, command: Command) -> None:
    own(tmp_path / "set", ODD)
    status, out, _ = command("locate", "check", tmp_path / "set", "--out", tmp_path / "page.html")
    assert status == 0
    assert out.strip().endswith("page.html")
    page = html.unescape((tmp_path / "page.html").read_text(encoding="utf-8"))
    for words in ("What is wrong", "What may be meant so", "Pictures with their boxes", "The classes", "1 box sticks out of its picture: cut off at the border", "0.jpg: line 3 (cat) by 20 pixels"):  # fmt: skip
        assert words in page
    assert len(re.findall(r"<img", page)) >= 5
    status, _, _ = command("locate", "check", tmp_path / "set", "--out", tmp_path / "sheet.png", "--shown", 2)
    assert status == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] > 100


def test_what_cannot_be_read_is_refused_in_a_few_lines(tmp_path: Path, command: Command) -> None:
    photos(tmp_path / "pictures" / "cats", ["0.jpg"])
    photos(tmp_path / "pictures" / "dogs", ["1.jpg"])
    status, out, err = command("locate", "check", tmp_path / "pictures", "--out", tmp_path / "page.html")
    assert (status, out) == (2, "")
    assert "pictures holds 2 pictures in cats, dogs, and no boxes." in err
    assert len(err.strip().splitlines()) <= 4
    assert not (tmp_path / "page.html").exists()
    own(tmp_path / "set", ODD)
    status, _, err = command("locate", "check", tmp_path / "set", "--mend", tmp_path / "pictures")
    assert status == 2
    assert "not empty" in err


def test_in_python(tmp_path: Path) -> None:
    found = zorki.locate.check(own(tmp_path / "set", ODD), mend=tmp_path / "clean")
    assert found.boxed.classes.names == ("cat", "dog")
    assert found.mended.boxes == 3
    assert len(found.tiles()) == 3
    assert "1 box has no area" in repr(found)
    assert zorki.locate.check(tmp_path / "set", mend=tmp_path / "clean").mended == found.mended, "the same copy stays"
    own(tmp_path / "other", {"0.jpg": [("cat", 1, 1, 9, 9)]})
    with pytest.raises(InputError, match="not empty"):
        zorki.locate.check(tmp_path / "other", mend=tmp_path / "clean")


def test_a_set_without_a_fault_says_so(tmp_path: Path, command: Command) -> None:
    own(tmp_path / "set", {"0.jpg": [("cat", 1, 1, 9, 9)], "1.jpg": [("cat", 1, 1, 9, 9)]})
    status, out, _ = command("locate", "check", tmp_path / "set", "--out", tmp_path / "page.html")
    assert status == 0
    assert "none has more than one. Nothing is wrong with them." in out
    assert "What is wrong" not in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_a_real_sets_two_faults_are_named(command: Command) -> None:
    status, out, _ = command("locate", "check", real("blood-cells"))
    assert status == 0
    assert "2 boxes have no area (left out): BloodImage_00338.jpg" in out
    assert "BloodImage_00343.jpg" in out
