"""What a program that starts the command gets: stdout with the answer alone, names as they are, and what was drawn when it ends it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki import io as pictures
from zorki.cli.main import run

pytestmark = pytest.mark.tiny
TALKS = """
import ctypes, os
from tests.toys import toy

print("imported")

def talk(*_):
    print("from Python")
    ctypes.CDLL(None).puts(b"from C")
    os.system("echo from a child")

def build():
    net = toy()
    net.register_forward_pre_hook(talk)
    return net
"""
NET = ["--model", "net.py:build", "--layer", "3", "--quiet"]
FEW = ["--octaves", "1", "--steps", "2"]
ENV = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text(TALKS)
    pixels = np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)
    for name in ("cat.png", "dog.png"):
        Image.fromarray(pixels).save(tmp_path / name)
    return tmp_path


def zorki(*words: str | bytes, **more: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-m", "zorki", *words], capture_output=True, timeout=120, env=ENV, check=False, **more)  # type: ignore[call-overload, no-any-return]


def quiet_net(folder: Path) -> None:
    (folder / "net.py").write_text("from tests.toys import toy as build\n")


@pytest.mark.skipif(os.name == "nt", reason="file descriptors")
def test_what_a_network_prints_goes_to_stderr(here: Path) -> None:
    made = zorki("see", "dream", "cat.png", *NET, *FEW, "--json")
    assert json.loads(made.stdout)["out"] == ["cat.dream.png"], made.stderr
    for said in (b"imported", b"from Python", b"from C", b"from a child"):
        assert said in made.stderr
    assert zorki("see", "dream", "cat.png", *NET, *FEW).stdout == b"cat.dream-2.png\n"
    assert Image.open(io.BytesIO(zorki("see", "dream", "cat.png", *NET, *FEW, "-o", "-").stdout)).size == (40, 32)
    assert json.loads(zorki("layers", "--model", "net.py:build", "--json").stdout)[0]["name"] == "0"


@pytest.mark.skipif(os.name == "nt", reason="streams")
def test_closed_streams_are_no_reason_to_fail(here: Path) -> None:
    for closed in (">&-", "2>&-", "<&-"):
        done = subprocess.run(["sh", "-c", f'"$0" -m zorki models --json {closed}', sys.executable], capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        assert closed == ">&-" or json.loads(done.stdout)
    headed = subprocess.run(["sh", "-c", '"$0" -m zorki models | head -n 1', sys.executable], capture_output=True, check=False)
    assert headed.stdout.split()[0] == b"name"
    assert headed.stderr == b""


@pytest.mark.skipif(sys.platform != "linux", reason="names that are any bytes")
def test_names_of_any_bytes_come_back_as_they_are(here: Path) -> None:
    quiet_net(here)
    for name in (b"caf\xe9.png", b"two\nlines.png", "\u202estyle é.png".encode()):
        os.rename(b"cat.png", name)
        plain = zorki("see", "dream", name, *NET, *FEW)
        assert plain.returncode == 0, plain.stderr
        assert plain.stdout == name.replace(b".png", b".dream.png\n")
        assert os.path.isfile(plain.stdout[:-1])
        told = json.loads(zorki("see", "dream", name, *NET, *FEW, "--json").stdout)
        assert os.path.isfile(os.fsencode(told["out"][0]))
        shown = zorki("see", "dream", plain.stdout[:-1], *NET[:-1], "--out", "no/where.png")
        assert shown.returncode == 2
        assert shown.stderr.decode("utf-8").replace("\n", "").isprintable()
        assert len(shown.stderr.splitlines()) <= 4
        again = zorki("again", plain.stdout[:-1], "--show")
        assert again.returncode == 0, again.stderr
        assert len(again.stdout.splitlines()) == 1
        os.rename(name, b"cat.png")


@pytest.mark.skipif(sys.platform != "linux", reason="names that are any bytes")
def test_a_page_may_speak_of_such_a_name(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet_net(here)
    os.rename(b"cat.png", b"caf\xe9.png")
    words = ["see", "atlas", "--photos", "caf\udce9.png", "--model", "net.py:build", "--layer", "0", "--channel", "0", "--steps", "1"]
    assert run([*words, "--quiet", "--out", "a.html"]) == 0
    assert "caf" in (here / "a.html").read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["docker stop", "Ctrl-C"])
def test_what_was_drawn_is_kept(number: signal.Signals, status: int, here: Path) -> None:
    quiet_net(here)
    words = ["see", "dream", "cat.png", *NET, "--octaves", "1", "--steps", "3000", "--film", "f.webp", "--events", "e.jsonl", "--json"]
    started = subprocess.Popen([sys.executable, "-m", "zorki", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    for _ in range(1200):
        if ((here / "e.jsonl").exists() and '"step": 60,' in (here / "e.jsonl").read_text()) or started.poll() is not None:
            break
        time.sleep(0.05)
    started.send_signal(number)
    out, err = started.communicate(timeout=60)
    assert started.returncode == status, err
    assert b"What was drawn is kept in cat.dream.png." in err
    assert json.loads(out)["out"] == ["cat.dream.png", "f.webp"]
    assert pictures.open_photo("cat.dream.png").hw == (32, 40)
    with Image.open("f.webp") as film:
        assert film.n_frames >= 2


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_signal_while_a_file_is_written_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from zorki.jobs import interrupt

    for number, kind in ((signal.SIGTERM, interrupt.Terminated), (signal.SIGINT, KeyboardInterrupt)):
        with interrupt.undisturbed():
            os.kill(os.getpid(), number)
            written = True
        with pytest.raises(KeyboardInterrupt) as stop, interrupt.awaited():
            written = False
        assert written
        assert type(stop.value) is kind
    with interrupt.awaited():
        pass  # told once


def test_several_pictures_are_as_many_results(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet_net(here)
    (here / "notes.txt").write_text("no picture")
    assert run(["see", "dream", "cat.png", "dog.png", *NET, *FEW, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    folder = f"{here.name}.dream"
    assert told["out"] == [f"{folder}/cat.dream.png", f"{folder}/dog.dream.png"]
    assert run(["see", "maps", "dog.png", "cat.png", *NET, "--out", "made"]) == 0
    assert sorted(p.name for p in (here / "made").iterdir()) == ["cat.maps.png", "dog.maps.png"]
    assert run(["see", "dream", "cat.png", "notes.txt", *NET, *FEW, "--out", "some"]) == 3
    assert [p.name for p in (here / "some").iterdir()] == ["cat.dream.png"]
    capsys.readouterr()
    for more, said in ((["--film", "a.gif"], "2 are given"), (["--out", "a.png"], "2 are given"), (["gone.png"], "gone.png")):
        assert run(["see", "dream", "cat.png", "dog.png", *more, *NET]) == 2
        assert said in capsys.readouterr().err
    assert run(["style", "photo", "cat.png", "dog.png", "dog.png", *NET[:2]]) == 2
    assert "dog.png is more than this command takes" in capsys.readouterr().err


def test_a_pattern_gives_the_results_no_name_of_its_own(here: Path) -> None:
    quiet_net(here)
    (here / "holidays").mkdir()
    for name in ("cat.png", "dog.png"):
        (here / name).rename(here / "holidays" / name)
    assert run(["see", "dream", "holidays/*.png", *NET, *FEW]) == 0
    assert (here / "holidays.dream" / "cat.dream.png").exists()


def test_names_that_begin_like_options(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quiet_net(here)
    (here / "cat.png").rename(here / "-x.png")
    assert run(["see", "dream", "-x.png", *NET]) == 2
    assert "write ./-x.png" in capsys.readouterr().err
    assert run(["see", "dream", "./-x.png", *NET, *FEW]) == 0
    assert capsys.readouterr().out == "./-x.dream.png\n"
    assert run(["see", "dream", "./-x.png", "dog.png", *NET, *FEW, "--out", "-made", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["out"] == ["./-made/-x.dream.png", "./-made/dog.dream.png"]
