"""The page that a training keeps in its run folder, by the training of the toys."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError, Stopped
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


@pytest.fixture
def paged(toys: Wing, monkeypatch: pytest.MonkeyPatch) -> Wing:
    """The same training, whose result is a page."""
    import zorki.wings.toys.train as training  # type: ignore[import-not-found]

    monkeypatch.setattr(training, "ENDING", ".html", raising=False)
    return Wing("toys")


def test_where_the_page_is_the_result_the_run_lies_beside_it(data: Path, paged: Wing, command: Any) -> None:
    assert command("toys", "train", data, "--epochs", 2, "--out", "how.html")[:2] == (0, "how.html\n")
    assert "From 3 pictures." in Path("how.html").read_text(encoding="utf-8")
    assert len(io.open_run("how").figures()) == 2
    assert not Path("how", "report.html").exists()
    assert command("toys", "train", data, "--epochs", 3, "--out", "how.html")[0] == 0, "a run goes on, and its page is written anew"
    assert len(io.open_run("how").figures()) == 3
    assert command("toys", "train", data)[1] == "things.train.html\n"
    assert command("toys", "train", data)[1] == "things.train-2.html\n"
    Path("things.train-3").mkdir()
    assert command("toys", "train", data, "--out", "./")[1] == "things.train-4.html\n", "neither page nor folder is there"


def test_what_is_nobodys_run_or_page_is_left_alone(data: Path, paged: Wing, command: Any) -> None:
    Path("mine.html").write_text("mine")
    status, _, err = command("toys", "train", data, "--out", "mine.html")
    assert (status, Path("mine.html").read_text()) == (2, "mine")
    assert "exists already" in err
    assert command("toys", "train", data, "--out", "mine.html", "--force")[0] == 0
    status, _, err = command("toys", "train", data, "--out", f"{data}.html", "--force")
    assert status == 2
    assert "things is there, and no run" in err
    for wrong, said in (("page.png", "does not end in .html"), ("-", "one stream"), ("nowhere/page.html", "does not exist")):
        status, _, err = command("toys", "train", data, "--out", wrong)
        assert status == 2
        assert said in err
    (data / "boxes.csv").unlink()
    assert command("toys", "train", data, "--out", "new.html")[0] == 2
    assert not Path("new").exists()
    assert not Path("new.html").exists()


def test_broken_off_it_says_where_to_go_on(data: Path, paged: Wing, command: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    tell = events.tell

    def stop(stage: str, step: int = 0, of: int = 0, **more: Any) -> None:
        tell(stage, step, of, **more)
        if stage == "training" and step == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(events, "tell", stop)
    status, out, err = command("toys", "train", data, "--out", "how.html")
    assert (status, out) == (130, "how.html\n")
    assert "the same command with --out how.html goes on" in err
    assert "The training was stopped by Ctrl-C." in Path("how.html").read_text(encoding="utf-8")


def test_whoever_stops_it_alone_says_what_to_do(
    data: Path, paged: Wing, command: Any, seen: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same command would come to the same: of a loss that is no number nothing else is advised."""
    tell = events.tell

    def stop(stage: str, step: int = 0, of: int = 0, **more: Any) -> None:
        tell(stage, step, of, **more)
        if stage == "training" and step == 2:
            raise Stopped("The loss at step 2 is no number any more.", "", "Try a smaller rate, in another folder.")

    monkeypatch.setattr(events, "tell", stop)
    status, out, err = command("toys", "train", data, "--out", "how.html")
    assert (status, out) == (4, "how.html\n"), "what is kept is named as what is done is"
    assert err.splitlines()[-3:] == [
        "zorki: The loss at step 2 is no number any more.", "The run is kept in how.", "Try a smaller rate, in another folder.",
    ]  # fmt: skip


def test_parts_that_failed_are_listed_and_the_rest_is_done(data: Path, paged: Wing, command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import zorki.wings.toys.train as training  # type: ignore[import-not-found]

    monkeypatch.setattr(training.Run, "failed", [("red", "It was blue.")], raising=False)
    monkeypatch.setattr(training.Run, "tried", 4, raising=False)
    status, out, err = command("toys", "train", data, "--out", "how.html", "--json")
    assert status == 3
    assert '"epochs": 3' in out
    assert "1 of 4 could not be read or worked on" in err
    assert "  red: It was blue." in err
