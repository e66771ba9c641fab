"""`style train`: what a run holds, what goes on, what is refused."""

from __future__ import annotations

import errno
import os
import signal
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import zorki
import zorki.train
from tests.breaking import broken_off
from tests.style.brushes import brush
from zorki import weights
from zorki.cli import main
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io import disk
from zorki.nets.brush import Brush
from zorki.painting import fitted
from zorki.train import pace

pytestmark = pytest.mark.wings
FEW = {"steps": 3, "batch": 2, "side": 32, "begin": "anew"}


def pictures(folder: Path, *names: str, hw: tuple[int, int] = (48, 64)) -> Path:
    folder.mkdir(exist_ok=True)
    for k, name in enumerate(names):
        noise = np.random.default_rng(k).integers(0, 255, (*hw, 3), np.uint8)
        Image.fromarray(noise).save(folder / name)
    return folder


@pytest.fixture
def data(tmp_path: Path) -> dict[str, str]:
    styles = pictures(tmp_path / "styles", "The Scream.png", "dots.png")
    photos = pictures(tmp_path / "photos", *(f"{k}.png" for k in range(4)), hw=(60, 80))
    return {"styles": str(styles), "photos": str(photos)}


def test_a_run_is_a_model(data: dict[str, str], tmp_path: Path) -> None:
    left = zorki.style.train(**data, out=tmp_path / "run", **FEW)
    net = weights.load_run(left.folder)
    assert [s.name for s in net.styles] == ["dots", "the-scream"]
    assert net.hw == (32, 32)
    assert net.styles[1].title == "The Scream"
    assert isinstance(net.inner, Brush)
    assert net.inner.styles == 2
    assert (left.folder / "preview.jpg").stat().st_size > 0
    painted = zorki.style.apply(net, f"{data['photos']}/0.png", style="dots")
    assert painted.numpy().shape == (60, 80, 3)


