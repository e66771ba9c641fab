"""What a person or a program sees while it works: progress and notes on stderr, JSON lines in a file."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from zorki.cli import streams
from zorki.core import events
from zorki.core.errors import InputError
from zorki.core.spelling import on_command_line

PLAIN_EVERY = 5.0  # seconds between lines where stderr is no terminal


@contextmanager
def watched(quiet: bool, file: str | None) -> Iterator[None]:
    """Shows progress with time left (unless quiet) and writes every event to `file` as a JSON line."""
    with ExitStack() as kept:
        if file is not None:
            kept.enter_context(events.listen(Lines(kept.enter_context(opened(file))), on_command_line))
        if not quiet:
            kept.enter_context(bar() if sys.stderr.isatty() else events.listen(Plain(), on_command_line))
        yield


def opened(file: str) -> IO[str]:
    from zorki import io

    path = Path(file)
    if path.is_file() and path.stat().st_size and path.read_bytes()[:1] != b"{":
        raise InputError(f"--events={file} exists and holds no events.", "It would be replaced.", "Choose another name.")
    if path.parent != Path() and not path.exists():
        io.check_target(path, force=True)
    try:
        return path.open("w", encoding="utf-8", buffering=1)
    except OSError as e:
        raise InputError(
            f"--events={file} cannot be written: {e.strerror}.", "A file that may be written to is needed.", "Choose another place."
        ) from e


class Lines:
    """Events as JSON lines."""

    def __init__(self, file: IO[str]) -> None:
        self.file, self.clock, self.full = file, events.Clock(), False

    def __call__(self, e: events.Event) -> None:
        line: dict[str, Any] = {"stage": e.stage}
        if e.note:
            line["note"] = e.note
        elif not e.preview:
            left = self.clock.left(e)
            line |= {"step": e.step, "of": e.of, "seconds_left": None if left is None else round(left, 2)}
            line |= {"unit": e.unit} if e.unit else {}
            line |= {"frames_a_second": round(e.rate, 3)} if e.rate is not None else {}
        if e.loss is not None:
            line |= {"loss": e.loss, "parts": dict(e.parts)}
        if e.preview:
            line["preview"] = e.preview
        try:
            if not self.full:
                self.file.write(json.dumps(line) + "\n")
        except OSError as error:  # no reason to lose what is being drawn
            self.full = True
            with suppress(OSError):
                self.file.close()
            print(f"--events {streams.printable(self.file.name)} ends here: {error.strerror}. The work goes on.", file=sys.stderr)


class Plain:
    """A line now and then, for logs."""

    def __init__(self) -> None:
        self.clock, self.last = events.Clock(), time.monotonic()

    def __call__(self, e: events.Event) -> None:
        left = None if e.note or e.preview else self.clock.left(e)
        if e.note:
            print(streams.printable(e.note), file=sys.stderr)
        elif not e.preview and e.at - self.last >= PLAIN_EVERY and e.step < e.of:
            self.last = e.at
            rest = "" if left is None else f", {left:.0f} s left"
            print(streams.printable(f"{e.stage}: {amount(e, ' of ')}{rest}"), file=sys.stderr)


def amount(e: events.Event, of: str) -> str:
    """What is done: 3 of 10 steps, 120 of 575 MB, 36 %."""
    if e.unit == "share":
        return f"{100 * e.step / e.of:.0f} %" if e.of else ""
    if e.unit == "frames":
        rate = "" if e.rate is None else f", {e.rate:.3g} a second"
        return f"{e.step // 1000}{f'{of}{e.of // 1000}' if e.of else ''} frames{rate}"
    if e.unit == "bytes":
        digits = 1 if e.of < 1e8 else 0
        return f"{e.step / 1e6:.{digits}f}{of}{e.of / 1e6:.{digits}f} MB"
    return f"{e.step}{of}{e.of}" if e.of else ""


@contextmanager
def bar() -> Iterator[None]:
    """One bar that is renamed from stage to stage."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, Task, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Left(TimeRemainingColumn):
        """What whoever works says, else by the pace."""

        def render(self, task: Task) -> Text:
            left = task.fields["left"]
            return super().render(task) if left is None else Text(f"{events.spoken(left)} left", "progress.remaining")

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TextColumn("{task.fields[done]}"), Left())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task, stage = progress.add_task("starting", total=None, done="", left=None), ""

        def hear(e: events.Event) -> None:
            nonlocal stage
            if e.note:
                progress.console.print(streams.printable(e.note), markup=False, emoji=False, highlight=False)
                return
            if e.preview:
                return
            if e.stage != stage:
                stage = e.stage
                progress.reset(task, description=streams.printable(stage), total=e.of)
            progress.update(task, completed=e.step, total=e.of or None, done=amount(e, "/"), left=e.left)

        with events.listen(hear, on_command_line):
            yield


def answer(paths: list[str], as_json: dict[str, Any] | list[Any] | None) -> None:
    """Prints the paths of results, a line each, or one JSON value."""
    if as_json is not None:
        streams.say(json.dumps(as_json))
    else:
        streams.paths(paths)
