"""`--state`: the same command, word by word, goes on, and its own broken-off picture is no obstacle; anybody else's is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from zorki import io
from zorki.cli.main import run
from zorki.wings.style import transfer

pytestmark = pytest.mark.unit
WORDS = [
    "style",
    "transfer",
    "cat.png",
    "wave.png",
    "--model",
    "net.py:toy",
    "--size",
    "32",
    "--steps",
    "6",
    "--state",
    "s.state",
    "--quiet",
]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from tests.toys import toy\n")
    g = np.random.default_rng(0)
    for name in ("cat.png", "wave.png"):
        io.save_photo(name, np.kron(g.random((4, 5, 3)), np.ones((8, 8, 1))).astype(np.float32))
    return tmp_path


def broken_off(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> int:
    """Ctrl-C after the third step."""
    seen = [0]
    plain = transfer.painting

    def until(*given: object, **more: object):  # type: ignore[no-untyped-def]
        for step in plain(*given, **more):  # type: ignore[arg-type]
            seen[0] += 1
            yield step
            if seen[0] == 3:
                raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(transfer, "painting", until)
        return run(words)


@pytest.mark.parametrize("out", [["--out", "made.png"], [], ["--out", "folder/"]], ids=str)
def test_the_same_command_goes_on_and_replaces_what_it_left(out: list[str], here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert broken_off(monkeypatch, [*WORDS, *out]) == 130
    (left,) = [p for p in here.rglob("*.png") if p.name not in ("cat.png", "wave.png")]
    first = io.open_photo(left).pixels
    assert run([*WORDS, *out]) == 0
    assert [p for p in here.rglob("*.png") if p.name not in ("cat.png", "wave.png")] == [left], "no second picture"
    assert np.abs(io.open_photo(left).pixels - first).max() > 0
    (here / "whole").mkdir()
    assert run([*(w if w != "s.state" else "t.state" for w in WORDS), "--out", "whole/w.png"]) == 0
    assert np.array_equal(io.open_photo(left).pixels, io.open_photo("whole/w.png").pixels)


@pytest.mark.parametrize("kind", ["another's picture", "of other settings"])
def test_what_is_not_its_own_stays(kind: str, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert broken_off(monkeypatch, [*WORDS, "--out", "made.png"]) == 130
    if kind == "another's picture":
        io.save_photo("made.png", np.zeros((8, 8, 3), np.float32), force=True)
    else:
        assert run([*(w if w != "s.state" else "t.state" for w in WORDS), "--strength", "0.5", "--out", "made.png", "--force"]) == 0
    before = Path("made.png").read_bytes()
    assert run([*WORDS, "--out", "made.png"]) == 2
    assert "made.png exists already" in capsys.readouterr().err
    assert Path("made.png").read_bytes() == before


def test_no_record_says_where_to_write(here: Path) -> None:
    assert run([*WORDS, "--out", "made.png"]) == 0
    record = io.read_settings("made.png")
    assert record is not None
    assert "state" not in record["options"]
    evil = record | {"options": record["options"] | {"state": str(here / "evil.state")}, "model": "eye"}
    io.save_photo("evil.png", io.open_photo("cat.png").pixels, settings=evil)
    (here / "s.state").unlink()
    assert run(["again", "evil.png", "--quiet"]) == 0
    assert not list(here.glob("*.state"))


def test_again_says_when_a_style_is_another_one(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["style", "transfer", "cat.png", "wave.png", "cat.png", "--size", "32", "--steps", "2", "--quiet", "--out", "made.png"]
    assert run(words) == 0
    assert run(["again", "made.png", "--quiet"]) == 0
    assert "is not what" not in capsys.readouterr().err
    io.save_photo("wave.png", np.zeros((8, 8, 3), np.float32), force=True)
    assert run(["again", "made.png", "--quiet"]) == 0
    assert "wave.png" in capsys.readouterr().err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no device that is always full")
def test_events_that_cannot_be_written_are_no_reason_to_lose_the_painting(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, "--events", "/dev/full", "--out", "made.png"]) == 0
    assert "--events /dev/full ends here" in capsys.readouterr().err
    assert io.open_photo("made.png").hw == (32, 40)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--out", "s.state"], "--out and --state are both"), (["--film", "x.gif", "--out", "x.gif"], "--out and --film are both"),
        (["--events", "made.png", "--out", "./made.png"], "--out and --events are both"), (["--out", "-", "--json"], "both be on stdout"),
        (["--grid"], "--state is of one painting"),
    ],
    ids=str,
)  # fmt: skip
def test_two_things_have_no_place_in_one(more: list[str], said: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, *more]) == 2
    assert said in capsys.readouterr().err
    assert sorted(p.name for p in here.iterdir()) == ["cat.png", "net.py", "wave.png"]


def test_a_state_is_of_one_picture(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["style", "transfer", ".", *WORDS[3:]]) == 2
    assert "--state is of one picture" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["empty", "text", "half", "another pickle"])
def test_a_damaged_state_is_told_and_stays(damage: str, here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*WORDS, "--out", "made.png"]) == 0
    state = here / "s.state"
    whole = state.read_bytes()
    if damage == "another pickle":
        with np.load(state) as found:
            np.savez(here / "x.npz", key=found["key"], state=np.frombuffer(b"no pickle", np.uint8))
        state.write_bytes((here / "x.npz").read_bytes())
    else:
        state.write_bytes({"empty": b"", "text": b"my notes", "half": whole[: len(whole) // 2]}[damage])
    before = state.read_bytes()
    assert run([*WORDS, "--out", "again.png"]) == 2
    assert "is no state, or a damaged one" in capsys.readouterr().err
    assert state.read_bytes() == before


def test_a_style_that_goes_away_meanwhile_does_not_take_the_painting_with_it(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = transfer.painting

    def gone(*given: object, **more: object):  # type: ignore[no-untyped-def]
        for step in plain(*given, **more):  # type: ignore[arg-type]
            Path("wave.png").unlink(missing_ok=True)
            yield step

    monkeypatch.setattr(transfer, "painting", gone)
    assert run([*WORDS, "--out", "made.png"]) == 0
    assert io.open_photo("made.png").hw == (32, 40)
