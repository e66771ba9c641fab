"""A request carried out: checked, opened, worked at, saved. Every surface calls this."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError, Stopped
from zorki.core.folders import typed
from zorki.jobs import films, interrupt, many, memory, records, targets
from zorki.jobs.job import Job
from zorki.jobs.models import load
from zorki.jobs.outcome import Outcome, answer, loss_of, some_failed
from zorki.jobs.request import Request
from zorki.jobs.results import Found

PREVIEW_EVERY, PREVIEW_SIDE = 3.0, 1600  # seconds, pixels


def carry_out(r: Request) -> Outcome:
    """What came of it; what is half done when it is broken off or the world stops it is kept, and `end` says so.

    Raises what opening, checking and the method raise before there is anything to keep.
    """
    io.span_text(r.opening.get("range"))  # a wrong one is told before the net is opened
    with targets.checked(r):
        network: dict[str, Any] = {n: given for n, given in r.network.items() if n != "model"}
        net = load(r.method.net(r.network.get("model")), **network) if r.method.nets else None
        if r.moving is not None:
            return films.each(r, net)
        if r.several is not None:
            return many.each(r, net)
        film = io.Film(Path(r.film), force=r.force) if r.film else None
        job = Job(r.method, net, r.pictures, r.settings, film, **r.opening)
        return one(job, records.onward(r, job) if r.goes_on and not r.force else r)


def one(job: Job, r: Request) -> Outcome:
    """One job from its first step to its file."""
    losses, stop = [], None
    previewed = None if r.preview is not None and r.preview.exists() and not r.force else r.preview  # else it is somebody's picture
    large = any(photo.pixels[..., 0].size > memory.LARGE for photo in job.photos.values())
    job.out = targets.written_to(r, job)
    with interrupt.undisturbed():  # but for the steps: what they made is written before anything ends
        try:
            seen = time.monotonic()
            with interrupt.awaited():
                for step in job.steps():
                    if large and step.i in (1, step.of):
                        memory.trimmed()
                    if previewed and time.monotonic() - seen > PREVIEW_EVERY:
                        seen = time.monotonic()
                        preview(step, previewed)
                    losses.append(loss_of(step))
        except (KeyboardInterrupt, Stopped, InputError) as e:
            if not job.begun or (isinstance(e, InputError) and not job.written):
                raise
            stop = e
        out = Outcome([])
        path = save(job, r, out)
    found = [path, r.film, *told(job)]
    out.paths = ["-"] if path == "-" else [typed(p) for p in found if p and Path(p).exists()]
    out.more, out.lines = answer(job, losses), job.lines()
    if isinstance(stop, Stopped | InputError):
        out.end = type(stop)(stop.got, kept(job, path, onwards=not stop.do), stop.do)
    elif stop is not None:
        out.end = interrupt.said(stop, kept(job, path))
    elif (failed := job.failed)[0]:
        out.end = some_failed(*failed, "the result is made of the others")
    return out


def told(job: Job) -> list[str]:
    """The paths of what was written; of what lies in folders of its own these, since there may be thousands."""
    tops = (
        {job.out / p.relative_to(job.out).parts[0]: None for p in job.written}
        if job.out is not None and not job.method.ending
        else job.written
    )
    return [str(p) for p in tops]


def kept(job: Job, path: str | None, onwards: bool = True) -> str:
    """What is there although it was broken off. onwards: how to go on, too; else whoever stopped it says what to do."""
    if job.method.gives == "trained":
        return f"The run is kept: the same command with --out={path} goes on." if onwards else f"The run is kept in {job.folder}."
    if path or job.method.ending:
        return f"What was drawn is kept in {path or job.out}."
    return f"{len(job.written)} file{'s are' if len(job.written) > 1 else ' is'} written, in {job.out}."


def preview(step: Any, path: Path) -> None:
    """The picture as it is now, in a file, and an event that names it."""
    with suppress(InputError, Stopped):  # a preview that cannot be written is no reason to lose the drawing
        io.save_photo(path, step.small(PREVIEW_SIDE)[0].permute(1, 2, 0).numpy(), force=True, quality=85)
        events.tell("preview", step.i, step.of, preview=str(path))


def save(job: Job, r: Request, out: Outcome) -> str | None:
    """Writes the result where it was asked for; its path, `-` where it is left in `out` as bytes, None where it is written already or not wanted."""
    if job.method.gives == "trained":
        return str(job.out)
    if job.method.gives == "written" or r.worded:
        if job.method.gives == "written" and not job.written:
            events.note(f"{job.method.spoken} wrote nothing.")
        return None
    result = job.result()
    if r.out == "-":
        out.data = result.data() if isinstance(result, Found) else io.encode(result.numpy(), "PNG")
        return "-"
    if r.out is None or targets.is_folder(r.out):
        return targets.save_numbered(job, result, Path(r.out or ""))
    return str(result.save(Path(r.out), force=r.force))
