"""Going on after a break is, bit by bit, never having been broken off."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import tomllib
from dataclasses import fields
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.train.toy import Toy, plan
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.train import Folder, Plan, teach
from zorki.train.plan import WORDS

STEPS = 40


def apart(a: Folder, b: Folder) -> list[str]:
    """What differs of weights, averages, optimiser, figures."""
    found = []
    for name in ("last", "best"):
        here, there = (load_file(f.path / f"{name}.safetensors") for f in (a, b))
        found += [f"{name}: {k}" for k in sorted({*here, *there}) if k not in here or k not in there or not torch.equal(here[k], there[k])]
    one, two = (torch.load(f.state, weights_only=True) for f in (a, b))
    moments = [{(i, k): v for i, s in of["optimizer_states"][0]["state"].items() for k, v in s.items()} for of in (one, two)]
    assert moments[0].keys() == moments[1].keys()
    found += [f"optimiser: {k}" for k, v in moments[0].items() if not torch.equal(v, moments[1][k])]
    found += [f"state: {k}" for k, v in two["state_dict"].items() if not torch.equal(one["state_dict"][k], v)]
    return found + [f"figures: {x} and {y}" for x, y in zip_longest(a.rows(), b.rows()) if x != y]


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return teach(Toy(), Folder(tmp_path_factory.mktemp("unbroken") / "run"), plan(STEPS))


class Enough(Exception):
    pass


def stop_at(step: int):
    def listener(event: events.Event) -> None:
        if event.stage == "training" and event.step == step:
            raise Enough

    return events.listen(listener)


@pytest.mark.unit
@pytest.mark.parametrize("breaks", [(1,), (5,), (17, 18), (13, 26, 39)])
def test_broken_off_and_gone_on_with(breaks: tuple[int, ...], unbroken: Folder, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    for step in breaks:
        with pytest.raises(Enough), stop_at(step):
            teach(Toy(), folder, plan(STEPS))
    assert not apart(teach(Toy(), folder, plan(STEPS)), unbroken)


@pytest.mark.unit
def test_a_state_written_rarely_is_as_good(unbroken: Folder, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    with pytest.raises(Enough), stop_at(23):
        teach(Toy(), folder, plan(STEPS, keep=0.0))
    keeps = folder.state.read_bytes()
    other = Folder(tmp_path / "other")
    other.open({**vars(plan(STEPS, keep=1e9))})
    other.state.write_bytes(keeps)
    other.save("best", folder.best())
    for row in folder.rows():
        other.append(row)
    other.append({"step": 25, "loss": 0.0})  # of a step that the state does not have
    with other.metrics.open("a") as f:
        f.write('{"step": 30, "lo')  # a kill in the middle of a line
    teach(Toy(), other, plan(STEPS, keep=1e9))
    assert [r["step"] for r in other.rows()] == [r["step"] for r in unbroken.rows()]
    a, b = load_file(other.path / "last.safetensors"), load_file(unbroken.path / "last.safetensors")
    assert all(torch.equal(a[k], b[k]) for k in b)


@pytest.mark.slow
def test_killed_at_any_moment(unbroken: Folder, tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    env = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}  # with another number products of matrices round otherwise
    for wait in (0.0, 0.11):  # with a state just written, and after some more steps
        words = [sys.executable, "-m", "tests.train.toy", str(folder.path), str(STEPS)]
        process = subprocess.Popen(words, cwd=Path(__file__).parents[2], env=env)
        before = folder.state.stat().st_mtime_ns if folder.state.exists() else 0
        end = time.monotonic() + 120
        while process.poll() is None and time.monotonic() < end:  # until it has gone on a step
            if folder.state.exists() and folder.state.stat().st_mtime_ns != before:
                break
            time.sleep(0.002)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
    (folder.path / ".zorki-0123456789ab.ckpt").write_bytes(b"half")  # as a kill in the middle of writing leaves it
    assert not apart(teach(Toy(), folder, plan(STEPS)), unbroken)
    assert not list(folder.path.glob(".*")), "what a kill left half written"


@pytest.mark.unit
@pytest.mark.parametrize("name", ["last.safetensors", "state.ckpt", "best.safetensors"])
def test_broken_off_at_any_file_of_the_last_step(name: str, unbroken: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, write, times = Folder(tmp_path / "run"), Folder.write, 0

    def broken(self: Folder, target: Path, how: Any) -> None:
        nonlocal times
        times += target.name == name
        if target.name == name and (times == STEPS or (name == "best.safetensors" and folder.step() == STEPS - 1)):
            raise Enough
        write(self, target, how)

    with monkeypatch.context() as m:
        m.setattr(Folder, "write", broken)
        with contextlib.suppress(Enough):  # of `best` nothing is written where the last step is not
            teach(Toy(), folder, plan(STEPS))
    assert not apart(teach(Toy(), folder, plan(STEPS)), unbroken)


@pytest.mark.unit
def test_what_has_learnt_nothing_yet_takes_other_settings_and_its_files_are_for_all_to_read(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    folder.open({**vars(plan(STEPS)), "rate": 7.0})
    teach(Toy(), folder, plan(STEPS))
    modes = {p.name: p.stat().st_mode & 0o777 for p in folder.path.iterdir()}
    assert len(set(modes.values())) == 1, modes


@pytest.mark.unit
def test_a_finished_run_is_left_as_it_is(unbroken: Folder) -> None:
    before = unbroken.state.read_bytes()
    teach(Toy(), unbroken, plan(STEPS))
    assert unbroken.state.read_bytes() == before


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("config.toml", "config.toml cannot be read"),
        ("state.ckpt", "no state, or a damaged one"),
        ("best.safetensors", "best.safetensors is damaged"),
    ],
)
def test_a_run_cut_in_half_says_which_file_and_is_left(name: str, says: str, tmp_path: Path) -> None:
    folder = teach(Toy(), Folder(tmp_path / "run"), plan(6))
    file = folder.path / name
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    before = {p.name: p.read_bytes() for p in folder.path.iterdir()}
    with pytest.raises(InputError, match=says):
        teach(Toy(), folder, plan(6))
    assert {p.name: p.read_bytes() for p in folder.path.iterdir()} == before
    if name.startswith("best"):
        file.unlink()
        with pytest.raises(InputError, match=r"best\.safetensors is not there"):
            teach(Toy(), folder, plan(6))


@pytest.mark.unit
def test_another_run_is_not_gone_on_with(unbroken: Folder) -> None:
    with pytest.raises(InputError, match=r"other settings: rate\."):
        teach(Toy(), unbroken, Plan(**{**vars(plan(STEPS)), "rate": 0.5}))
    assert tomllib.loads(unbroken.config.read_text())["rate"] == 0.01
    with pytest.raises(InputError) as caught:
        teach(Toy(), unbroken, Plan(**{**vars(plan(STEPS)), "rate": 0.5, "warm": 7, "steps": 50}), {"two_words": 1})
    assert "other settings: --rate, --steps, --two-words." in caught.value.got


@pytest.mark.unit
def test_settings_that_are_no_options_are_told_in_words(unbroken: Folder) -> None:
    with pytest.raises(InputError, match=r"other settings: how often the state is written, whether bfloat16 is used\."):
        teach(Toy(), unbroken, Plan(**{**vars(plan(STEPS)), "rough": True, "keep": 7.0}))
    assert {f.name for f in fields(Plan)} == {*WORDS, "steps", "rate", "seed"}


@pytest.mark.unit
def test_no_number_stops_and_leaves_the_state(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "run")
    with pytest.raises(Stopped, match="step 8 is no number"):
        teach(Toy(broken=7), folder, plan(STEPS))
    assert torch.load(folder.state, weights_only=True)["global_step"] == 7


@pytest.mark.unit
def test_a_full_disk_leaves_what_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "run")
    with pytest.raises(Enough), stop_at(9):
        teach(Toy(), folder, plan(STEPS))
    before = folder.state.read_bytes()

    def full(part: Path) -> None:
        part.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    with pytest.raises(Stopped, match="disk is full"):
        folder.write(folder.state, full)
    assert folder.state.read_bytes() == before
    assert [p.name for p in folder.path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.unit
@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_weights_and_a_state_for_which_there_is_no_room(tmp_path: Path) -> None:
    """A limit on files' sizes fails as a full disk does, in whatever writes them."""
    import resource

    folder = Folder(tmp_path / "run")
    with pytest.raises(Enough), stop_at(9):
        teach(Toy(), folder, plan(STEPS))
    before = folder.state.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Stopped, match=r"disk is full: last\.safetensors"):
            folder.save("last", {"a": torch.zeros(4096)})
        with pytest.raises(Stopped, match=r"disk is full: state\.ckpt"):
            teach(Toy(), folder, plan(STEPS))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert folder.state.read_bytes() == before
    assert [p.name for p in folder.path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.unit
def test_the_average_is_of_all_steps_so_far() -> None:
    steps = Plan(average=0.999)
    values, mean = torch.arange(1.0, 8), 0.0
    for n, v in enumerate(values, 1):
        mean = steps.kept(n) * mean + (1 - steps.kept(n)) * float(v)
    assert 4 < mean < 7  # near the last ones while there are few
    assert steps.kept(10**6) == 0.999


@pytest.mark.unit
def test_the_rate_rises_and_falls() -> None:
    p = Plan(steps=100, warm=10)
    shares = [p.share(n) for n in range(101)]
    assert shares[0] == pytest.approx(0.1)
    assert max(shares) == pytest.approx(shares[9], rel=0.03)
    assert shares[100] == pytest.approx(0, abs=1e-9)
    assert all(a >= b for a, b in pairwise(shares[10:]))
