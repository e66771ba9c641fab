"""One method from the command line: pictures and options in, a file out."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from zorki.cli import options, terminal
from zorki.core.errors import Stopped
from zorki.studio.shelves import Method

PREVIEW_EVERY = 3.0  # seconds
ELSEWHERE = {o.name for o in (*options.NET, *options.TELL, *options.OUT, *options.OPEN, *options.FILM)} | {"preset"}


def work(m: Method, pictures: Sequence[str], given: dict[str, Any]) -> None:
    """Runs it; Ctrl-C and a stop by the world keep what was done."""
    began = time.monotonic()
    common = {name: given.pop(name) for name in list(given) if name in ELSEWHERE}
    positional = [n for n, i in m.inputs.items() if not i.option]
    named = dict(zip(positional, pictures, strict=True)) | {n: given.pop(n) for n in m.inputs if n in given}
    chosen = m.fill(common.get("preset"), given)  # before the net is opened: a wrong option is told at once
    with terminal.watched(common.get("quiet", False), common.get("events")):
        from zorki import io, studio

        out, force = common.get("out"), common.get("force", False)
        for wanted in (out, common.get("film")):  # said before anything is drawn
            if wanted not in (None, "-") and not is_folder(wanted):
                io.check_target(Path(wanted), force)
        net = studio.load(
            common.get("model", "eye"), weights_file=common.get("weights"), mean=common.get("mean"), std=common.get("std"),
            device=common.get("device", "auto"), dtype=common.get("dtype", "auto"),
        )  # fmt: skip
        film = io.Film(Path(common["film"])) if common.get("film") else None
        job = studio.Job(m, net, named, chosen, film, common.get("limit"))
        losses, stop = [], None
        try:
            seen = began
            for step in job.steps():
                if common.get("events") and time.monotonic() - seen > PREVIEW_EVERY:
                    seen = time.monotonic()
                    preview(step, Path(f"{common['events']}.preview.jpg"))
                losses.append({"step": step.i, "stage": step.stage, "total": step.loss, "parts": dict(step.parts)})
        except (KeyboardInterrupt, Stopped) as e:
            if job.last is None:
                raise
            stop = e
        path = save(job, out, force)
    paths = [p for p in (path, common.get("film")) if p]
    result: dict[str, Any] = {"command": [m.wing, m.name], "out": paths, "seconds": round(time.monotonic() - began, 3)}
    if losses:
        result |= {"losses": losses, "size": list(reversed(job.last.image().shape[-2:])) if job.last else None}
    if path != "-":
        terminal.answer(paths, result if common.get("json") else None)
    if isinstance(stop, Stopped):
        raise Stopped(stop.got, f"What was drawn is kept in {path}.", stop.do)
    if stop is not None:
        raise KeyboardInterrupt(f"Stopped by Ctrl-C. What was drawn is kept in {path}.")


def preview(step: Any, path: Path) -> None:
    """The picture as it is now, in a file beside the events, and an event that names it."""
    from zorki import io
    from zorki.core import events

    io.save_photo(path, step.image()[0].permute(1, 2, 0).numpy(), force=True, quality=85)
    events.tell("preview", step.i, step.of, preview=str(path))


def is_folder(out: str) -> bool:
    return out.endswith("/") or Path(out).is_dir()


def save(job: Any, out: str | None, force: bool) -> str:
    """Writes the result where it was asked for; the path, or `-`."""
    from zorki import io

    result = job.result()
    if out == "-":
        sys.stdout.buffer.write(io.encode(result.numpy(), "PNG"))
        return "-"
    if out is None:
        return str(result.save(job.default_path(Path())))
    target = Path(out)
    if is_folder(out):
        target.mkdir(parents=True, exist_ok=True)
        return str(result.save(job.default_path(target)))
    return str(result.save(target, force=force))