@pytest.mark.parametrize(("break_with", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_broken_off_and_gone_on_with_is_the_same(break_with: int, status: int, data: dict[str, str], tmp_path: Path) -> None:
    """A real process is broken off; the whole run and what goes on need none of their own: they know of it what lies in its folder."""
    words = ["style", "train", "--styles", data["styles"], "--photos", data["photos"]]
    words += ["--steps=12", "--batch=2", "--side=32", "--begin=anew"]
    assert main.run([*words, "--out", str(tmp_path / "whole"), "--quiet"]) == 0
    run = tmp_path / "run"
    code, said = broken_off([sys.executable, "-m", "zorki", *words, "--out", str(run)], tmp_path / "events", break_with)
    assert code == status, said
    if break_with != signal.SIGKILL:
        step = torch.load(run / "state.ckpt", weights_only=True)["global_step"]
        assert 1 <= step < 12
        assert "goes on" in said
    assert main.run([*words, "--out", str(run), "--quiet"]) == 0
    here, there = (load_file(f / "last.safetensors") for f in (run, tmp_path / "whole"))
    assert all(torch.equal(here[k], there[k]) for k in there)


class Enough(Exception):
    pass


def test_within_fixes_the_steps_once_and_is_a_run_of_so_many(data: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    few, run = {k: v for k, v in FEW.items() if k != "steps"} | {"within": "10m"}, tmp_path / "run"
    measured, paces = pace.measured, [150.0, 0.1]
    monkeypatch.setattr(pace, "measured", lambda *given: measured(*given) * 0 + paces.pop(0))

    def stop(event: events.Event) -> None:
        if event.stage == "training" and event.step == 2:
            raise Enough

    with pytest.raises(Enough), events.listen(stop):
        zorki.style.train(**data, out=run, **few)
    assert tomllib.loads((run / "config.toml").read_text())["steps"] == 3
    zorki.style.train(**data, out=run, **few)
    assert len(paces) == 1
    whole = zorki.style.train(**data, out=tmp_path / "whole", **FEW | {"steps": 3})
    here, there = (load_file(f / "last.safetensors") for f in (run, whole.folder))
    assert all(torch.equal(here[k], there[k]) for k in there)
    assert "up to 3 steps" in (run / "card.toml").read_text()
    with pytest.raises(InputError, match=r"other settings: batch, within\."):
        zorki.style.train(**data, out=run, **few | {"batch": 3, "within": "90"})


def test_a_time_and_a_number_of_steps_are_one_too_many(data: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = ["style", "train", "--styles", data["styles"], "--photos", data["photos"], "--out", str(tmp_path / "run"), "--within"]
    assert main.run([*words, "30m", "--steps", "4000"]) == 2
    assert "--within and --steps are both given." in capfd.readouterr().err
    assert main.run([*words, "ten"]) == 2
    assert "--within ten is no time." in capfd.readouterr().err
    with pytest.raises(InputError, match=r"Not one step fits into 0\.1 s"):
        zorki.style.train(**data, out=tmp_path / "run", preset="quick", within="0.1", side=32, begin="anew")


def test_a_full_disk_and_what_is_missing_are_one_sentence(
    data: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["style", "train", "--styles", data["styles"], "--photos", data["photos"], "--out", str(tmp_path / "run"), "--steps=3"]
    words += ["--batch=2", "--side=32", "--begin=anew"]
    publish = disk.publish

    def full(temporary: Path, path: Path, force: bool = True) -> None:
        if path.suffix == ".ckpt":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        publish(temporary, path, force)

    with monkeypatch.context() as m:
        m.setattr(disk, "publish", full)
        assert main.run(words) == 4
    said = capfd.readouterr().err
    assert "The disk is full: state.ckpt was not written." in said
    assert "Traceback" not in said
    assert main.run([*words, "--force"]) == 0, "with room again"

    class Hidden:
        def find_spec(self, name: str, *_: object) -> None:
            if name.partition(".")[0] == "lightning":
                raise ModuleNotFoundError(f"No module named {name!r}", name="lightning")

    with monkeypatch.context() as m:
        for name in [n for n in sys.modules if n.partition(".")[0] == "lightning" or n == "zorki.train.running"]:
            m.delitem(sys.modules, name)
        m.delattr(zorki.train, "running", raising=False)
        m.setattr(sys, "meta_path", [Hidden(), *sys.meta_path])
        capfd.readouterr()
        assert main.run([word.replace(str(tmp_path / "run"), str(tmp_path / "other")) for word in words]) == 2
    assert "Training needs Lightning." in capfd.readouterr().err
    assert not (tmp_path / "other").exists()


def test_more_than_memory_holds_and_a_rate_of_nothing_are_refused(
    data: dict[str, str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = ["style", "train", "--styles", data["styles"], "--photos", data["photos"], "--out", str(tmp_path / "run")]
    assert main.run([*words, "--batch", "10000000"]) == 2
    assert "Give a smaller --batch or --side." in capfd.readouterr().err
    assert main.run([*words, "--rate", "0"]) == 2
    assert "--rate" in capfd.readouterr().err
    assert main.smaller(words) == "Try a smaller --side or --batch."
    assert main.smaller(["see", "dream", "a.jpg"]) == "Try a smaller --size."


def test_a_broken_photo_is_left_out_and_named(data: dict[str, str], tmp_path: Path) -> None:
    (Path(data["photos"]) / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    said: list[str] = []
    with events.listen(lambda e: said.append(e.note)):
        left = zorki.style.train(**data, out=tmp_path / "run", **FEW)
    assert any("bad.jpg" in note and "1 of 5 photos" in note for note in said)
    assert left.card["data"].startswith("4 photos")


def test_styles_that_are_none_are_refused(data: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="5 × 5 pixels"):
        zorki.style.train(styles=str(pictures(tmp_path / "tiny", "a.png", hw=(5, 5))), photos=data["photos"], out=tmp_path / "run", **FEW)
    twice = pictures(tmp_path / "twice", "dots.png", "Dots.jpg")
    with pytest.raises(InputError, match="both the style dots"):
        zorki.style.train(styles=str(twice), photos=data["photos"], out=tmp_path / "run", **FEW)


def test_a_csv_names_the_styles(data: dict[str, str], tmp_path: Path) -> None:
    (Path(data["styles"]) / "styles.csv").write_text("name,title,source,licence\ndots,Many Dots,me,CC0\n", encoding="utf-8")
    left = zorki.style.train(**data, out=tmp_path / "run", **FEW)
    assert left.card["styles"][0] == {"name": "dots", "title": "Many Dots", "source": "me", "licence": "CC0"}


def test_rows_added_paint_what_they_painted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitted.folders, "data", lambda: tmp_path)
    one, x = brush(), torch.rand(1, 3, 33, 47, generator=torch.Generator().manual_seed(0))
    rows = {k: v[1] for k, v in one.vectors().items()}
    style = fitted.Style("mine", "Mine", "me", "CC0")
    kept = fitted.keep(style, rows, one, "a mark")
    more = fitted.with_rows(one, [kept.rows()])
    with torch.no_grad():
        assert torch.equal(more(x, torch.tensor([0.0, 0, 0, 1])), one(x, torch.tensor([0.0, 1, 0])))
        assert torch.allclose(more(x, torch.tensor([1.0, 0, 0, 1])), one(x, torch.tensor([1.0, 1, 0])), atol=1e-5)
    with pytest.raises(InputError, match="exists already"):
        fitted.keep(style, rows, one, "a mark")
    assert [(own.style, own.picture) for own in fitted.those_of(one)] == [(style, "a mark")]
    assert fitted.those_of(brush(seed=1)) == ()
    kept.path.write_bytes(b"half")
    assert fitted.those_of(one) == ()
