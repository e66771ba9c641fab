"""Options of `zorki faces` that would change nothing are refused, before anything is opened or written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import nn

import zorki
from tests.facing.faced import painted
from tests.facing.faces_of_known import net
from zorki import io, lens, weights
from zorki.cli import main
from zorki.core.errors import InputError
from zorki.wings.faces import explain, export, find

pytestmark = [pytest.mark.wings, pytest.mark.usefixtures("toy_cards")]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.fromarray(painted((90, 120), [(30, 20, 40, 48)])).save("one.png")
    return tmp_path


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("one.png --blur --as csv", "--blur does not go with --as csv."),
        ("one.png --pixelate --out x.json", "--pixelate does not go with --as json."),
        ("one.png --style wave --out x.csv", "--style does not go with --as csv."),
        ("one.png --strength 40", "--strength 40 is given without --style."),
        ("one.png --crop-side 64", "--crop-side 64 is given without --crop."),
        ("one.png --crop=", "The option --crop got no name."),
        ("one.png --gap 2", "--gap 2 is of films."),
        ("one.png --smooth 0", "--smooth 0 is of films."),
        ("one.png --boxes 1,2,30,30 --least 0.3", "--least 0.3 does not go with --boxes."),
        ("one.png --boxes 1,2,30,30 --size 320", "--size 320 does not go with --boxes."),
        ("one.png --boxes 1,2,30,30 --model mine.pt2", "--model mine.pt2 does not go with --boxes."),
        ("explain one.png --shown 3", "--shown is of the page."),
        ("explain one.png --cut --faces faces", "--faces does not go with --cut."),
        ("export --out faces.onnx", "--out faces.onnx is one file."),
    ],
)
def test_what_would_change_nothing_is_refused(typed: str, said: str, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "load", lambda *_: pytest.fail("a network is opened"))
    status, out, err = command("faces", *typed.split())
    assert (status, out) == (2, "")
    assert err.startswith(f"zorki: {said}\n")
    assert len(err.splitlines()) <= 4
    assert [one.name for one in Path().iterdir()] == ["one.png"]


@pytest.mark.parametrize(
    "typed",
    [
        "--boxes 1,2,30,30 --model faces",  # the one that would be taken anyway
        "--crop new --crop-side 64",
        "--crop new --as csv",
        "--boxes 1,2,30,30 --blur",
    ],
)
def test_what_goes_together_goes(typed: str, command: Any) -> None:
    assert command("faces", "one.png", *typed.split(), "--out", "out/")[0] == 0


def test_in_python_too() -> None:
    with pytest.raises(InputError, match="crop_side=64 is given without crop"):
        zorki.faces("one.png", crop_side=64)
    assert (
        zorki.faces("one.png", boxes=[(30, 20, 40, 48)], blur=True).save("x.csv").exists()
    )  # a picture was made; the list is asked for behind it
    find.refuse(find.Settings(style="wave", strength=40.0), {"photo": "one.png"}, film=False)
    find.refuse(find.Settings(gap=2.0), {"photo": "film.mp4"}, film=True)
    explain.refuse(explain.Settings(), {"faces": "mine"}, film=False)
    export.refuse(export.Settings(), {"out": "folder"}, film=False)


def test_with_json_a_list_that_is_asked_for_is_written(command: Any) -> None:
    assert command("faces", "one.png", "--json", "--as", "csv")[0] == 0
    assert Path("one.faces.csv").exists()


def test_a_picture_with_crops_is_made_again_without_them(command: Any) -> None:
    """A record never says where to write, so the crops' side is none of its settings."""
    assert command("faces", "one.png", "--crop", "new", "--crop-side", 64)[0] == 0
    assert command("again", "one.faces.png")[0] == 0
    assert {*map(str, Path().glob("*.png"))} == {"one.png", "one.faces.png", "one.faces-2.png"}
    assert "crop_side" not in (io.read_settings("one.faces.png") or {})["options"]


def test_who_says_what_finds_faces_has_none_cut_out(tmp_path: Path) -> None:
    """Pictures as small and square as faces that are cut out are looked through all the same."""
    for k in range(3):
        Image.fromarray(np.full((90, 90, 3), 120, np.uint8)).save(tmp_path / f"{k}.png")
    Path("one.png").unlink()
    with pytest.raises(InputError, match="There is no face in 3 pictures"):
        zorki.faces.explain(net(), [str(tmp_path)], steps=0, faces="faces", fewest=1)
    assert zorki.faces.explain(net(), [str(tmp_path)], steps=0, fewest=1).faces.cut


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("one.png --emotions none.pt2", "Look at the path given to --emotions."),
        ("one.png --emotions one.png", "Write file.py:function for --emotions, which loads this file."),
        ("one.png --emotions one.py", "It is a name or file.py:function.\nWrite --emotions one.py:function."),
        ("explain one.png --faces none.pt2", "Look at the path given to --faces."),
    ],
)
def test_errors_of_a_second_network_name_its_option(typed: str, said: str, command: Any) -> None:
    status, _, err = command("faces", *typed.split())
    assert (status, said in err, "--model" in err) == (2, True, False)


def test_who_finds_no_boxes_is_told_by_which_option_it_came(tmp_path: Path) -> None:
    plain = lens.Net(nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()), name="plain", side=32)
    with pytest.raises(InputError, match="Give another faces"):
        zorki.faces.explain(net(), [str(tmp_path)], steps=0, faces=plain, fewest=1)


def test_a_page_is_one_of_the_endings_that_are_known(command: Any) -> None:
    status, _, err = command("faces", "explain", "one.png", "--out", "e.txt")
    assert (status, "e.txt has no ending of a page or a picture." in err, ".html for a page" in err) == (2, True, True)


@pytest.mark.parametrize(
    ("typed", "do"),
    [
        ("faces one.png", "Try a smaller --size."),
        ("faces one.png --crop new --crop-side 8192", "Try a smaller --crop-side."),
        ("faces one.png --crop new --crop-side=8192 --size 900", "Try a smaller --size or --crop-side."),
        ("faces explain one.png", "Close other programs, or give smaller pictures."),
        ("style transfer a.png b.png --style-size 4", "Try a smaller --style-size."),
        ("segment train data", "Try a smaller --side or --batch."),
    ],
)
def test_what_to_make_smaller_is_what_was_asked_for(typed: str, do: str) -> None:
    assert main.smaller(typed.split()) == do
