"""Answers in words: printed on stdout, of many pictures a block each; no file unless one is asked for."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.toys import toy
from tests.wings.test_attribution import negative
from zorki.cli.main import run
from zorki.weights import cards

pytestmark = pytest.mark.tiny
TOY = ["--model", "net.py:toy", "--side", "32"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with nets, and with photographs, one of them damaged."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from tests.toys import toy\nfrom tests.wings.test_attribution import negative\n")
    (tmp_path / "photos").mkdir()
    for k in range(3):
        pixels = np.random.default_rng(k).integers(0, 255, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{k}.png")
    (tmp_path / "photos" / "bad.png").write_bytes(b"")
    return tmp_path


def expected(path: Path) -> list[tuple[int, float]]:
    """Class and share, the likeliest first, by a softmax of our own."""
    x = torch.from_numpy(np.array(Image.open(path))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        e = toy()(x)[0].double().exp()
    return sorted(((k, float(e[k] / e.sum())) for k in range(5)), key=lambda one: -one[1])


def files(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()} - {"__pycache__"}


def test_one_picture_is_answered_on_stdout_and_nothing_is_written(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(here)
    assert run(["see", "classify", "photos/0.png", *TOY]) == 0
    lines = capsys.readouterr().out.splitlines()
    want = expected(here / "photos" / "0.png")
    assert lines == [f"{share:6.1%}  {number:4d}  class {number}" for number, share in want]
    assert run(["see", "classify", "photos/0.png", *TOY, "--json", "--count", "2"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["out"] == []
    assert answer["top"] == [{"class": n, "name": f"class {n}", "share": round(s, 4)} for n, s in want[:2]]
    assert files(here) == before


def test_of_many_pictures_each_has_its_block(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = files(here)
    assert run(["see", "classify", "photos", *TOY, "--count", "1"]) == 3
    told = capsys.readouterr()
    blocks = [block.splitlines() for block in told.out.strip("\n").split("\n\n")]
    assert [block[0] for block in blocks] == ["0.png", "1.png", "2.png"]
    for name, line in blocks:
        number, share = expected(here / "photos" / name)[0]
        assert line == f"{share:6.1%}  {number:4d}  class {number}"
    assert "bad.png" in told.err
    assert run(["see", "classify", "photos/*.png", *TOY, "--json"]) == 3
    answer = json.loads(capsys.readouterr().out)
    assert [one["photo"] for one in answer["results"]] == ["0.png", "1.png", "2.png"]
    assert [one["top"][0]["class"] for one in answer["results"]] == [expected(here / "photos" / f"{k}.png")[0][0] for k in range(3)]
    assert [one["photo"] for one in answer["failed"]] == ["bad.png"]
    assert files(here) == before


def test_a_picture_comes_where_one_is_asked_for(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["see", "classify", "photos/0.png", *TOY, "--out", "a.png"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "a.png"
    for kept in (False, True):  # the second time the files are there, and the answers are given all the same
        assert run(["see", "classify", "photos", *TOY, "--out", "named", "--json"]) == 3
        results = json.loads(capsys.readouterr().out)["results"]
        assert [one["kept"] for one in results] == [kept] * 3
        assert all(len(one["top"]) == 5 for one in results)
    assert sorted(files(here / "named")) == [f"{k}.classify.png" for k in range(3)]


def test_without_a_model_it_says_which_answers(here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards.Card, "installed", property(lambda card: card.name == "eye"))
    assert run(["see", "classify", "photos/0.png"]) == 0
    assert "eye answers (200 classes)" in capsys.readouterr().err


def test_the_same_said_of_many_pictures_is_said_once_and_counted(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three empty maps, and a damaged picture."""
    assert negative()(torch.zeros(1, 3, 32, 32)).argmax() == 2
    assert run(["see", "attribution", "photos", "--model", "net.py:negative", "--side", "32"]) == 3
    told = capsys.readouterr()
    said = [line for line in told.err.splitlines() if "the map is flat" in line]
    assert len(said) == 2
    assert said[0].startswith("0.png: Grad-CAM: the map is flat, as all 12 maps")
    assert said[1].startswith("3 of 4 (0.png, 1.png, 2.png): Grad-CAM: the map is flat")
    assert told.out.splitlines() == [f"photos.attribution/{k}.attribution.png" for k in range(3)], "paths alone, as of every folder"


def test_a_direction_comes_from_a_file(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save("v.npy", np.eye(5)[3])
    assert run(["see", "attribution", "photos/0.png", *TOY, "--towards", "v.npy", "--out", "a.png"]) == 0
    cosine = float(capsys.readouterr().out.split()[0])
    x = torch.from_numpy(np.array(Image.open("photos/0.png"))).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        y = toy()(x)[0]
    assert cosine == pytest.approx(float(y[3] / y.norm()), abs=1e-3)
    assert run(["again", "a.png", "--show"]) == 0
    assert "--towards v.npy" in capsys.readouterr().out
    assert run(["see", "attribution", "photos/0.png", *TOY, "--towards", "w.npy"]) == 2
    assert "w.npy" in capsys.readouterr().err
