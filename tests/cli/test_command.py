"""The command as a person or a program uses it: statuses, streams, files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.cli.conftest import HOSTILE, Run
from zorki.cli.main import run as inside

pytestmark = pytest.mark.wings


@pytest.mark.parametrize("name", [*HOSTILE, "folder", "missing.jpg"])
@pytest.mark.parametrize("command", [("tour",), ("see", "dream")], ids=" ".join)
def test_a_hostile_file_is_one_clear_message(
    name: str, command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if name == "folder":
        (tmp_path / name).mkdir()
    elif name in HOSTILE:
        (tmp_path / name).write_bytes(HOSTILE[name]())
    assert inside([*command, name]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert name in shown.err
    assert 1 <= len(shown.err.strip().splitlines()) <= 4
    assert "Traceback" not in shown.err
    assert [p.name for p in tmp_path.iterdir()] in ([], [name])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["tuor"], "Did you mean tour"),
        (["see", "draem", "x.jpg"], "Did you mean dream"),
        (["see", "dream", "x.jpg", "--octavs", "3"], "octav"),
        (["see", "dream", "x.jpg", "--octaves", "many"], "octaves"),
        (["see", "dream"], "PHOTO"),
        (["see", "maximize", "--layer", "conv9_1"], "conv"),
        (["see", "maximize", "--channel", "900"], "0 to 255"),
        (["see", "maximize", "--channel", "a"], "not a list"),
        (["see", "dream", "x.jpg", "--preset", "clam"], "calm"),
        (["see", "dream", "x.jpg", "--steps", "0"], "at least 1"),
        (["see", "dream", "x.jpg", "--rate", "nan"], "rate"),
        (["see", "dream", "x.jpg", "--octaves", "100000"], "octaves"),
        (["see", "maximize", "--jitter", "inf"], "jitter"),
        (["see", "maximize", "--layer", ""], "layer"),
        (["see", "attribution", "x.jpg", "--layer", "fc"], "no maps"),
        (["style", "transfer", "x.jpg", "x.jpg", "--layers", "fc"], "no maps"),
        (["see", "dream", "x.jpg", "--events", "x.jpg"], "holds no events"),
        (["see", "dream", "x.jpg", "-o", "y.xyz"], "ending"),
        (["see", "dream", "x.jpg", "-o", "y.gif", "--film", "y.gif"], "both y.gif"),
        (["see", "filters", "--mean", "0.5"], "--mean"),
        (["see", "filters", "--model", "x.jpg"], "file.py:function"),
        (["layers", "--model", "eey"], "eye"),
        (["layers", "--model", "nothing.py:build"], "nothing.py"),
        (["models", "vgg"], "vgg19"),
        (["see", "maximize", "--device", "cuda:9"], "--device"),
        (["again", "missing.jpg"], "missing.jpg"),
        (["tour", "x.jpg", "--section", "dreem"], "dream"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_a_wrong_word_is_answered_with_the_right_one(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 30), (200, 100, 50)).save(tmp_path / "x.jpg")
    assert inside(words) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.strip().splitlines()) <= 4


def test_json_is_exactly_one_value_and_events_are_lines(zorki: Run, cat: Path, tmp_path: Path) -> None:
    done = zorki(
        "see", "dream", str(cat), "--size", "96", "--steps", "2", "--octaves", "2", "--json", "--events", "e.jsonl", "--film", "f.webp"
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["command"] == ["see", "dream"]
    assert answer["out"] == ["cat.dream.jpg", "f.webp"]
    assert answer["seconds"] > 0
    assert [x["step"] for x in answer["losses"]] == [1, 2, 1, 2]
    assert opened(tmp_path / "cat.dream.jpg").size == (225, 150)
    lines = [json.loads(line) for line in (tmp_path / "e.jsonl").read_text().splitlines()]
    assert [(e["step"], e["of"]) for e in lines if "step" in e] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    with Image.open(tmp_path / "f.webp") as film:
        assert getattr(film, "n_frames", 1) == 4


@pytest.fixture
def here(tmp_path: Path, cat: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder but for the cat, in which commands of this very process run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cat.jpg").write_bytes(cat.read_bytes())
    return tmp_path


def test_out_goes_where_it_is_told_and_nothing_is_replaced_unasked(command: Any, cat: Path, here: Path) -> None:
    dream = ("see", "dream", cat, "--size", "64", "--steps", "1", "--octaves", "1")
    assert command(*dream)[:2] == (0, "cat.dream.jpg\n")
    assert command(*dream)[:2] == (0, "cat.dream-2.jpg\n")
    assert command(*dream, "-o", "new/")[:2] == (0, "new/cat.dream.jpg\n")
    mine = here / "mine.png"
    mine.write_bytes(b"precious")
    assert command(*dream, "-o", "mine.png")[0] == 2
    assert mine.read_bytes() == b"precious"
    assert command(*dream, "-o", "mine.png", "--force")[0] == 0
    with Image.open(mine) as picture:
        assert picture.format == "PNG"
    assert not list(here.glob(".zorki*"))


def test_again_repeats_to_the_pixel_and_refuses_code(command: Any, here: Path) -> None:
    assert command("see", "dream", "cat.jpg", "--size", "64", "--steps", "2", "-o", "a.png", "--seed", "3")[0] == 0
    assert command("again", "a.png", "--show")[1].strip() == "zorki see dream cat.jpg --steps 2 --size 64 --seed 3"
    status, _, err = command("again", "a.png", "--json")
    assert status == 0, err
    first, second = (np.asarray(opened(here / n)).astype(int) for n in ("a.png", "cat.dream.jpg"))
    assert np.abs(first - second).mean() < 2, "the same but for what JPEG loses"
    assert str(here) not in Path(here / "a.png").read_bytes().decode("latin-1")
    (here / "net.py").write_text("from tests.toys import toy as build\n")
    words = ("see", "dream", "cat.jpg", "--model", "net.py:build", "--layer", "3", "--size", "64", "--steps", "1", "-o", "b.png")
    assert command(*words)[0] == 0
    status, _, err = command("again", "b.png")
    assert status == 2
    assert "net.py:build" in err


def opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        return picture.convert("RGB")


def test_lists_are_lists(command: Any) -> None:
    layers = json.loads(command("layers", "--json")[1])
    assert [layer["name"] for layer in layers if layer["kind"] == "Conv2d"] == [f"conv{b}_{c}" for b in range(1, 6) for c in (1, 2)]
    cards = json.loads(command("models", "--json")[1])
    assert all({"name", "installed", "licence", "classes", "accuracy"} <= set(card) for card in cards)
    assert all(("measured" in card) != ("published" in card) for card in cards)
    assert "not fit for" in command("models", "eye")[1]


def test_a_picture_on_stdout(zorki: Run, cat: Path) -> None:
    import io
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-m", "zorki", "see", "filters", "-o", "-", "--quiet"], capture_output=True, check=True)
    assert Image.open(io.BytesIO(done.stdout)).size[0] > 50


def test_attribution_answers_with_the_five_likeliest_classes(
    cat: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert inside(["see", "attribution", str(cat), "--quiet", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    shares = [row["share"] for row in answer["top"]]
    assert shares == sorted(shares, reverse=True)
    assert answer["class"] == answer["top"][0]["class"]
    assert inside(["see", "attribution", str(cat), "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert str(answer["top"][0]["class"]) in lines[0]
    assert lines[-1] == "cat.attribution-2.png"
