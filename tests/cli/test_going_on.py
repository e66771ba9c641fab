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
    plain = transfer.one

    def until(*given: object, **more: object):  # type: ignore[no-untyped-def]
        for step in plain(*given, **more):  # type: ignore[arg-type]
            seen[0] += 1
            yield step
            if seen[0] == 3:
                raise KeyboardInterrupt

    with monkeypatch.context() as m:
        m.setattr(transfer, "one", until)
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
