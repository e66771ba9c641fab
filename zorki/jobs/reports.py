"""The page of a training: in its run folder (or where its result is a page, there) from the first moment on, live while it learns, finished however that ends.

What stands on it is the method's: `report(run, finished, **inputs) -> blocks.Page`, as `run` gets its inputs; while it learns (finished=False)
it is asked for little, and often.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from zorki import blocks, io, report
from zorki.core import events
from zorki.core.errors import ZorkiError
from zorki.jobs.methods import Method

PAGE, STAGE = "report.html", "training"
EVERY = 10.0  # seconds at least between two states of the page
SHARE = 0.02  # of the time that may go into it
WAITS = "How good it is, and where it fails"


@contextmanager
def live(method: Method, folder: Path | None, given: Mapping[str, Any], path: Path | None = None) -> Iterator[None]:
    """Inside `with` the page of a training that has one follows it; on leaving it is finished, and whatever is raised passes through.

    given: its inputs, as its `run` gets them. path: where the page is written; not given: into the run folder.
    """
    if method.report is None or folder is None or os.environ.get("LOCAL_RANK", "0") != "0":  # of several processes one writes
        yield
        return
    page = Report(folder, partial(method.report, **given), path or folder / PAGE)
    try:
        with events.listen(page.heard):
            yield
    except BaseException as error:
        if page.due is not None:  # what is refused before it learns leaves a run that is there alone
            page.stop("The training", error)
        raise
    try:
        page.write(page.made(True))
    except BaseException as error:
        page.stop("The judging of what was learnt", error)
        raise


@dataclass
class Report:
    """The page of one training. says: what the method says of the run, in the end or on the way."""

    folder: Path
    says: Callable[[io.RunFolder, bool], blocks.Page]
    path: Path
    due: float | None = None
    "when it is written anew"
    clock: events.Clock = field(default_factory=events.Clock)
    outside: Context = field(default_factory=copy_context)
    "what it says itself is said there, not among what a part of the training says"

    def made(self, finished: bool) -> blocks.Page:
        return self.says(io.open_run(self.folder), finished)

    def write(self, page: blocks.Page) -> None:
        """Whole or not at all. Raises Stopped, InputError."""
        io.atomic_write(self.path, report.render(page), force=True)

    def heard(self, event: events.Event) -> None:
        """Between two steps of the training: writes the page anew where it is time to."""
        if event.stage.partition(" ")[0] != STAGE or not event.of:  # "training", or "training of a part"
            return
        left = self.clock.left(event)
        if (self.due is not None and event.at < self.due) or not io.is_run(self.folder):
            return
        if self.due is None:
            self.outside.run(events.note, f"How it goes on can be watched: {self.path}")
        ahead = blocks.Ahead(f"The {event.stage}", (WAITS,), min(1.0, event.step / event.of), "" if left is None else events.spoken(left))
        began = time.monotonic()
        with suppress(OSError, ZorkiError):  # no page is worth a training
            self.write(replace(self.made(False), ahead=ahead))
        now = time.monotonic()
        self.due = now + max(EVERY, (now - began) / SHARE)

    def stop(self, what: str, error: BaseException) -> None:
        """The page says that this was stopped, beside what is known by then."""
        why = "by Ctrl-C" if isinstance(error, KeyboardInterrupt) else "by an error"
        said = blocks.Note(f"{what} was stopped {why}. What was learnt by then is kept; the same command goes on from there.")
        with suppress(OSError, ZorkiError):  # what stopped it is told, not that its page could not be written either
            self.write(replace(self.made(False), note=said))
