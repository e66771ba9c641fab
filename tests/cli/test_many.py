"""A folder in, a folder out: each picture gets its own result, what fails gets none and is named, and the same command goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki import io, jobs
from zorki.cli.main import run
from zorki.core.errors import Stopped
from zorki.jobs import request
from zorki.jobs.methods import method, methods, wings

pytestmark = pytest.mark.tiny
WORDS = ["see", "dream", "photos", "--model", "net.py:toy", "--layer", "3", "--octaves", "1", "--steps", "2", "--quiet"]
COLOURS = {"red": (230, 20, 20), "green": (20, 200, 30), "blue": (20, 20, 230)}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a net, and photographs: a red one, a grey one, a blue one (S13)."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from tests.toys import toy\n")
    (tmp_path / "photos").mkdir()
    g = np.random.default_rng(0)
    for name, colour in COLOURS.items():
        picture = np.clip(np.array(colour) + g.normal(0, 12, (32, 40, 3)), 0, 255).astype(np.uint8)
        made = Image.fromarray(picture).convert("L") if name == "green" else Image.fromarray(picture)
        made.save(tmp_path / "photos" / f"{name}.jpg", quality=95)
    return tmp_path


def looks(path: str | Path) -> np.ndarray:
    return io.open_photo(path).pixels.mean((0, 1))


def test_each_result_is_of_its_own_picture(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["out"] == [f"photos.dream/{name}.dream.jpg" for name in ("blue", "green", "red")]
    assert told["failed"] == []
    assert [len(one["losses"]) for one in told["results"]] == [2, 2, 2]
    own = {name: looks(f"photos/{name}.jpg") for name in COLOURS}
    for name in COLOURS:
        made = looks(f"photos.dream/{name}.dream.jpg")
        assert min(own, key=lambda other: float(np.abs(own[other] - made).sum())) == name
    record = io.read_settings("photos.dream/red.dream.jpg")
    assert record is not None
    assert record["pictures"] == {"photo": "red.jpg"}


def test_what_fails_gets_no_result_and_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "photos" / "a-bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    (here / "photos" / "empty.png").touch()
    assert run([*WORDS, "--out", "made", "--json"]) == 3
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert sorted(p.name for p in (here / "made").iterdir()) == ["blue.dream.jpg", "green.dream.jpg", "red.dream.jpg"]
    assert [one["photo"] for one in told["failed"]] == ["a-bad.jpg", "empty.png"]
    said = err[err.index("zorki: 2 of 5") :].splitlines()
    assert [line.split(":")[0] for line in said] == ["zorki", "  a-bad.jpg", "  empty.png"], "a sentence, and the list of them"
    assert "Traceback" not in err
    for name in COLOURS:
        (here / "photos" / f"{name}.jpg").unlink()
    assert run([*WORDS, "--out", "none"]) == 2
    assert "None of the 2 pictures" in capsys.readouterr().err
    assert not (here / "none").exists()


def test_the_same_command_goes_on_and_another_one_begins_anew(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = here / "made" / "red.dream.jpg"
    assert run([*WORDS, "--out", "made"]) == 0
    before = {p.name: p.stat().st_mtime_ns for p in (here / "made").iterdir()}
    (here / "made" / "blue.dream.jpg").unlink()
    assert run([*WORDS[:-1], "--out", "made", "--json"]) == 0
    out, err = capsys.readouterr()
    assert "2 of them were made with the same settings before" in err
    told = json.loads(out.splitlines()[-1])
    assert len(told["out"]) == 3
    assert [one["kept"] for one in told["results"]] == [False, True, True]
    assert first.stat().st_mtime_ns == before["red.dream.jpg"]
    assert run([*WORDS, "--rate", "3", "--out", "made"]) == 0
    assert first.stat().st_mtime_ns == before["red.dream.jpg"], "what exists is never replaced"
    assert (here / "made" / "red.dream-2.jpg").exists()
    assert run([*WORDS, "--out", "made", "--force"]) == 0
    assert first.stat().st_mtime_ns > before["red.dream.jpg"]


def test_zips_and_patterns_and_names_that_come_twice(here: Path) -> None:
    with zipfile.ZipFile("p.zip", "w") as z:
        z.write("photos/red.jpg", "one/x.jpg")
        z.write("photos/blue.jpg", "two/x.jpg")
    for _ in range(2):  # the second time both are there already
        assert run(["see", "dream", "p.zip", *WORDS[3:], "--out", "made"]) == 0
        assert sorted(p.name for p in (here / "made").iterdir()) == ["x.dream-2.jpg", "x.dream.jpg"]
    assert looks("made/x.dream.jpg")[0] > 0.6
    assert looks("made/x.dream-2.jpg")[2] > 0.6
    for name in ("red", "blue"):
        (here / "deep" / name).mkdir(parents=True)
        (here / "deep" / name / "y.jpg").write_bytes((here / "photos" / f"{name}.jpg").read_bytes())
    for _ in range(2):
        assert run(["see", "dream", "deep/**", *WORDS[3:], "--out", "twice"]) == 0
        assert sorted(p.name for p in (here / "twice").iterdir()) == ["y.dream-2.jpg", "y.dream.jpg"]
    assert {int(looks(f"twice/{name}").argmax()) for name in ("y.dream.jpg", "y.dream-2.jpg")} == {0, 2}
    assert run(["see", "dream", "photos/*e*.jpg", *WORDS[3:], "--out", "more"]) == 0
    assert len(list((here / "more").iterdir())) == 3
    (here / "photos" / "[1].jpg").write_bytes((here / "photos" / "red.jpg").read_bytes())
    assert run(["see", "dream", "photos/[1].jpg", *WORDS[3:], "--out", "one.jpg"]) == 0, "a file of that very name is one picture"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--film", "a.mp4"], "--film is of one picture"),
        (["--out", "a.jpg"], "is one file"),
        (["--out", "-"], "is one file"),
        (["--out", "photos"], "is the folder of the pictures"),
        (["--layer", "nothing"], "no layer"),
    ],
)
def test_refused_before_the_work(here: Path, more: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(p.name for p in here.iterdir())
    assert run([*WORDS, *more]) == 2
    out, err = capsys.readouterr()
    assert said in err
    assert not out
    assert sorted(p.name for p in here.iterdir()) == before
    assert len(err.splitlines()) <= 4


def test_every_method_that_takes_a_picture_takes_a_folder() -> None:
    found = [m for w in wings() for n in methods(w) if request.several_of(m := method(w, n), {next(iter(m.inputs), ""): "."})]
    assert {m.name for m in found} >= {"dream", "maps", "attribution", "reconstruct", "transfer", "photo"}
    assert not [m for m in found if m.name in ("patches", "filters", "maximize", "atlas")]


def test_a_full_disk_ends_it_and_keeps_what_is_done(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, saved = jobs.Picture.save, []

    def save(self: jobs.Picture, path: Path, **more: bool) -> Path:
        saved.append(path)
        if len(saved) == 2:
            raise Stopped("The disk is full: green.dream.jpg was not written.")
        return plain(self, path, **more)

    monkeypatch.setattr(jobs.Picture, "save", save)
    assert run([*WORDS, "--out", "made", "--json"]) == 4
    out, err = capsys.readouterr()
    assert "1 of 3 are done" in err
    assert json.loads(out)["out"] == ["made/blue.dream.jpg"]
    assert [p.name for p in (here / "made").iterdir()] == ["blue.dream.jpg"]


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_keeps_what_is_done_and_nothing_half(here: Path) -> None:
    words = [sys.executable, "-m", "zorki", *(w if w != "2" else "400" for w in WORDS), "--out", "made", "--json"]
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}
    started = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    for _ in range(1200):
        if (here / "made" / "blue.dream.jpg").exists() or started.poll() is not None:
            break
        time.sleep(0.05)
    started.send_signal(signal.SIGINT)
    out, err = started.communicate(timeout=60)
    assert started.returncode == 130, err
    assert "of 3 are done, in made: the same command" in err
    done = sorted(p.name for p in (here / "made").iterdir())
    assert 1 <= len(done) < 3
    assert [Path(p).name for p in json.loads(out)["out"]] == done
    assert all(io.open_photo(here / "made" / name).hw == (32, 40) for name in done)


def test_another_picture_of_the_same_name_is_another_picture(here: Path) -> None:
    """Two days from one camera into one folder; and a photograph that was edited since."""
    for day, name in (("day1", "red"), ("day2", "blue")):
        (here / day).mkdir()
        (here / day / "IMG_1.jpg").write_bytes((here / "photos" / f"{name}.jpg").read_bytes())
        assert run(["see", "dream", day, *WORDS[3:], "--out", "R"]) == 0
    assert looks("R/IMG_1.dream.jpg")[0] > 0.6
    assert looks("R/IMG_1.dream-2.jpg")[2] > 0.6
    (here / "day1" / "IMG_1.jpg").write_bytes((here / "photos" / "green.jpg").read_bytes())
    assert run(["see", "dream", "day1", *WORDS[3:], "--out", "R"]) == 0
    assert (here / "R" / "IMG_1.dream-3.jpg").exists()


def test_results_that_a_pattern_covers_are_not_worked_on(here: Path) -> None:
    for _ in range(2):
        assert run(["see", "dream", "photos/**", *WORDS[3:], "--out", "photos/made"]) == 0
        assert len(list((here / "photos" / "made").iterdir())) == 3


def test_a_link_that_goes_round_and_a_second_input_that_is_not_there(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "photos" / "self.png").symlink_to("self.png")
    assert run([*WORDS, "--out", "made"]) == 0
    assert len(list((here / "made").iterdir())) == 3
    assert run(["style", "transfer", "photos", "gone.png", "--model", "net.py:toy", "--quiet", "--out", "painted"]) == 2
    err = capsys.readouterr().err
    assert "gone.png" in err
    assert "None of" not in err
    assert not (here / "painted").exists()


def test_a_damaged_zip_among_others_is_one_that_failed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "zips").mkdir()
    for name in ("red", "blue"):
        with zipfile.ZipFile(f"zips/{name}.zip", "w") as z:
            z.write(f"photos/{name}.jpg", f"{name}.jpg")
    (here / "zips" / "none.zip").write_bytes(b"PK\x03\x04 and nothing more")
    for given in ("zips", "zips/*.zip"):
        assert run(["see", "dream", given, *WORDS[3:], "--out", "made", "--json"]) == 3
        out, err = capsys.readouterr()
        assert [one["photo"] for one in json.loads(out)["failed"]] == ["none.zip"]
        assert len(json.loads(out)["out"]) == 2
        assert "no whole zip" in err
    for name in ("red", "blue"):
        (here / "zips" / f"{name}.zip").write_bytes(b"PK")
    assert run(["see", "dream", "zips", *WORDS[3:], "--out", "more"]) == 2
    assert "no whole zip" in capsys.readouterr().err
