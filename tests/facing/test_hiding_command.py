"""`zorki faces` with --blur, --pixelate, --style, --crop: from the command to the file."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from zorki import io, weights
from zorki.core.errors import InputError, UnknownName
from zorki.facing import hiding, reading
from zorki.facing.faces import Face
from zorki.facing.seen import Seen
from zorki.wings.faces import find
from zorki.wings.faces.find import Settings

Command = Callable[..., tuple[int, str, str]]
pytestmark = pytest.mark.wings


@pytest.fixture
def astronaut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A photo with a face, in the folder of the call."""
    if not {"faces", "emotions"} <= set(weights.names()):
        pytest.skip("the networks of faces are not here")
    monkeypatch.chdir(tmp_path)
    Image.fromarray(pytest.importorskip("skimage.data").astronaut()).save(tmp_path / "ada.png")
    return tmp_path / "ada.png"


def pixels(path: str | Path) -> Any:
    with Image.open(path) as image:
        return np.array(image.convert("RGB"))


@pytest.mark.parametrize("option", [["--blur"], ["--pixelate"], ["--style", "wave:2,scream:1"]])
def test_the_face_changes_and_nothing_else(astronaut: Path, command: Command, option: list[str]) -> None:
    assert command("faces", astronaut, *option, "--out", "b.png")[0] == 0
    before, after = pixels(astronaut), pixels("b.png")
    net, photo = weights.load("faces"), io.open_photo(astronaut)
    faces = reading.found(net, photo)
    touched = np.zeros(photo.hw, bool)
    for face in faces if option[0] == "--style" else hiding.cautious(net, photo, faces):
        if (bounds := hiding.region(face).bounds(photo.hw)) is not None:
            touched[bounds] = True
    np.testing.assert_array_equal(after[~touched], before[~touched])
    assert (after[90:150, 200:250] != before[90:150, 200:250]).any(-1).mean() > 0.95


def test_the_answer_is_the_same(astronaut: Path, command: Command) -> None:
    plain = command("faces", astronaut, "--json")
    hidden = command("faces", astronaut, "--json", "--blur")
    assert plain[0] == hidden[0] == 0
    assert json.loads(plain[1]) == json.loads(hidden[1])
    assert Path("ada.faces.png").exists()


def test_without_a_face_it_is_the_photo(astronaut: Path, command: Command) -> None:
    y, x = np.mgrid[:90, :120]
    Image.fromarray(np.stack([y, x, x], -1).astype(np.uint8)).save("sky.png")
    assert command("faces", "sky.png", "--blur", "--least", 0.99, "--crop", "faces", "--out", "b.png")[0] == 0
    np.testing.assert_array_equal(pixels("b.png"), pixels("sky.png"))
    assert not list(Path("faces").glob("*"))


