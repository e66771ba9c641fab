"""`segment predict` on the command line and in Python: each kind of file, each kind of input, what is refused, what is never half-written."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from PIL import Image
from torch import nn

import zorki
from tests.segment.quartered import lay, net, opened, quarters, truth
from zorki import io
from zorki.cli.main import run as inside
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.pixels import palette
from zorki.segmenting.regions import regions

pytestmark = pytest.mark.tiny


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay()
    return tmp_path


def command(*words: str) -> int:
    return inside(["segment", "predict", *words])


def run(*words: str) -> int:
    return command("photo.png", "--model", "net.py:red", "--quiet", *words)


def test_without_out_an_index_png_named_after_input_and_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    image = opened("photo.predict.png")
    assert image.mode == "P"
    assert (np.array(image) == truth()).all()
    assert (np.array(image.convert("RGB"))[0, 0] == palette.table(palette.colours(["class 0", "class 1", "class 2"]))[1]).all()
    assert (io.open_mask("photo.predict.png").numbers == truth()).all()
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["50.0%", "1,200", "1", "class", "1"]
    assert said[-1] == "photo.predict.png"
    record = io.read_settings("photo.predict.png")
    assert record is not None
    assert record["command"] == ["segment", "predict"]


@pytest.mark.parametrize("ending", ["tif", "tiff"])
def test_a_tiled_tiff_with_a_palette(ending: str) -> None:
    assert run("-o", f"mask.{ending}") == 0
    with tifffile.TiffFile(f"mask.{ending}") as file:
        page = file.pages.first
        assert page.is_tiled
        assert page.photometric.name == "PALETTE"
        assert (page.asarray() == truth()).all()
    assert (io.open_mask(f"mask.{ending}").numbers == truth()).all()
    assert io.read_settings(f"mask.{ending}") is not None


@pytest.mark.parametrize("words", [("-o", "seen.jpg"), ("-o", "seen.webp"), ("--as", "overlay", "-o", "seen.png")])
def test_an_overlay_has_the_photos_size_and_shows_the_classes(words: tuple[str, ...]) -> None:
    assert run(*words) == 0
    seen = np.array(opened(words[-1]).convert("RGB")).astype(int)
    assert seen.shape == (40, 60, 3)
    assert np.abs(seen[5:15, 45:55] - quarters()[5:15, 45:55]).mean() > 10  # class 0 is painted too


def test_a_cutout_holds_the_chosen_classes_alone() -> None:
    assert run("--as", "cutout", "--only", "class 1,2", "-o", "cut.png") == 0
    cut = np.array(opened("cut.png"))
    assert cut.shape == (40, 60, 4)
    assert (cut[..., :3] == quarters()).all()
    inside = truth() > 0
    assert (cut[2:18, 2:28, 3] == 255).all()
    assert (cut[22:, 34:, 3] == 255).all()
    assert (cut[:16, 34:, 3] == 0).all()
    assert (np.abs(cut[..., 3] / 255 - inside) <= 1).all()


def test_probabilities_sum_to_one_and_say_their_classes() -> None:
    assert run("-o", "p.npz") == 0
    with np.load("p.npz", allow_pickle=False) as found:
        assert found["probabilities"].shape == (3, 40, 60)
        assert list(found["classes"]) == ["class 0", "class 1", "class 2"]
        np.testing.assert_allclose(found["probabilities"].astype(np.float32).sum(0), 1, atol=2e-3)
        assert (found["probabilities"].argmax(0) == truth()).all()
    assert run("-o", "p.npy") == 0
    assert np.load("p.npy", allow_pickle=False).shape == (3, 40, 60)


def test_outlines_for_other_programs() -> None:
    assert run("-o", "o.geojson", "--only", "class 1,class 2") == 0
    features = json.loads(Path("o.geojson").read_text(encoding="utf-8"))["features"]
    assert [(f["properties"]["name"], f["properties"]["pixels"]) for f in features] == [("class 1", 1200), ("class 2", 600)]
    assert sorted(map(tuple, features[0]["geometry"]["coordinates"][0][:-1])) == [(0, 0), (0, 40), (30, 0), (30, 40)]
    assert run("-o", "o.json", "--rle") == 0
    data = json.loads(Path("o.json").read_text(encoding="utf-8"))
    assert data["images"] == [{"id": 1, "file_name": "photo.png", "width": 60, "height": 40}]
    assert {a["category_id"]: a["area"] for a in data["annotations"]} == {0: 600, 1: 1200, 2: 600}
    assert (io.read_settings("o.json") or {})["command"] == ["segment", "predict"]


def test_json_tells_the_area_by_class(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["out"] == ["photo.predict.png"]
    assert said["size"] == [60, 40]
    assert said["areas"][1] == {"class": 1, "name": "class 1", "share": 0.5, "pixels": 1200}


def test_stdout_gets_the_file(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("-o", "-", "--as", "geojson") == 0
    assert len(json.loads(capfdbinary.readouterr().out)["features"]) == 3


def test_a_folder_gives_a_folder_and_the_same_command_skips(capsys: pytest.CaptureFixture[str]) -> None:
    Path("photos").mkdir()
    for i in range(3):
        Image.fromarray(np.roll(quarters(), 7 * i, 1)).save(f"photos/{i}.png")
    Path("photos/broken.jpg").write_bytes(b"no picture")
    words = ("photos", "--model", "net.py:red", "--as", "coco", "-o", "out", "--quiet")
    assert command(*words) == 3
    files = sorted(p.name for p in Path("out").iterdir())
    assert files == ["0.predict.json", "1.predict.json", "2.predict.json"]
    assert capsys.readouterr().out.count("class 1") == 3
    assert command(*words) == 3
    assert sorted(p.name for p in Path("out").iterdir()) == files


def test_a_film_gives_a_film_of_overlays() -> None:
    with io.Film(Path("ride.mp4"), fps=12) as film:
        for i in range(4):
            film.add(np.roll(quarters(48, 64), 4 * i, 1))
    assert command("ride.mp4", "--model", "net.py:red", "-o", "seen.mp4", "--quiet") == 0
    seen = io.open_video("seen.mp4")
    frames = [moment.pixels for moment in seen.moments()]
    assert len(frames) == 4
    assert frames[0].shape == (48, 64, 3)
    assert np.abs(frames[0].astype(int) - quarters(48, 64)).mean() > 10


def turned() -> Path:
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(np.rot90(quarters()).copy()).save("turned.jpg", exif=exif, quality=98)
    return Path("turned.jpg")


def test_a_turned_photo_comes_out_upright() -> None:
    found = zorki.segment.predict(str(turned()), model=net())
    assert found.labels.shape == (40, 60)
    assert (found.labels == truth()).mean() > 0.98
    found.save("m.png")
    assert opened("m.png").size == (60, 40)


@pytest.mark.parametrize("kind", ["deep", "grey", "clear"])
def test_kinds_of_pictures_come_out_in_their_size(kind: str) -> None:
    if kind == "deep":
        tifffile.imwrite("p.tif", quarters().astype(np.uint16) * 257, photometric="rgb")
    elif kind == "grey":
        Image.fromarray(quarters()[..., 0]).save("p.png")
    else:
        Image.fromarray(np.dstack([quarters(), np.full((40, 60), 90, np.uint8)])).save("p.png")
    name = "p.tif" if kind == "deep" else "p.png"
    found = zorki.segment.predict(name, model=net(), as_="cutout", only="apple")
    assert (found.labels == (0 if kind == "grey" else truth())).all()
    found.save("cut.png")
    cut = io.open_photo("cut.png")
    assert cut.hw == (40, 60)
    assert cut.depth == (16 if kind == "deep" else 8)
    if kind == "clear":
        assert cut.alpha is not None
        assert cut.alpha.max() == pytest.approx(90 / 255)


def test_in_python_it_has_labels_names_shares_and_shows_itself() -> None:
    found = zorki.segment.predict(quarters(), model=net())
    assert (found.labels == truth()).all()
    assert found.names == ("background", "apple", "leaf")
    assert found.shares == {"background": 0.25, "apple": 0.5, "leaf": 0.25}
    assert found.numpy().shape == (40, 60, 3)
    assert (found.numpy()[:15, 36:] == quarters()[:15, 36:]).all()  # background is not painted
    assert found._repr_html_().startswith("<")
    assert "apple" in repr(found)
    with pytest.raises(AttributeError):
        found.nothing  # noqa: B018
    with pytest.raises(InputError, match="not kept"):
        found.save("p.npz")
    zorki.segment.predict(quarters(), model=net(), as_="probabilities").save("p.npz")
    assert Path("p.npz").is_file()


def test_what_is_no_number_is_no_class(folder: Path) -> None:
    made = nn.Conv2d(3, 3, 1)
    nn.init.constant_(made.weight, float("nan"))
    with pytest.raises(Stopped, match="no number"):
        zorki.segment.predict(quarters(), model=made)


def test_three_hundred_classes_go_into_a_tiff(folder: Path) -> None:
    found = zorki.segment.predict(quarters(), model=nn.Conv2d(3, 300, 1))
    with pytest.raises(InputError, match=r"^There are more than 255 classes\. .*\.tif"):
        found.save("m.png")
    found.save("m.tif")
    assert (tifffile.imread("m.tif") == found.labels).all()
    assert not Path("m.png").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-o", "x.mp3"), "ending"),
        (("-o", "x.png", "--as", "coco"), ".json"),
        (("--only", "clas 1"), "class 1"),
        (("--as", "cutout"), "--only class 0"),
        (("--only", ","), "No class is named"),
    ],
)
def test_what_does_not_fit_is_one_sentence(words: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(*words) == 2
    assert said in capsys.readouterr().err
    assert sorted(p.name for p in Path().iterdir() if p.name != "__pycache__") == ["net.py", "photo.png"]


def test_what_exists_stays(capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.json").write_text("mine", encoding="utf-8")
    assert run("-o", "x.json") == 2
    assert Path("x.json").read_text(encoding="utf-8") == "mine"
    assert run("-o", "x.json", "--force") == 0
    assert Path("x.json").read_text(encoding="utf-8") != "mine"
    capsys.readouterr()


def test_a_classifier_and_a_class_that_is_not_there_are_refused() -> None:
    with pytest.raises(InputError, match="classify"):
        zorki.segment.predict(quarters(), model="eye")
    with pytest.raises(UnknownName):
        zorki.segment.predict(quarters(), model=net(), only="aple")


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A TIFF that counts as too large, in tiles."""
    monkeypatch.setattr("zorki.io.large.LARGE", 1000)
    monkeypatch.setattr("zorki.segmenting.tiles.WHOLE", 1000)
    tifffile.imwrite("scan.tif", quarters(200, 300), tile=(48, 64), photometric="rgb", compression="zlib")
    return Path("scan.tif")


