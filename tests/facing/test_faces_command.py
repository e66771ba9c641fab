"""`zorki faces` on the command line and in Python: the list, the picture, many, boxes of one's own, and what people bring that is no plain photo."""

from __future__ import annotations

import csv
import json
import re
import warnings
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
import tifffile
import torch
from PIL import Image

import zorki
from tests.facing.faced import Box, painted
from zorki import io
from zorki.cli import main, wing
from zorki.core.errors import InputError
from zorki.facing.emotions import EMOTIONS
from zorki.jobs.methods import method

pytestmark = [pytest.mark.wings, pytest.mark.usefixtures("toy_cards")]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "faces"
BOXES: list[Box] = [(300, 80, 60, 72), (40, 100, 90, 108)]
HW = (300, 400)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(painted(HW, BOXES, happy=[0])).save("two.png")
    return tmp_path


def listed(out: str) -> Any:
    """What stands on stdout, held against the schema of the docs."""
    found = json.loads(out)
    jsonschema.validate(found, json.loads((DOCS / "schema.json").read_text(encoding="utf-8")))
    return found


def opened(name: str) -> Image.Image:
    with Image.open(name) as image:
        image.load()
    return image


def places(faces: Any) -> list[Box]:
    return [tuple(face["faceRectangle"].values()) for face in faces]


def near(found: list[Box], wanted: list[Box], by: int = 2) -> bool:
    return len(found) == len(wanted) and all(np.abs(np.subtract(a, b)).max() <= by for a, b in zip(found, wanted, strict=True))


def test_the_list_is_all_that_is_on_stdout_and_nothing_is_written(command: Any) -> None:
    status, out, err = command("faces", "two.png", "--json")
    found = listed(out)
    assert (status, err) == (0, "")
    assert near(places(found), [BOXES[1], BOXES[0]]), "the largest first"
    assert [max(face["scores"], key=face["scores"].get) for face in found] == ["neutral", "happiness"] or found[1]["scores"][
        "happiness"
    ] > 0.9
    assert all(sum(face["scores"].values()) == pytest.approx(1, abs=1e-12) for face in found)
    assert [list(face["scores"]) for face in found] == [list(EMOTIONS)] * 2
    assert sorted(p.name for p in Path().iterdir()) == ["two.png"]
    assert command("faces", "two.png", "--json", "--out", "seen.png")[0] == 0
    assert Path("seen.png").is_file()


def test_without_json_a_line_for_each_and_the_picture(command: Any) -> None:
    status, out, _ = command("faces", "two.png")
    lines = out.splitlines()
    assert status == 0
    assert re.fullmatch(r" *40 +100 +90 +108  \w+ \d+%(, \w+ \d+%)*", lines[0])
    assert lines[2].startswith("2 faces: ")
    assert lines[3:] == ["two.faces.png"]
    before, after = (np.asarray(opened(name).convert("RGB")) for name in ("two.png", "two.faces.png"))
    assert (before[120:180, 70:100] == after[120:180, 70:100]).all(), "the face is still seen"
    assert (before != after).any(2).mean() > 0.03
    record = io.read_settings("two.faces.png")
    assert record is not None
    assert (record["command"], len(record["rows"])) == (["faces"], 2)


def test_again_says_the_command_without_the_methods_name(command: Any) -> None:
    command("faces", "two.png", "--least", "0.4")
    assert command("again", "two.faces.png", "--show")[1] == "zorki faces two.png --least 0.4\n"
    assert command("again", "two.faces.png")[1].splitlines()[-1] == "two.faces-2.png"
    command("faces", "two.png", "--boxes", "-4,0,30,40", "--out", "own.png")
    assert command("again", "own.png", "--show")[1] == "zorki faces two.png --boxes=-4,0,30,40 --as faces\n"
    assert command("again", "own.png")[0] == 0


def test_no_face_is_an_empty_list(command: Any) -> None:
    Image.fromarray(painted(HW, [])).save("none.png")
    assert command("faces", "none.png", "--json")[:2] == (0, "[]\n")
    assert command("faces", "none.png")[1].splitlines() == ["no face was found", "none.faces.png"]


