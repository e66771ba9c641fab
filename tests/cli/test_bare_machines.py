"""Users without a home or a name, and Python that throws docstrings away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from zorki import io, weights
from zorki.cli.main import run
from zorki.core import folders
from zorki.core.errors import WeightsError

pytestmark = pytest.mark.tiny
NET = ["--model", "net.py:build", "--layer", "3", "--quiet"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "net.py").write_text("from tests.toys import toy as build\n")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (32, 40, 3), dtype=np.uint8)).save("cat.png")
    return tmp_path


@pytest.fixture
def homeless(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As in a container: `setpriv --reuid 4242 env -i`."""
    if os.name == "nt":
        pytest.skip("homes of Unix")
    import pwd

    def nobody(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    monkeypatch.setattr(folders, "_told", False)
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    return here


def test_without_a_home_all_works_and_one_note_says_so(homeless: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["models", "--json"]) == 0
    out, err = capsys.readouterr()
    assert {card["name"] for card in json.loads(out)} >= {"eye", "vgg19"}
    assert err.count("There is no home folder") == 1
    assert len(err.splitlines()) == 1
    assert run(["see", "dream", "cat.png", *NET, "--octaves", "1", "--steps", "1"]) == 0
    assert run(["models", "eye"]) == 0
    assert (
        run(["see", "patches", "--photos", "cat.png", "--model", "net.py:build", "--layer", "0", "--channel", "0", "--out", "p.png"]) == 0
    )
    assert "The index is not kept" in capsys.readouterr().err
    assert sorted(p.name for p in homeless.iterdir() if p.name != "__pycache__") == ["cat.dream.png", "cat.png", "net.py", "p.png"]
    with pytest.raises(WeightsError, match="no home folder to keep vgg19"):
        weights.get("vgg19")
    with pytest.raises(OSError, match="no home"):
        io.cached("patches", "x")


def test_a_cache_may_be_given_instead_of_a_home(homeless: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(homeless / "kept"))
    assert io.cached("patches", "x") == homeless / "kept" / "zorki" / "patches" / "x.npz"
    assert folders.data() is None
    monkeypatch.setenv("XDG_DATA_HOME", str(homeless / "mine"))
    assert folders.data() == homeless / "mine" / "zorki"


def test_a_tilde_is_the_home_unless_something_here_is_called_so(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(here))
    assert folders.at_home("~/cat.png") == here / "cat.png"
    assert folders.at_home("cat.png") == Path("cat.png")
    (here / "~").mkdir()
    (here / "~" / "cat.png").touch()
    assert folders.at_home("~/cat.png") == Path("~/cat.png")


@pytest.mark.parametrize(
    "words", [["--help"], ["see", "dream", "--help"], ["models", "eye"], ["see", "dream", "cat.png"], ["see", "draem"]]
)
def test_without_docstrings_help_says_less_and_all_works(words: list[str], here: Path) -> None:
    env = os.environ | {
        "PYTHONOPTIMIZE": "2",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "COLUMNS": "200",
    }
    few = [*NET, "--octaves", "1", "--steps", "1"] if words[-1] == "cat.png" else []
    done = subprocess.run([sys.executable, "-m", "zorki", *words, *few], capture_output=True, text=True, timeout=120, env=env, check=False)
    assert done.returncode == (2 if words[-1] == "draem" else 0), done.stderr
    assert "Traceback" not in done.stderr
    if words[-2:] == ["dream", "--help"]:
        assert "updates in each octave" in done.stdout
    if words[-1] == "cat.png":
        assert done.stdout == "cat.dream.png\n"
