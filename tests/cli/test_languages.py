"""The same mistake made on the command line and in Python: each is told in the words in which it was made."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zorki
from zorki import io
from zorki.cli.main import run
from zorki.core import events
from zorki.core.errors import ZorkiError

pytestmark = pytest.mark.tiny
Shown = pytest.CaptureFixture[str]
TOY = {"model": "net.py:toy"}
BLACK = np.zeros((24, 36, 3), np.float32)

MISTAKES: dict[str, tuple[str, dict[str, Any], str, str]] = {  # call, options, what the command line says, what Python says
    "a range": ("see dream", {"range": "9,1"}, "--range 9,1 is no range.", "range=9,1 is no range."),
    "what to write": ("see dream", {"range": "9,1"}, "Write --range 0,4095.", "Write range=0,4095."),
    "shares": (
        "style transfer",
        {**TOY, "mix": "1,2", "layers": ("4",)},
        "--mix 1,2 does not fit 1 styles.",
        "mix=1,2 does not fit 1 styles.",
    ),
    "a large picture": ("see dream", {"limit": 100}, "Give --limit 1000000, or make it", "Give limit=1000000, or make it"),
    "two flags": (
        "see maps",
        {**TOY, "channel": "1", "all": True},
        "--channel and --all are both given.",
        "channel and all are both given.",
    ),
    "a keyword": (
        "see attribution",
        {**TOY, "class_": "3", "like": "a.png"},
        "Leave out --class, or --like and --towards.",
        "Leave out class_, or like and towards.",
    ),
    "two words": (
        "style photo",
        {**TOY, "content_mask": "a.png"},
        "There is a --content-mask and no --style-mask.",
        "There is a content_mask and no style_mask.",
    ),
    "files": (
        "see attribution",
        {**TOY, "token": 0},
        "Give --like PICTURE or --towards VECTOR.npy,",
        "Give like=PICTURE or towards=VECTOR.npy,",
    ),
    "an example": ("see maps", {**TOY, "skip": 3}, "Give both, as --grid 14x14.", "Give both, as grid=14x14."),
    "a layer": ("see maps", {**TOY, "layer": "conv9"}, "`zorki layers` lists them all.", "`net.layers()` lists them all."),
    "a network": ("see maps", {"model": "eya"}, "`zorki models` lists them all.", "`zorki.weights.names()` lists them all."),
    "a linear layer": ("see filters", {**TOY, "layer": "7"}, "Use --as composition.", "Use as_=composition."),
    "a scale": ("see maps", {**TOY, "std": (58.4,) * 3}, "by 255: --std 0.229;", "by 255: std=0.229;"),
    "a film": ("see dream", {**TOY, "film": "a.gif", "steps": 1}, "or add --force.", "or add force=True."),
    "code": (
        "see maps",
        {"model": "net.py:broken"},
        "--model net.py:broken failed: 'ValueError: run pip install --upgrade me, --size=3'.",
        "model=net.py:broken failed: 'ValueError: run pip install --upgrade me, --size=3'.",
    ),
    "a hidden inside": (
        "see dream",
        {"model": "script.pt"},
        "`zorki see attribution --method gradient`",
        "`zorki.see.attribution(method='gradient')`",
    ),
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a picture, a film, and a network of somebody's."""
    monkeypatch.chdir(tmp_path)
    io.save_photo("a.png", BLACK)
    Path("a.gif").touch()
    Path("net.py").write_text(
        "from tests.toys import toy\ndef broken():\n    raise ValueError('run pip install --upgrade me, --size=3')\n", encoding="utf-8"
    )
    return tmp_path


def typed(call: str, pictures: tuple[str, ...], options: dict[str, Any]) -> list[str]:
    """The command that does the same as the call."""
    words = [*call.split(), *pictures]
    for name, value in options.items():
        flag = f"--{name.rstrip('_').replace('_', '-')}"
        words += [flag] if value is True else [w for one in (value if isinstance(value, tuple) else (value,)) for w in (flag, str(one))]
    return words


def script(here: Path) -> None:
    import warnings

    import torch

    from tests.toys import toy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(toy()).save(str(here / "script.pt"))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_in_the_callers_words(mistake: str, here: Path, capsys: Shown) -> None:
    call, options, line, python = MISTAKES[mistake]
    if options.get("model") == "script.pt":
        script(here)
    wing, method = call.split()
    pictures = {"filters": (), "photo": ("a.png", "a.png"), "transfer": ("a.png", "a.png")}.get(method, ("a.png",))
    assert run(typed(call, pictures, options)) == 2
    told = capsys.readouterr().err
    assert line in told
    assert len(told.splitlines()) <= 4
    with pytest.raises(ZorkiError) as e:
        getattr(getattr(zorki, wing), method)(*pictures, **options)
    assert python in str(e.value)
    assert line not in str(e.value) or line == python
    assert python not in told or line == python


def test_a_result_that_exists(here: Path, capsys: Shown) -> None:
    """It is `save` that takes `force` in Python."""
    assert run(["see", "maps", "a.png", *("--model", "net.py:toy"), "-o", "a.png"]) == 2
    assert "Choose another name, or add --force.\n" in capsys.readouterr().err
    with pytest.raises(ZorkiError, match=r"Choose another name, or add force=True\.$"):
        zorki.see.maps("a.png", **TOY).save("a.png")


def test_the_tour(here: Path, capsys: Shown) -> None:
    assert run(["tour", "a.png", "--within", "0"]) == 2
    assert "Write --within 60, or leave it out." in capsys.readouterr().err
    with pytest.raises(ZorkiError, match=r"Write within=60, or leave it out\.$"):
        zorki.tour("a.png", within=0)


def test_what_it_notes(here: Path, capsys: Shown) -> None:
    notes: list[str] = []
    assert run(["see", "attribution", "a.png", "--at", "white.png", *("--model", "net.py:toy")]) == 2, "there is no such file yet"
    io.save_photo("white.png", 1 - BLACK)
    assert run(["see", "attribution", "a.png", "--at", "white.png", "--parts", "a.png", *("--model", "net.py:toy")]) == 0
    told = capsys.readouterr().err
    assert "--parts are covered by --method occlusion: here" in told
    assert "--at is for segmenters" in told
    with events.listen(lambda e: notes.append(e.note)):
        zorki.see.attribution("a.png", at="white.png", parts="a.png", **TOY)
    assert "parts are covered by method=occlusion: here they change nothing." in notes
    assert "at is for segmenters: a classifier is asked about the whole photo." in notes
