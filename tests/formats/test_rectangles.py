"""Boxes that a person gives: as text, as lists, as JSON and CSV in the words of several tools; all come to the same four numbers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zorki.core.errors import InputError
from zorki.formats import is_numbers, open_rectangles

pytestmark = pytest.mark.tiny
TWO = [(10.0, 20.0, 30.0, 40.0), (-5.0, 6.5, 7.0, 8.0)]
FACES = [{"faceRectangle": dict(zip(("left", "top", "width", "height"), one, strict=True)), "scores": {"anger": 1}} for one in TWO]


@pytest.mark.parametrize(
    "given",
    [
        "10,20,30,40;-5,6.5,7,8",
        " 10 20 30 40 ; -5, 6.5, 7, 8 ;",
        "[10,20,30,40],[-5,6.5,7,8]",
        "[[10, 20, 30, 40], [-5, 6.5, 7, 8]]",
        TWO,
        np.array(TWO),
        [dict(zip("xywh", one, strict=True)) for one in TWO],
        FACES,
    ],
    ids=str,
)
def test_all_ways_to_say_the_same(given: Any) -> None:
    found = open_rectangles(given)
    assert found.of == {"": TWO}
    assert found.name == "10,20,30,40;-5,6.5,7,8"
    assert open_rectangles(found.name) == found
    assert found.mark == open_rectangles(TWO).mark != open_rectangles(TWO[:1]).mark


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps(TWO)),
        ("a.json", json.dumps(FACES)),
        ("a.json", json.dumps({"size": [80, 60], "boxes": [dict(zip("xywh", one, strict=True)) for one in TWO]})),
        ("a.csv", "left,top,width,height\n10,20,30,40\n-5,6.5,7,8\n"),
        ("a.csv", "\ufeffX;Y;W;H\n10;20;30;40\n\n-5;6.5;7;8\n"),
        ("a.tsv", "xmin\tymin\txmax\tymax\n10\t20\t40\t60\n-5\t6.5\t2\t14.5\n"),
    ],
)
def test_files_of_one_picture(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = open_rectangles(tmp_path / name)
    assert found.of == {"": TWO}
    assert (found.name, found.of_picture("any.jpg")) == (name, tuple(TWO))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.json", json.dumps([{"file": "one.jpg", "faces": FACES}, {"file": "none.jpg", "faces": []}, {"file": "bad.jpg", "why": "cut"}])),
        ("a.csv", "file,left,top,width,height,anger\none.jpg,10,20,30,40,0.5\nphotos\\one.jpg,-5,6.5,7,8,0.1\nnone.jpg,1,1,1,1,0\n"),
    ],
)
def test_files_of_several_pictures(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    found = open_rectangles(str(tmp_path / name))
    assert found.of_picture("one.jpg") == tuple(TWO)
    assert found.of_picture("none.jpg") is not None
    assert found.of_picture("other.jpg") is None


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("1,2,3", "no box"),
        ("1,2,3,4,5", "no box"),
        ("1,2,0,4", "0 × 4"),
        ("1,2,3,-4", "3 × -4"),
        ([1, 2, 3], "no box"),
        ([{"left": 1, "top": 2}], "left, top"),
        ([["a", 1, 2, 3]], "no box"),
        ([[float("nan"), 1, 2, 3]], "no box"),
        (7, "no box"),
        ("nan,1,2,3", "'nan,1,2,3', which is no box"),
        ("1,2,3,4;inf,1,2,-Infinity", "'inf,1,2,-Infinity', which is no box"),
        (";", "';' says no box"),
        ("", "'' says no box"),
        ([[10**400, 1, 2, 3]], "no box"),
        ({}, "an object without anything in it"),
        ("nothing.csv", "There is no file"),
        ("nan.csv", "There is no file"),
        ("info", "There is no file"),
    ],
)
def test_what_is_none_is_said_in_a_sentence(given: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        open_rectangles(given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "four sides"),
        ("", "four sides"),
        ("left,top,width,height\n1,2,x,4\n", "Row 2"),
        pytest.param('left,top,width,height\n"1,2,3,4\n' + "1,2,3,4\n" * 20000, "a.csv cannot be read", id="a quote that stays open"),
    ],
)
def test_tables_that_are_none(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        open_rectangles(tmp_path / "a.csv")


def test_an_empty_answer_is_no_boxes_and_a_file_is_told_from_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.json").write_text("[]", encoding="utf-8")
    assert open_rectangles(tmp_path / "a.json").of_picture("x.jpg") == ()
    monkeypatch.chdir(tmp_path)
    Path("1,2,3,4").write_text("left,top,width,height\n5,6,7,8\n", encoding="utf-8")
    assert not is_numbers("1,2,3,4")
    assert open_rectangles("1,2,3,4").of == {"": [(5, 6, 7, 8)]}
