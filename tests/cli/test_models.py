"""`zorki models`: the cards in a table, one in full, as JSON; the user's own cards beside those that ship."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from zorki import weights
from zorki.cli.main import run
from zorki.core.errors import InputError
from zorki.weights import cards

pytestmark = pytest.mark.unit
Shown = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for networks, with nothing in it; nothing was fetched either."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    cards.own().mkdir(parents=True)
    return cards.own()


def mine(own: Path, **more: object) -> None:
    """A card of the user's that says what eye's says, but for `more`."""
    lines = (cards.FILES / "eye.toml").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if line.partition(" = ")[0] not in more]
    (own / "mine.toml").write_text("\n".join([*(f"{k} = {json.dumps(v)}" for k, v in more.items()), *kept]), encoding="utf-8")


def test_json_is_what_the_surface_says_for_every_card(capsys: Shown) -> None:
    assert run(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [t["name"] for t in told] == list(weights.names())
    for t in told:
        assert isinstance(t["installed"], bool)
        assert t["licence"]
        if t["task"] == "style":
            assert len({s["name"] for s in t["styles"]}) == len(t["styles"]) > 1
            continue
        assert len(t["classes"]) >= (1 if t["task"] == "locate" else 2)
        assert 0 <= t["accuracy"] <= 1
        assert ("measured" in t) != ("published" in t)
        assert t.get("measured") or t.get("published")


def test_json_of_one_is_a_list_too(capsys: Shown) -> None:
    assert run(["models", "eye", "--json"]) == 0
    assert [t["name"] for t in json.loads(capsys.readouterr().out)] == ["eye"]


@pytest.mark.parametrize("width", [80, 140])
def test_the_table_fits_and_says_how_to_get_what_is_not_here(width: int, capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    assert run(["models"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= width
    assert not [line for line in lines if line != line.rstrip()]
    rows = {line.split()[0]: line.split() for line in lines if line.strip()}
    assert set(weights.names()) < set(rows)
    assert rows["eye"][-5:] == [f"{weights.card('eye').accuracy:.1%}", "m", "6.9", "MB", "here"]
    assert rows["vgg19"][-5:] == ["72.4%", "p", "575", "MB", "get"]
    assert "get: zorki models get NAME" in lines


def test_a_program_that_reads_the_table_gets_a_line_for_each(capsys: Shown, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert run(["models"]) == 0
    out = capsys.readouterr().out
    for name in weights.names():
        assert weights.card(name).title in out


def test_a_card_shows_all_that_it_says(capsys: Shown) -> None:
    assert run(["models", "vgg19"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    for what, said in weights.card("vgg19").rows():
        assert f"{what} {said}" in out


@pytest.mark.parametrize(
    ("words", "says"),
    [(["vgg"], "vgg19"), (["get", "vgg"], "vgg19"), (["gte", "vgg"], "There is no model 'gte'")],
    ids=["vgg", "get vgg", "gte vgg"],
)
def test_an_unknown_name_is_answered_with_the_nearest(words: list[str], says: str, capsys: Shown) -> None:
    assert run(["models", *words]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert says in shown.err
    assert len(shown.err.splitlines()) <= 4


def test_get_tells_and_prints_where_it_lies(capsys: Shown) -> None:
    assert run(["models", "get", "eye"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(cards.FILES / "eye.safetensors")]
    assert shown.err.splitlines() == ["eye ships with Zorki: there is nothing to get."]
    assert run(["models", "get", "eye", "--json", "--quiet"]) == 0
    shown = capsys.readouterr()
    answer = json.loads(shown.out)
    assert (list(answer), answer["command"]) == (["command", "out", "seconds"], ["models", "get"])
    assert shown.err == ""


def test_a_card_of_the_users_is_listed_and_loads(own: Path, capsys: Shown) -> None:
    mine(own, title="Mine [bold]and[/] mine")
    shutil.copy(cards.FILES / "eye.safetensors", own / "mine.safetensors")
    assert run(["models", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)[-1]
    assert (told["name"], told["installed"], told["source"]) == ("mine", True, "your own folder")
    assert run(["models"]) == 0
    assert "Mine [bold]and[/] mine" in capsys.readouterr().out
    net, eye = weights.load("mine"), weights.load("eye")
    x = torch.rand(1, 3, 64, 64)
    assert torch.equal(net.module(x), eye.module(x))


def test_a_damaged_card_is_told_and_the_others_are_shown(own: Path, capsys: Shown) -> None:
    (own / "mine.toml").write_text("title = ", encoding="utf-8")
    assert run(["models", "mine"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert str(own / "mine.toml") in shown.err
    assert len(shown.err.splitlines()) <= 4
    assert run(["models", "--json"]) == 3
    shown = capsys.readouterr()
    assert "eye" in [t["name"] for t in json.loads(shown.out)]
    assert "mine" in shown.err
    mine(own, colour="red")
    assert run(["models", "mine"]) == 2
    assert "colour" in capsys.readouterr().err


def test_a_pip_card_without_its_package_says_how_to_install_it(own: Path, capsys: Shown) -> None:
    mine(own, package="no_such_package", file_in_package="mine.pth", extra="imagenet", sha256="")
    how = "pip install 'zorki[imagenet]'"
    for words in (["models", "mine"], ["models"]):
        assert run(words) == 0
        assert how in capsys.readouterr().out
    for words in (["models", "get", "mine"], ["layers", "--model", "mine"]):
        assert run(words) == 2
        assert how in capsys.readouterr().err


def test_layers_takes_the_side_of_the_pictures(capsys: Shown, tmp_path: Path) -> None:
    (tmp_path / "own.py").write_text(
        "from torch import nn\ndef build():\n    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 22 * 38, 5))\n"
    )
    model = f"{tmp_path / 'own.py'}:build"
    assert run(["layers", "--model", model, "--side", "24x40", "--json"]) == 0
    assert [4, 22, 38] in [row.get("shape", [])[-3:] for row in json.loads(capsys.readouterr().out)]
    assert run(["layers", "--model", model, "--side", "big"]) == 2
    assert "--side big" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["models", "--help"], ["models", "get", "--help"], ["layers", "--help"], ["models"]], ids=" ".join)
def test_neither_help_nor_the_table_loads_torch(words: list[str]) -> None:
    code = f"import sys\nfrom zorki.cli.main import run\nassert run({words!r}) == 0\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


@pytest.mark.parametrize("line", ['parameters = "many"', "url = 5", 'accuracy = "good"', 'figures = "none"', "colour = 3"])
def test_a_card_with_a_wrong_kind_of_value_is_one_sentence(line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (cards.FILES / "eye.toml").read_text(encoding="utf-8")
    key = line.split(" = ")[0]
    kept = [row for row in text.splitlines() if not row.startswith(f"{key} =") and not (key == "figures" and row == "[figures]")]
    (tmp_path / "mine.toml").write_text("\n".join([line, *kept]), encoding="utf-8")
    monkeypatch.setattr(cards, "own", lambda: tmp_path)
    with pytest.raises(InputError, match=key):
        cards.card("mine")
