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
from safetensors.torch import save_file
from torch import nn

import zorki
from zorki import io, lens
from zorki.cli.main import run as inside
from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.nets.segmenter import Segmenter
from zorki.pixels import palette
from zorki.segmenting.regions import regions

pytestmark = pytest.mark.tiny

CODE = """
import torch
from torch import nn


class Red(nn.Module):
    "Class 1 where there is more red than green, class 2 where there is more green, else 0."

    def forward(self, x):
        apart = 20 * (x[:, 0] - x[:, 1])
        return torch.stack([torch.full_like(apart, 4.0), apart, -apart], 1)


def red():
    return Red().eval()
"""


def quarters(h: int = 40, w: int = 60) -> np.ndarray:
    """(h, w, 3): red on the left, green in the lower right, grey in the upper right."""
    out = np.full((h, w, 3), 120, np.uint8)
    out[:, : w // 2] = (220, 40, 60)
    out[h // 2 :, w // 2 :] = (30, 200, 60)
    return out


def truth(h: int = 40, w: int = 60) -> np.ndarray:
    out = np.zeros((h, w), np.uint8)
    out[:, : w // 2] = 1
    out[h // 2 :, w // 2 :] = 2
    return out


class Red(nn.Module):
    """As in CODE."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        apart = 20 * (x[:, 0] - x[:, 1])
        return torch.stack([torch.full_like(apart, 4.0), apart, -apart], 1)


def net() -> lens.Net:
    return lens.Net(Red().eval(), name="red", side=32, step=1, classes=("background", "apple", "leaf"))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.py").write_text(CODE, encoding="utf-8")
    Image.fromarray(quarters()).save("photo.png")
    return tmp_path


def command(*words: str) -> int:
    return inside(["segment", "predict", *words])


def opened(path: str) -> Image.Image:
    with Image.open(path) as image:
        image.load()
        return image.copy()


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


def saved_run(where: Path, **more: Any) -> Path:
    torch.manual_seed(0)
    module = Segmenter(classes=3, width=8)
    where.mkdir()
    (where / "config.toml").write_text("", encoding="utf-8")
    save_file(module.state_dict(), where / "best.safetensors")
    lines = {
        "title": "A toy", "licence": "none", "build": "zorki.nets.segmenter:Segmenter", "parameters": 1, "side": 64, "data": "none", "not_fit_for": "anything",
        "task": "segment", "classes": ["void of things", "cup", "pen"], "colours": ["#010203", "#ff8800", "#0088ff"], "void": [255],
    } | more  # fmt: skip
    text = "\n".join(f"{k} = {json.dumps(v)}" for k, v in lines.items())
    sizes = "\n".join(f"{k} = {json.dumps(v)}" for k, v in module.sizes().items())
    (where / "card.toml").write_text(f"{text}\n[arguments]\n{sizes}\n", encoding="utf-8")
    return where


def test_a_run_keeps_names_and_colours(folder: Path) -> None:
    made = saved_run(folder / "run")
    found = zorki.segment.predict(quarters(), model=str(made))
    assert found.names == ("void of things", "cup", "pen")
    assert found.colours == ("#010203", "#ff8800", "#0088ff")
    found.save("m.png")
    assert opened("m.png").getpalette()[3:6] == [255, 136, 0]
    assert sum(found.shares.values()) == pytest.approx(1)


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
    ("was", "now", "said"),
    [
        ("width = 8", "width = -1", "makes no network"),
        ("width = 8", "width = 8\ncups = 3", "'cups'"),
        ("nets.segmenter:Segmenter", "nets.nothing:Segmenter", "zorki.nets.nothing"),
        ('"#ff8800"', '"orange"', "'orange' is not written #rrggbb"),
    ],
)
def test_a_card_that_was_damaged_is_refused(folder: Path, command: Any, was: str, now: str, said: str) -> None:
    made = saved_run(folder / "run")
    card = (made / "card.toml").read_text(encoding="utf-8")
    assert was in card
    (made / "card.toml").write_text(card.replace(was, now), encoding="utf-8")
    io.save_photo(folder / "p.png", quarters())
    status, out, err = command("segment", "predict", "p.png", "--model", "run")
    assert (status, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) <= 4


def test_sixteen_bits_are_read_as_they_were_in_training(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = saved_run(folder / "run", pictures={})
    card = (made / "card.toml").read_text(encoding="utf-8")
    (made / "card.toml").write_text(card.replace("pictures = {}\n", "") + "[pictures]\nchannels = 3\nrange = [0, 4095]\n", encoding="utf-8")
    seen: list[torch.Tensor] = []
    logits = lens.Net.logits
    monkeypatch.setattr(lens.Net, "logits", lambda self, x: seen.append(x) or logits(self, x))
    tifffile.imwrite("p.tif", np.full((70, 80, 3), 2048, np.uint16), photometric="rgb")
    zorki.segment.predict("p.tif", model=str(made))
    assert float(seen[-1].mean()) == pytest.approx(2048 / 4095, abs=1e-4)


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
