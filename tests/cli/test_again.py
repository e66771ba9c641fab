"""What a picture says of its making may have been written by anybody: nothing in it reaches further than a drawing."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from zorki import io
from zorki.cli.again import again
from zorki.core.errors import InputError, UnknownName

pytestmark = pytest.mark.unit
GOOD: dict[str, Any] = {"command": ["see", "dream"], "options": {"steps": 1, "size": 32}, "pictures": {"photo": "cat.png"}, "model": "eye"}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    picture = np.random.default_rng(0).random((24, 24, 3)).astype(np.float32)
    for place in (folder / "cat.png", tmp_path / "secret.png"):
        io.save_photo(place, picture)
    return folder


def made(folder: Path, **changes: Any) -> str:
    path = folder / "result.png"
    io.save_photo(path, np.zeros((24, 24, 3), np.float32), settings=GOOD | changes, force=True)
    return str(path)


def test_what_is_whole_is_repeated(here: Path) -> None:
    again(made(here), quiet=True)
    assert (here / "cat.dream.png").exists()


def test_what_answers_in_words_is_made_again_as_a_picture(here: Path) -> None:
    again(made(here, command=["see", "classify"], options={}), quiet=True)
    assert (here / "cat.classify.png").exists()


def test_the_command_that_is_shown_can_be_typed(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Names that begin like options, and numbers of many digits."""
    again(made(here, pictures={"photo": "-a b.png"}, options={"rate": 0.123456789}), show=True)
    words = shlex.split(capsys.readouterr().out)
    assert words[:4] == ["zorki", "see", "dream", "./-a b.png"]
    assert float(words[words.index("--rate") + 1]) == 0.123456789


def test_another_picture_of_that_name_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = made(here, marks={"photo": io.marked("cat.png")})
    again(first, quiet=True)
    assert "is not what" not in capsys.readouterr().err
    io.save_photo("cat.png", np.zeros((24, 24, 3), np.float32), force=True)
    again(first, quiet=True)
    assert "cat.png is not what result.png was made from" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["../secret.png", "/etc/passwd", "here/../../secret.png", ".", "..", ""])
def test_a_picture_with_a_path_is_not_opened(here: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"path|not beside"):
        again(made(here, pictures={"photo": name}), quiet=True)


@pytest.mark.parametrize("model", ["net.py:build", "os:getcwd", "../eye", "no-such-model"])
def test_code_is_never_run(here: Path, model: str) -> None:
    (here / "net.py").write_text("raise SystemExit('run')")
    with pytest.raises(InputError, match="code of somebody"):
        again(made(here, model=model), quiet=True)


@pytest.mark.parametrize(
    "changes",
    [
        {"command": ["see", "nothing"]}, {"command": ["os", "system"]}, {"command": 3}, {"command": ["see"]}, {"options": {"out": "x.png"}},
        {"options": {"steps": -1}}, {"options": {"steps": "many"}}, {"options": []}, {"pictures": {}}, {"pictures": {"photo": "cat.png", "more": "x"}}, {"pictures": 1},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_damaged_is_one_sentence(here: Path, changes: dict[str, Any]) -> None:
    with pytest.raises((InputError, UnknownName)):
        again(made(here, **changes), quiet=True)
    assert sorted(p.name for p in here.iterdir()) == ["cat.png", "result.png"]
