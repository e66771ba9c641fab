"""The page of a training: in its run folder from the first moment on, live while it learns, finished however that ends.

What stands on it is the method's: `report(run, finished, **inputs) -> blocks.Page`, as `run` gets its inputs; while it learns (finished=False)
it is asked for little, and often.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from zorki import blocks, io, report
from zorki.core import events
from zorki.core.errors import ZorkiError
from zorki.jobs import inputs
from zorki.jobs.job import Job

PAGE = "report.html"
EVERY = 10.0  # seconds at least between two states of the page
SHARE = 0.02  # of the time that may go into it
WAITS = "How good it is, and where it fails"


@contextmanager
def live(job: Job) -> Iterator[None]:
    """Inside `with` the page of a training that has one follows it; on leaving it is finished, and whatever is raised passes through."""
    if job.method.report is None or os.environ.get("LOCAL_RANK", "0") != "0":  # of several processes one writes
        yield
        return
    page = Report(job)
    with page.kept("The training"), events.listen(page.heard):
        yield
    with page.kept("The judging of what was learnt"):
        page.write(page.made(finished=True))


@dataclass
class Report:
    """The page of one training."""

    job: Job
    due: float = -1.0
    "when it may be written anew"
    last: events.Event | None = None
    left: float | None = None
    clock: events.Clock = field(default_factory=events.Clock)

    @property
    def path(self) -> Path:
        assert self.job.out is not None, "a surface says where the run goes"
        return self.job.out / PAGE

    def heard(self, event: events.Event) -> None:
        """Between two steps: writes the page anew where it is time to."""
        if not event.of:
            return
        self.last, self.left = event, self.clock.left(event)
        if event.at < self.due or not io.is_run(self.path.parent):
            return
        if self.due < 0:
            events.note(f"How it goes on can be watched: {self.path}")
        began = time.monotonic()
        with suppress(OSError, ZorkiError):  # no page is worth a training
            self.write(replace(self.made(finished=False), ahead=self.ahead()))
        now = time.monotonic()
        self.due = now + max(EVERY, (now - began) / SHARE)

    @contextmanager
    def kept(self, what: str) -> Iterator[None]:
        """Where something is raised inside, the page says that this was stopped, beside what it knows by then."""
        try:
            yield
        except BaseException as error:
            why = "by Ctrl-C" if isinstance(error, KeyboardInterrupt) else "by an error"
            said = blocks.Note(f"{what} was stopped {why}. What was learnt by then is kept; the same command goes on from there.")
            with suppress(OSError, ZorkiError):  # what stopped it is told, not that its page could not be written either
                if io.is_run(self.path.parent):
                    self.write(replace(self.made(finished=False), note=said))
            raise

    def made(self, finished: bool) -> blocks.Page:
        """What the method says of the run as it is now."""
        assert self.job.method.report is not None
        given = {name: inputs.handed(found, self.job.method.inputs[name]) for name, found in self.job.opened.items()}
        return self.job.method.report(io.open_run(self.path.parent), finished, **given)

    def ahead(self) -> blocks.Ahead:
        """How far it is."""
        assert self.last is not None
        share = min(1.0, self.last.step / self.last.of)
        return blocks.Ahead(f"The {self.last.stage}", (WAITS,), share, "" if self.left is None else events.spoken(self.left))

    def write(self, page: blocks.Page) -> None:
        """Whole or not at all. Raises Stopped, InputError."""
        io.atomic_write(self.path, report.render(page), force=True)