def test_crops_and_their_table(astronaut: Path, command: Command) -> None:
    assert command("faces", astronaut, "--crop", "new/faces", "--crop-side", 96, "--pixelate")[0] == 0
    with Path("new/faces/faces.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert rows
    assert {row["file"] for row in rows} == {"ada.png"}
    for row in rows:
        assert io.open_photo(Path("new/faces") / row["crop"]).hw == (96, 96)
    status, _, said = command("faces", astronaut, "--crop", "new/faces", "--out", "b.png")
    assert status == 2
    assert "exists already" in said
    assert command("faces", astronaut, "--crop", "new/faces", "--out", "b.png", "--force")[0] == 0


@pytest.mark.parametrize("asked", [{"blur": True, "pixelate": True}, {"pixelate": True, "style": "wave"}, {"blur": True, "style": "wave"}])
def test_one_at_a_time(asked: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="are given"):
        find.way(Settings(**asked))


def test_a_style_that_is_not_there() -> None:
    with pytest.raises(UnknownName, match="wave"):
        find.way(Settings(style="wafe"))


@pytest.mark.parametrize("asked", [{"blur": True}, {"style": "wave"}, {"crop": "faces"}])
def test_what_is_too_large_to_be_opened(asked: dict[str, Any]) -> None:
    class Large:
        name = "scan.tif"

    with pytest.raises(InputError, match=r"does not go with scan\.tif"):
        find.way(Settings(**asked), Large())  # type: ignore[arg-type]


def cropped(folder: str) -> list[str]:
    with (Path(folder) / "faces.csv").open(encoding="utf-8", newline="") as handle:
        return [row["crop"] for row in csv.DictReader(handle)]


def test_crops_of_a_folder_whose_results_are_there(astronaut: Path, command: Command) -> None:
    Path("in").mkdir()
    astronaut.rename("in/ada.png")
    assert command("faces", "in", "--out", "out")[0] == 0
    before = Path("out/ada.faces.png").stat().st_mtime_ns
    assert command("faces", "in", "--out", "out", "--crop", "new")[0] == 0
    first = cropped("new")
    assert first
    Path("out/ada.faces.png").unlink()  # as after a kill, with the crops written
    (Path("new") / first[0]).unlink()
    assert command("faces", "in", "--out", "out", "--crop", "new")[0] == 0
    assert cropped("new") == first
    assert all((Path("new") / name).exists() for name in first)
    assert Path("out/ada.faces.png").stat().st_mtime_ns != before
    status, _, said = command("faces", "in", "--out", "out", "--crop", "in")
    assert status == 2
    assert "in is the folder of the pictures" in said


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_two_pictures_of_one_name(astronaut: Path, command: Command, more: list[str]) -> None:
    picture = pixels(astronaut)
    for folder, shown in (("a", picture), ("b", picture[:, ::-1])):
        Path(folder).mkdir()
        Image.fromarray(np.ascontiguousarray(shown)).save(Path(folder) / "p.png")
    for _ in range(2):
        status, *_ = command("faces", "a/p.png", "b/p.png", "--out", "out", "--crop", "new", *more)
        assert status == 0
        names = cropped("new")
        assert {name.rpartition("-")[0] for name in names} == {"p", "p_2"}
        assert len(names) == len(set(names)) == len(list(Path("new").glob("*.png")))
        with Path("out/faces.csv").open(encoding="utf-8", newline="") as handle:
            assert len(list(csv.DictReader(handle))) == len(names)
    assert (pixels("new/p-1.png").shape != pixels("new/p_2-1.png").shape) or (pixels("new/p-1.png") != pixels("new/p_2-1.png")).any()


def test_a_side_beyond_sense(astronaut: Path, command: Command) -> None:
    status, _, said = command("faces", astronaut, "--crop", "new", "--crop-side", 100000)
    assert status == 2
    assert "from 1 to 8192" in said


def test_boxes_of_another_photo_hide_nothing(astronaut: Path, command: Command) -> None:
    Path("other.csv").write_text("file,left,top,width,height\ngrace.png,1,2,30,40\n")
    status, _, said = command("faces", astronaut, "--blur", "--boxes", "other.csv")
    assert status == 2
    assert said.count("other.csv has no box of ada.png.") == 1
    assert "With --blur nothing of it would be hidden." in said
    assert not Path("ada.faces.png").exists()


def test_what_is_hidden_besides_is_said() -> None:
    face = Face((10, 10, 40, 40), shares=(0.125,) * 8)
    photo = io.Photo(pixels=np.zeros((90, 90, 3), np.float32))
    assert hiding.others([face], [face, Face((12, 11, 38, 40)), Face((60, 60, 20, 20)), Face((61, 60, 20, 20))]) == 1
    assert Seen((), photo, doubted=3).lines() == ["nothing sure; 3 places that may be faces are hidden"]
    assert Seen((face,), photo, doubted=1).lines()[1:] == ["and 1 place that may be a face is hidden"]
    assert Seen((), photo).lines() == ["no face was found"]
