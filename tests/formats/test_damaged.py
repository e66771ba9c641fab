"""Files that are cut off, in other encodings, without end, or of names that no disk can hold."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from tests.formats import made
from tests.formats.test_others import XML, names, read
from tests.masked import a_set, areas, table
from zorki import formats
from zorki.core.errors import InputError
from zorki.formats import Place

pytestmark = pytest.mark.tiny


def labelled(folder: Path, *stems: str) -> Path:
    for one in stems:
        made.photo(folder / f"{one}.jpg")
        made.written(folder / f"{one}.json", made.labelme([made.shape()], f"{one}.jpg"))
    return folder


def test_names_that_only_case_tells_apart_are_refused(tmp_path: Path) -> None:
    made.photo(tmp_path / "a.png")
    made.photo(tmp_path / "A.PNG")
    made.written(tmp_path / "a.json", made.coco([{}], files=("a.png", "A.PNG")))
    with pytest.raises(InputError, match="Two pictures are called A"):
        read(tmp_path)


@pytest.mark.parametrize("text", ["", '{"version": "5.0", "fla', '{"version": "5.0", "shapes": [{"lab'])
def test_a_file_cut_off_early_is_named_beside_whole_ones(text: str, tmp_path: Path) -> None:
    labelled(tmp_path, "0", "1")
    (tmp_path / "1.json").write_text(text, encoding="utf-8")
    place = Place(tmp_path)
    found = formats.read(place)
    assert names(found) == {"all": ["0"]}
    assert list(place.failed) == ["1.json"]
    assert len(place) == 2


def test_an_empty_table_is_named_beside_whole_ones_and_other_xml_is_left_alone(tmp_path: Path) -> None:
    for k in range(2):
        made.photo(tmp_path / f"{k}.jpg")
        made.written(tmp_path / f"{k}.xml", XML.replace("0.jpg", f"{k}.jpg"))
    made.written(tmp_path / "1.xml", "")
    made.written(tmp_path / "notes.xml", "<notes/>")
    place = Place(tmp_path)
    assert names(formats.read(place)) == {"all": ["0"]}
    assert list(place.failed) == ["1.xml"]


@pytest.mark.parametrize(("encoding", "label"), [("shift_jis", "猫"), ("gb2312", "猫"), ("utf-16", "猫"), ("latin-1", "é")])
def test_xml_in_encodings_that_the_parser_lacks(encoding: str, label: str, tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    text = f'<?xml version="1.0" encoding="{encoding}"?>\n' + XML.replace("NAME", label)
    (tmp_path / "0.xml").write_bytes(text.encode(encoding))
    assert [one.name for one in read(tmp_path).classes] == [label]


@pytest.mark.parametrize(
    "head", ['<?xml version="1.0" encoding="klingon"?>', '<?xml version="1.0" encoding="big5"?>\n<!-- \udcff\udcff -->']
)
def test_xml_in_no_encoding_is_refused(head: str, tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    (tmp_path / "0.xml").write_bytes((head + XML).encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match="encoding"):
        read(tmp_path)


def test_xml_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    entities = "".join(f'<!ENTITY e{k} "{f"&e{k - 1};" * 10}">' for k in range(1, 12))
    head = f'<?xml version="1.0"?><!DOCTYPE annotation [<!ENTITY e0 "lol">{entities}]>'
    (tmp_path / "0.xml").write_text(head + XML.replace("NAME", "&e11;"), encoding="utf-8")
    with pytest.raises(InputError, match="grows without end"):
        read(tmp_path)


def test_a_picture_with_a_name_that_no_disk_holds_is_missing(tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    made.written(tmp_path / "a.json", made.coco([{}, {"image_id": 2}], files=("0.jpg", "x" * 300 + ".jpg")))
    place = Place(tmp_path)
    assert names(formats.read(place)) == {"all": ["0"]}
    assert len(place.failed) == 1


@pytest.mark.parametrize(
    ("names_", "words"),
    [
        ("[" * 3000, "nested too deep|no whole YAML"),
        ("{0: [a, b]}", "what is no name"),
        ("[true, b]", "what is no name"),
        ("[null]", "what is no name"),
    ],
)
def test_lists_of_names_that_hold_no_names(names_: str, words: str, tmp_path: Path) -> None:
    made.photo(tmp_path / "0.jpg")
    made.written(tmp_path / "0.txt", "0 .5 .5 .2 .2\n")
    made.written(tmp_path / "data.yaml", f"names: {names_}\ntrain: .\n")
    with pytest.raises(InputError, match=words):
        read(tmp_path)


def test_names_of_names_are_not_written_out(tmp_path: Path) -> None:
    """Ten lists of ten times the list before: as text it would be without end."""
    made.photo(tmp_path / "0.jpg")
    lists = "".join(f"l{k}: &l{k} [{', '.join([f'*l{k - 1}'] * 10)}]\n" for k in range(1, 12))
    made.written(tmp_path / "data.yaml", f"l0: &l0 [a, b]\n{lists}names: [*l11]\ntrain: .\n")
    with pytest.raises(InputError, match="what is no name"):
        read(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with names")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    labelled(tmp_path, "0")
    os.mkfifo(tmp_path / "instances.json")
    place = Place(tmp_path)
    assert names(formats.read(place)) == {"all": ["0"]}
    assert list(place.failed) == ["instances.json"]


def test_a_folder_of_pairs_is_not_told_to_become_one(tmp_path: Path) -> None:
    a_set(tmp_path, [areas(0, 1)])
    made.photo(tmp_path / "images" / "0.jpg")
    with pytest.raises(InputError, match=r"holds 0\.jpg and 0\.png"):
        formats.labelled(tmp_path)


def test_a_class_of_one_part_alone_is_said(tmp_path: Path) -> None:
    a_set(tmp_path / "train", [areas(0, 1), areas(0, 1)])
    a_set(tmp_path / "val", [areas(0, 1, 2)])
    assert any(sentence.endswith("in val alone, and nowhere in train.") for sentence in table(tmp_path).said)
    masks = [np.asarray(areas(0, 1)), areas(0, 1)]
    a_set(tmp_path / "same" / "train", masks)
    a_set(tmp_path / "same" / "val", masks)
    assert not any("nowhere in" in sentence for sentence in table(tmp_path / "same").said)
