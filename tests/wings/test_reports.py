"""The page that a training keeps in its run folder, by the training of the toys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.jobs import reports
from zorki.studio.surface import Wing

pytestmark = pytest.mark.tiny


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each state of the page, which is due at every step."""
    states: list[str] = []
    monkeypatch.setattr(reports, "EVERY", 0.0)
    monkeypatch.setattr(reports, "SHARE", 1e9)
    before = io.atomic_write

    def write(path: Path, text: str, force: bool = True) -> None:
        if Path(path).name == reports.PAGE:
            states.append(text)
        before(path, text, force)

    monkeypatch.setattr(io, "atomic_write", write)
    return states


def test_the_page_grows_and_is_finished(data: Path, toys: Wing, seen: list[str]) -> None:
    toys.train(data, out="run", epochs=3)
    assert len(seen) == 4, "one at each step, and the whole one"
    assert [re.search(r"(\d+) % is done", s)[1] for s in seen[:3]] == ["33", "67", "100"]  # type: ignore[index]
    assert all("It learns." in s and "location.reload" in s for s in seen[:3])
    assert "From 3 pictures." in seen[3]
    assert "reload" not in seen[3]
    assert Path("run", "report.html").read_text(encoding="utf-8") == seen[3]


def test_it_is_written_only_where_it_is_time(data: Path, toys: Wing, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "EVERY", 100.0)
    toys.train(data, out="run", epochs=5)
    assert len(seen) == 2
    assert "20 % is done" in seen[0]


def test_broken_off_it_says_so_and_waits_for_nothing(data: Path, toys: Wing, seen: list[str]) -> None:
    def stop(event: events.Event) -> None:
        if event.step == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), events.listen(stop):
        toys.train(data, out="run", epochs=3)
    assert "The training was stopped by Ctrl-C." in seen[-1]
    assert "reload" not in seen[-1]
    toys.train(data, out="run", epochs=3)
    assert "stopped" not in seen[-1]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_where_the_whole_page_fails_the_run_is_kept_and_the_page_is_finished(
    data: Path,
    toys: Wing,
    seen: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: type[BaseException],
) -> None:
    import zorki.wings.toys.train as training  # type: ignore[import-not-found]

    cheap = training.report

    def report(run: io.RunFolder, finished: bool, **given: Any) -> Any:
        if finished:
            raise error
        return cheap(run, finished, **given)

    monkeypatch.setattr(training, "report", report)
    with pytest.raises(error):
        Wing("toys").train(data, out="run", epochs=1)
    assert len(io.open_run("run").figures()) == 1
    assert "The judging of what was learnt was stopped" in seen[-1]
    assert "reload" not in seen[-1]


def test_a_full_disk_for_the_page_stops_no_training(data: Path, toys: Wing, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "EVERY", 0.0)
    before = reports.Report.made

    def made(self: reports.Report, finished: bool) -> Any:
        if not finished:
            raise OSError(28, "No space left on device")
        return before(self, finished)

    monkeypatch.setattr(reports.Report, "made", made)
    assert toys.train(data, out="run", epochs=3).epochs == 3
    assert Path("run", "report.html").exists()


def test_of_several_processes_one_writes(data: Path, toys: Wing, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCAL_RANK", "1")
    toys.train(data, out="run", epochs=1)
    assert not seen


def test_what_is_refused_leaves_the_page_of_a_run_alone(data: Path, toys: Wing, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    toys.train(data, out="run", epochs=1)
    before = Path("run", "report.html").read_bytes()
    import zorki.wings.toys.train as training  # type: ignore[import-not-found]

    def refuse(**_: Any) -> None:
        raise InputError("It is a run with other settings.")

    monkeypatch.setattr(training, "run", refuse)
    with pytest.raises(InputError):
        Wing("toys").train(data, out="run", epochs=1)
    assert Path("run", "report.html").read_bytes() == before
