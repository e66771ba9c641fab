"""What a job leaves, for a surface to show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from zorki.core.errors import SomeFailed
from zorki.jobs.job import LIST, Job
from zorki.pixels import Done, Step

NAMED = 10  # of what failed, in a sentence


@dataclass
class Outcome:
    """paths: of the results. more: for programs, beside the paths; lines: for a person, above the paths; end: what it ends with, if not well.

    data: the result itself as a file's bytes, where it was asked for in place of a file.
    """

    paths: list[str]
    more: dict[str, Any] = field(default_factory=dict)
    end: BaseException | None = None
    lines: list[str] = field(default_factory=list)
    data: bytes | None = None

    @property
    def listed(self) -> list[Any] | None:
        """What a method that lists has found, of which a program wants nothing else."""
        return self.more.get(LIST)


def loss_of(step: Step) -> dict[str, Any]:
    """A Step, for programs."""
    return {"step": step.i, "stage": step.stage, "total": step.loss, "parts": dict(step.parts)}


def answer(job: Job, losses: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What a finished job has to say to a program."""
    if job.last is None:
        return job.answer()
    climbed = {} if isinstance(job.last, Done) else {"losses": list(losses)}
    return job.answer() | climbed | {"size": job.size}


def some_failed(failed: Sequence[tuple[str, str]], of: int, rest: str) -> SomeFailed:
    """At most ten by name."""
    some = [*failed[:NAMED], *([("…", f"and {len(failed) - NAMED:,} more; --json lists all")] if len(failed) > NAMED else [])]
    got = f"{len(failed):,} of {of:,} could not be read or worked on; {rest}."
    return SomeFailed(got, "Each stands below with its reason.", "Mend them, or leave them out, and give the same command again.", some)
