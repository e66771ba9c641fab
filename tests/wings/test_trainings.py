"""What `segment train` and `locate train` have in common: what goes on, what is settled, what is said, what is refused."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zorki
from tests.breaking import broken_off
from tests.locate.things import things
from tests.segment.masked import discs
from tests.trained import heard, rows, same
from zorki.cli.main import run
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.explaining import clearest
from zorki.nets import locator
from zorki.train import choosing
from zorki.train.folder import Folder
from zorki.train.squares import Squares
from zorki.wings.locate._one import One
from zorki.wings.segment._lesson import Pixels

pytestmark = pytest.mark.wings
FEW: dict[str, Any] = {"steps": 4, "batch": 2, "side": 32, "encoder": "eye", "width": 8}
WORDS = ["--steps=6", "--side=32", "--encoder=eye", "--width=8"]


@dataclass(frozen=True)
class Kind:
    """wing: whose training it is; made: makes data for it; lesson: what it is taught by; figure: what it is judged by, which processes change by `near` at most."""

    wing: str
    made: Callable[..., Path]
    lesson: type[Squares]
    figure: str
    near: float

    def train(self, data: Path, out: Path, **more: Any) -> Any:
        return getattr(zorki, self.wing).train(data=data, out=out, **FEW | more)

    def command(self, data: Path, *more: str) -> list[str]:
        return [self.wing, "train", str(data), *WORDS, *more]


KINDS = [Kind("segment", discs, Pixels, "miou", 0.02), Kind("locate", things, One, "mean_iou", 1e-3)]


@pytest.fixture(scope="module", params=KINDS, ids=lambda kind: kind.wing)
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(scope="module")
def data(kind: Kind, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kind.made(tmp_path_factory.mktemp("data") / "some")


@pytest.fixture(scope="module", autouse=True)
def _quick_drawings() -> Iterator[None]:
    """What a page draws at its end is tested with it."""
    with pytest.MonkeyPatch.context() as m:
        m.setattr(clearest, "STEPS", 2)
        yield


@pytest.fixture(scope="module")
def unbroken(kind: Kind, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unbroken") / "run"
    assert run([*kind.command(data, "--batch=2", "--quiet"), "--out", str(folder)]) == 0
    return folder


@pytest.mark.parametrize("break_with", [signal.SIGINT, signal.SIGKILL])
def test_broken_off_and_gone_on_with_is_the_same(break_with: int, kind: Kind, data: Path, unbroken: Path, tmp_path: Path) -> None:
    """A real process is broken off; the whole run and what goes on need none of their own: they know of it what lies in its folder."""
    folder = tmp_path / "run"
    words = [*kind.command(data, "--batch=2"), "--out", str(folder)]
    code, said = broken_off([sys.executable, "-m", "zorki", *words], tmp_path / "events", break_with)
    assert code == (130 if break_with == signal.SIGINT else -9), said
    if break_with == signal.SIGINT:
        assert "goes on" in said
        assert 1 <= torch.load(folder / "state.ckpt", weights_only=True)["global_step"] < 6
    assert run([*words, "--quiet"]) == 0
    assert same(folder, unbroken)


def test_steps_are_measured_once_and_kept(kind: Kind, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choosing, "FEW", 3)
    kind.train(data, tmp_path / "run", steps=None, within="0.01s")
    config = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert config["steps"] == 3
    assert "steps" in config["followed"]

    def never(*_: Any) -> Any:
        raise AssertionError("it was measured again")

    monkeypatch.setattr(choosing, "halving", never)
    notes: list[str] = []
    with heard(notes):
        kind.train(data, tmp_path / "run", steps=None, within="0.01s")
    assert any("finished already" in n for n in notes)


def test_other_options_are_listed_and_taken_only_if_asked(kind: Kind, data: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    kind.train(data, run)
    more = {"steps": 6, "rate": 1e-4}
    with pytest.raises(InputError, match=r"other settings: rate, steps\. .*rate 0\.001 → 0\.0001, steps 4 → 6\. .*change=True"):
        kind.train(data, run, **more)
    kind.train(data, run, change=True, **more)
    state = torch.load(run / "state.ckpt", weights_only=True)
    assert state["global_step"] == 6
    assert {g["initial_lr"] for g in state["optimizer_states"][0]["param_groups"]} == {1e-4, 1e-4 * 0.3}
    with pytest.raises(InputError, match="another width: 8"):
        kind.train(data, run, change=True, **more | {"width": 12})


def test_half_a_batch_where_memory_runs_out(kind: Kind, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loss, notes = kind.lesson.loss, list[str]()

    def little(self: Squares, shown: Any) -> Any:
        if len(shown["picture"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(self, shown)

    monkeypatch.setattr(kind.lesson, "loss", little)
    with heard(notes):
        kind.train(data, tmp_path / "halved", batch=8)
    assert any("8 squares a step do not fit into memory: it learns from 4" in n for n in notes)
    assert any("it learns from 2 a step" in n for n in notes)
    kind.train(data, tmp_path / "two")
    assert same(tmp_path / "halved", tmp_path / "two")
    kind.train(data, tmp_path / "halved", batch=8)  # the same call again finds it finished
    monkeypatch.setattr(kind.lesson, "loss", lambda self, shown: little(self, {"picture": range(3)}))
    with pytest.raises(Stopped, match="not enough memory"):
        kind.train(data, tmp_path / "none")


def test_fewer_pictures_than_a_batch(kind: Kind, tmp_path: Path) -> None:
    three, notes = kind.made(tmp_path / "three", 3), list[str]()
    with heard(notes):
        kind.train(three, tmp_path / "run", batch=8, steps=2)
    assert any("It learns from 2 pictures, so a step has 2 and not 8." in n for n in notes)
    assert tomllib.loads((tmp_path / "run" / "config.toml").read_text())["batch"] == 2
    kind.train(three, tmp_path / "run", batch=8, steps=2)  # the same call again


def test_of_shuffled_truths_it_says_that_nothing_was_learnt(kind: Kind, tmp_path: Path) -> None:
    notes: list[str] = []
    with heard(notes):
        left = kind.train(kind.made(tmp_path / "shuffled", 20, shuffled=True), tmp_path / "run")
    assert not left.found.learnt
    assert any(n.startswith("Nothing was learnt: on 4 pictures") for n in notes)
    assert list(left.card["figures"]) == ["nothing learnt"]
    assert left.answer()["learnt"] is False


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"within": "soon"}, InputError, "is no time"),
        ({"encoder": "lite9"}, UnknownName, "lite0"),
        ({"groups": "["}, InputError, "no regular expression"),
        ({"device": "cuda"}, InputError, "no device cuda"),
        ({"seed": -1}, InputError, "seed got -1"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_written(
    given: dict[str, Any], error: Any, says: str, kind: Kind, data: Path, tmp_path: Path
) -> None:
    if "device" in given and torch.cuda.is_available():
        pytest.skip("there is one here")
    with pytest.raises(error, match=says):
        kind.train(data, tmp_path / "run", **given)
    assert not (tmp_path / "run" / "config.toml").exists()


@pytest.mark.parametrize(("module", "name"), [("lightning", "Lightning"), ("kornia", "kornia")])
def test_what_is_not_installed_is_named(
    module: str, name: str, kind: Kind, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for loaded in (module, *(m for m in sys.modules if m.startswith(f"{module}."))):
        monkeypatch.setitem(sys.modules, loaded, None)  # type: ignore[arg-type]
    if module == "lightning":
        monkeypatch.delitem(sys.modules, "zorki.train.running", raising=False)
    with pytest.raises(InputError, match=f"Training needs {name}") as told:
        kind.train(data, tmp_path / "run")
    assert "zorki[train]" in str(told.value)
    assert not (tmp_path / "run" / "config.toml").exists()


def test_a_full_disk_leaves_what_was_written(kind: Kind, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Folder.write

    def full(self: Folder, target: Path, how: Any) -> None:
        def broken(part: Path) -> None:
            part.write_bytes(b"half")
            raise OSError(28, "No space left on device")

        write(self, target, broken if target.name == "state.ckpt" else how)

    monkeypatch.setattr(Folder, "write", full)
    with pytest.raises(Stopped, match="disk is full"):
        kind.train(data, tmp_path / "run")
    assert (tmp_path / "run" / "best.safetensors").exists()
    assert not (tmp_path / "run" / "state.ckpt").exists()


WITHOUT_DROPOUT = """
import types
from torch import nn
from zorki.nets import locator
locator.nn = types.SimpleNamespace(**{**vars(nn), "Dropout": lambda share: nn.Identity()})
if __name__ == "__main__":  # the other process imports this file
    from zorki.cli.entry import main
    main()
"""


@pytest.mark.slow
def test_two_processes_learn_what_one_does(kind: Kind, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """But for dropout, of which each process draws its own. The one is this; the two are a command's own, which starts the other."""
    monkeypatch.setenv("ZORKI_BFLOAT16", "0")
    words = kind.command(data, "--batch=4", "--quiet")
    with monkeypatch.context() as m:
        m.setattr(locator, "nn", types.SimpleNamespace(**{**vars(nn), "Dropout": lambda share: nn.Identity()}))
        assert run([*words, "--processes=1", "--out", str(tmp_path / "1")]) == 0
    script = tmp_path / "script.py"
    script.write_text(WITHOUT_DROPOUT, encoding="utf-8")
    started = [sys.executable, script, *words, "--processes=2", "--out", str(tmp_path / "2")]
    subprocess.run(started, check=True, capture_output=True, timeout=300)
    one, two = rows(tmp_path / "1"), rows(tmp_path / "2")
    assert [r["step"] for r in one] == [r["step"] for r in two]
    for a, b in zip(one, two, strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=1e-3)
        assert a[kind.figure] == pytest.approx(b[kind.figure], abs=kind.near)