def test_a_folder_gives_an_object_for_each_photo_and_one_table(command: Any) -> None:
    Path("some").mkdir()
    for k, boxes in enumerate((BOXES, [], BOXES[:1])):
        Image.fromarray(painted(HW, boxes)).save(f"some/{k}.png")
    Path("some/bad.png").write_bytes(b"no picture")
    status, out, err = command("faces", "some", "--json")
    found = listed(out)
    assert (status, "bad.png" in err) == (3, True)
    assert [one["file"] for one in found] == ["0.png", "1.png", "2.png", "bad.png"]
    assert [len(one["faces"]) for one in found[:3]] == [2, 0, 1]
    assert "no picture" in found[3]["why"] or "picture" in found[3]["why"]
    status, out, _ = command("faces", "some", "--out", "seen")
    assert out.splitlines()[-4:] == ["seen/0.faces.png", "seen/1.faces.png", "seen/2.faces.png", "seen/faces.csv"]
    assert "in all: 3 faces" in out
    with Path("seen/faces.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["file"] for row in rows] == ["0.png", "0.png", "2.png"]
    assert list(rows[0]) == ["file", "left", "top", "width", "height", *EMOTIONS]
    again = json.loads(command("faces", "some", "--out", "seen", "--json")[1])
    assert again == found, "of pictures that are there already too"
    boxed = json.loads(command("faces", "some", "--boxes", "seen/faces.csv", "--json")[1])
    assert boxed[:3] == found[:3] or near(
        [p for one in boxed[:3] for p in places(one["faces"])], [p for one in found[:3] for p in places(one["faces"])], 0
    )


def test_files_of_each_kind(command: Any) -> None:
    assert command("faces", "two.png", "--out", "a.json")[0] == 0
    found = listed(Path("a.json").read_text())
    assert command("faces", "two.png", "--out", "a.csv")[0] == 0
    with Path("a.csv").open(newline="") as handle:
        assert [int(row["left"]) for row in csv.DictReader(handle)] == [face["faceRectangle"]["left"] for face in found]
    assert places(json.loads(command("faces", "two.png", "--boxes", "a.json", "--json")[1])) == places(found)


def test_with_boxes_of_ones_own_no_face_is_looked_for(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.facing.faced import Finder

    monkeypatch.setattr(Finder, "forward", None)
    status, out, err = command("faces", "two.png", "--json", "--boxes", "0,0,20,30;390,280,40,40")
    assert (status, places(listed(out))) == (0, [(0, 0, 20, 30), (390, 280, 10, 20)])
    assert "1 of 2 boxes reaches beyond the photo" in err
    for wrong, said in (("400,0,9,9", "outside of the photo"), ("5,5,0,9", "0 × 9"), ("5,5", "no box"), ("gone.csv", "no file gone.csv")):
        status, out, err = command("faces", "two.png", "--json", "--boxes", wrong)
        assert (status, out) == (2, ""), wrong
        assert said in err
        assert len(err.splitlines()) <= 4
    with pytest.raises(InputError, match="outside"):
        zorki.faces("two.png", boxes=[(900, 0, 9, 9)])
    assert zorki.faces("two.png", boxes=np.array([[0, 0, 20, 30]])).answer()[0]["faceRectangle"]["height"] == 30


def test_help_names_no_method_and_wrong_words_are_told(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    status, out, _ = command("faces", "--help")
    assert status == 0
    assert "Usage: zorki faces COMMAND [OPTIONS] PHOTO" in out
    assert "--boxes" in out
    assert "faces" in command("--help")[1]
    status, _, err = command("faces", "two.png", "--bluur")
    assert status == 2
    assert "`zorki faces --help`" in err
    assert command("faces")[0] == 2
    assert command("faces", "tow.png")[2].splitlines()[0] == "zorki: There is no file tow.png."
    monkeypatch.setattr(wing, "methods", lambda _: ("explain", "export", "find"))
    monkeypatch.setattr(wing, "first_line", lambda *_: "")
    status, _, err = command("faces", "exlpain", "two.png")
    assert status == 2
    assert "`zorki faces explain`" in err
    Image.fromarray(painted(HW, BOXES)).save("expot.png")
    Path("expot.png").rename("expot")
    assert command("faces", "expot", "--json")[0] == 0, "a file is a file"


def test_other_commands_of_the_wing_are_never_taken_for_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wing, "methods", lambda name: ("explain", "find") if name == "faces" else ())
    monkeypatch.setattr(wing, "method", lambda name, m=None: method("faces", "find") if m in (None, "explain", "find") else method(name, m))
    Image.fromarray(painted(HW, BOXES)).save("explain", "PNG")
    _, bound, _ = main.app(["faces", "./explain"]).parse_args(["faces", "./explain"], exit_on_error=False, print_error=False)
    assert bound.args == ("./explain",)
    _, bound, _ = main.app(["faces", "explain", "a.png"]).parse_args(["faces", "explain", "a.png"], exit_on_error=False, print_error=False)
    assert bound.args == ("a.png",)


def test_the_wing_is_its_method_in_python() -> None:
    found = zorki.faces("two.png")
    assert found.answer() == zorki.faces.find("two.png").answer()
    assert zorki.faces.Settings is zorki.faces.find.Settings
    assert "Options:" in (zorki.faces.__doc__ or "")
    assert found.numpy().shape == (*HW, 3)
    assert not callable(zorki.see)
    with pytest.raises(InputError):
        zorki.faces()


def test_the_same_picture_however_it_comes() -> None:
    """Arrays and tensors of any kind of number; a tensor has its channels first."""
    picture = painted(HW, BOXES, happy=[1])
    answers = [
        zorki.faces(given).answer()
        for given in (
            picture,
            picture.astype(np.float32) / 255,
            picture.astype(np.uint16) * 257,
            torch.from_numpy(picture).permute(2, 0, 1),
            torch.from_numpy(picture).permute(2, 0, 1).float() / 255,
            Image.fromarray(picture),
        )
    ]
    for other in answers[1:]:
        assert places(other) == places(answers[0])
        for one, two in zip(other, answers[0], strict=True):
            assert list(one["scores"].values()) == pytest.approx(list(two["scores"].values()), abs=2e-4)
    with pytest.raises(InputError):
        zorki.faces(picture.astype(np.float32))


def turned(how: int) -> None:
    """two.jpg, stored lying as `how` of EXIF says, and upright.jpg as it is shown."""
    upright = Image.fromarray(painted(HW, BOXES, happy=[0]))
    upright.save("upright.jpg", quality=95)
    stored = upright.transpose({6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270, 3: Image.Transpose.ROTATE_180}[how])
    exif = Image.Exif()
    exif[0x0112] = how
    stored.save("two.jpg", quality=95, exif=exif)


@pytest.mark.parametrize("how", [3, 6, 8])
def test_rectangles_are_of_the_upright_photo(how: int, command: Any) -> None:
    turned(how)
    found, upright = (listed(command("faces", name, "--json")[1]) for name in ("two.jpg", "upright.jpg"))
    assert near(places(found), places(upright), 1)
    assert near(places(found), [BOXES[1], BOXES[0]])
    assert command("faces", "two.jpg")[0] == 0
    assert opened("two.faces.jpg").size == (HW[1], HW[0])


def test_grey_is_as_its_colours_and_sixteen_bits_as_eight(command: Any) -> None:
    """Of a grey picture the networks are shown three channels alike."""
    grey = Image.fromarray(painted(HW, BOXES)).convert("L")
    grey.save("grey.png")
    grey.convert("RGB").save("rgb.png")
    box = ("--boxes", "40,100,90,108", "--json")
    assert command("faces", "grey.png", *box)[1] == command("faces", "rgb.png", *box)[1]
    assert command("faces", "grey.png", "--json")[1] == command("faces", "rgb.png", "--json")[1]
    assert command("faces", "grey.png", *box[:2])[0] == 0
    assert opened("grey.faces.png").mode == "RGB", "bars have colours"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tifffile.imwrite("deep.tif", painted(HW, BOXES, happy=[0]).astype(np.uint16) * 257, photometric="rgb")
    assert near(places(listed(command("faces", "deep.tif", "--json")[1])), [BOXES[1], BOXES[0]])


@pytest.mark.parametrize("hw", [(10, 10), (15, 800), (800, 15), (1, 1), (3, 2000)], ids=str)
def test_pictures_too_small_for_a_face(hw: tuple[int, int], command: Any) -> None:
    Image.fromarray(painted(hw, [])).save("small.png")
    assert command("faces", "small.png", "--json")[:2] == (0, "[]\n")
    assert command("faces", "small.png")[0] == 0
    full = f"0,0,{hw[1]},{hw[0]}"
    status, out, _ = command("faces", "small.png", "--json", "--out", "full.png", "--boxes", full)
    assert (status, places(listed(out))) == (0, [(0, 0, hw[1], hw[0])])
    assert opened("full.png").size == (hw[1], hw[0])


def test_a_large_tiff_is_read_in_rows(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.io import large

    monkeypatch.setattr(large, "LARGE", 1000, raising=False)
    boxes: list[Box] = [(300, 400, 500, 600), (2500, 1500, 30, 36)]
    tifffile.imwrite("scan.tif", painted((1800, 3000), boxes), photometric="rgb", tile=(256, 256))
    found = listed(command("faces", "scan.tif", "--json")[1])
    assert near(places(found), boxes, 12)


def test_transparency_and_other_networks(command: Any) -> None:
    rgba = np.dstack([painted(HW, BOXES), np.full(HW, 255, np.uint8)])
    rgba[:, 200:260, 3] = 0
    Image.fromarray(rgba).save("clear.png")
    assert near(places(listed(command("faces", "clear.png", "--json")[1])), [BOXES[1], BOXES[0]])
    assert command("faces", "clear.png")[0] == 0
    assert opened("clear.faces.png").mode == "RGBA"
    status, _, err = command("faces", "two.png", "--model", "emotions")
    assert (status, "needs one to locate" in err, "Give --model faces, or" in err) == (2, True, True)
    status, _, err = command("faces", "two.png", "--emotions", "faces")
    assert (status, "names other things than the eight" in err) == (2, True)


def test_where_none_ships_it_is_said(command: Any, toy_cards: Path) -> None:
    (toy_cards / "emotions.toml").unlink()
    status, _, err = command("faces", "two.png", "--json")
    assert (status, "--emotions" in err) == (2, True)
    (toy_cards / "faces.toml").unlink()
    status, _, err = command("faces", "two.png", "--json")
    assert status == 2
    assert "faces has none of its own yet" in err