@pytest.mark.parametrize("out", ["mask.tif", "mask.png"])
def test_what_is_too_large_is_worked_on_in_rows(large: Path, out: str, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[events.Event] = []
    with events.listen(heard.append):
        assert command(str(large), "--model", "net.py:red", "--tile", "64", "-o", out) == 0
    assert (io.open_mask(out).numbers == truth(200, 300)).all()
    steps = [e for e in heard if e.stage == "tiles"]
    assert steps[-1].step == steps[-1].of > 20
    assert "some rows at a time" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left on device")])
def test_what_is_broken_off_leaves_nothing(
    large: Path, stop: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(path: Path, *_: Any) -> None:
        path.write_bytes(b"half")
        raise stop

    before = sorted(p.name for p in Path().iterdir())
    monkeypatch.setattr(io, "write_index", broken)
    found = zorki.segment.predict(str(large), model=net(), tile=64)
    with pytest.raises((KeyboardInterrupt, Stopped)):
        found.save("mask.tif")
    assert sorted(p.name for p in Path().iterdir()) == before
    capsys.readouterr()


def test_ctrl_c_between_tiles_writes_nothing(large: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from zorki.segmenting import tiles

    asked, once = [], tiles.once

    def third(*given: Any) -> torch.Tensor:
        asked.append(1)
        if len(asked) == 9:
            raise KeyboardInterrupt
        return once(*given)

    monkeypatch.setattr(tiles, "once", third)
    assert command(str(large), "--model", "net.py:red", "--tile", "64", "-o", "mask.tif", "--quiet") == 130
    assert not Path("mask.tif").exists()
    assert not list(Path().glob(".zorki-*"))
    capsys.readouterr()


def test_a_smaller_copy_is_looked_at_and_the_answer_is_full_size() -> None:
    found = zorki.segment.predict(quarters(120, 180), model=net(), size=60)
    assert found.labels.shape == (120, 180)
    assert (found.labels == truth(120, 180)).mean() > 0.96


def test_regions_are_masks_by_class_that_make_up_the_photo() -> None:
    x = torch.from_numpy(quarters()).permute(2, 0, 1)[None].float() / 255
    found = regions(net(), x)
    assert list(found) == ["background", "apple", "leaf"]
    assert (sum(mask.int() for mask in found.values()) == 1).all()
    assert (found["apple"].numpy() == (truth() == 1)).all()
