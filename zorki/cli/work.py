"""One method from the command line: pictures and options in, a file out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from zorki.cli import interrupt, options, terminal
from zorki.core.errors import InputError, SomeFailed, Stopped
from zorki.core.method import by_place
from zorki.studio.shelves import Method

PREVIEW_EVERY = 3.0  # seconds
NAMED = 10  # of what failed, on the terminal
ELSEWHERE = {o.name for o in (*options.NET, *options.TELL, *options.OUT, *options.OPEN, *options.FILM)} | {"preset"}


def work(m: Method, pictures: Sequence[str], given: dict[str, Any]) -> None:
    """Runs it; Ctrl-C and a stop by the world keep what was done."""
    began = time.monotonic()
    common = {name: given.pop(name) for name in list(given) if name in ELSEWHERE}
    named = by_place(m.inputs, pictures) | {n: given.pop(n) for n in m.inputs if n in given}
    chosen = m.fill(common.get("preset"), given)  # before the net is opened: a wrong option is told at once
    with terminal.watched(common.get("quiet", False), common.get("events")):
        from zorki import io, studio

        out, force = common.get("out"), common.get("force", False)
        check(out, common.get("film"), force, m.page is not None)
        net = studio.load(
            common.get("model", "eye"), weights_file=common.get("weights"), mean=common.get("mean"), std=common.get("std"),
            side=options.sides(common.get("side")), device=common.get("device", "auto"), dtype=common.get("dtype", "auto"),
        )  # fmt: skip
        film = io.Film(Path(common["film"]), force=force) if common.get("film") else None
        job = studio.Job(m, net, named, chosen, film, common.get("limit"))
        losses, stop = [], None
        lines = Path(common["events"]) if common.get("events") else None
        previewed = lines.with_name(f"{lines.name}.preview.jpg") if lines and lines.is_file() else None
        if previewed and previewed.exists() and not force:
            previewed = None  # somebody's picture; the events go on without one
        with interrupt.undisturbed():  # but for the steps: what they made is written before anything ends
            try:
                seen = began
                with interrupt.awaited():
                    for step in job.steps():
                        if previewed and time.monotonic() - seen > PREVIEW_EVERY:
                            seen = time.monotonic()
                            preview(step, previewed)
                        losses.append({"step": step.i, "stage": step.stage, "total": step.loss, "parts": dict(step.parts)})
            except (KeyboardInterrupt, Stopped) as e:
                if job.last is None:
                    raise
                stop = e
            path = save(job, out, force)
    paths = [path, *([common["film"]] if common.get("film") and Path(common["film"]).exists() else [])]
    result: dict[str, Any] = {"command": [m.wing, m.name], "out": paths, "seconds": round(time.monotonic() - began, 3)}
    told = job.made.answer() if hasattr(job.made, "answer") else {}
    result |= told
    failed = [one for photos in job.sets.values() for one in photos.missing]
    if job.sets:
        result["failed"] = [{"photo": name, "why": why} for name, why in failed]
    if path != "-" and not common.get("json"):
        for row in told.get("top", ()):
            print(f"{row['share']:6.1%}  {row['class']:4d}  {row['name']}")
    if losses:
        result |= {"losses": losses, "size": list(reversed(job.last.image().shape[-2:])) if job.last else None}
    if path != "-":
        terminal.answer(paths, result if common.get("json") else None)
    if isinstance(stop, Stopped):
        raise Stopped(stop.got, f"What was drawn is kept in {path}.", stop.do)
    if stop is not None:
        raise KeyboardInterrupt(f"Stopped by Ctrl-C. What was drawn is kept in {path}.")
    if failed:
        some = failed[:NAMED] + ([("…", f"and {len(failed) - NAMED:,} more; --json lists all")] if len(failed) > NAMED else [])
        raise SomeFailed(
            f"{len(failed):,} of {sum(map(len, job.sets.values())):,} could not be read; the result is made of the others.", failed=some
        )


def check(out: str | None, film: str | None, force: bool, page: bool = False) -> None:
    """Whether the results can be written, said before anything is drawn. Raises InputError."""
    from zorki import io

    if out is not None and film is not None and Path(out).absolute() == Path(film).absolute():
        raise InputError(f"--out and --film are both {out}.", "", "Give them different names.")
    if out is None:
        io.check_writable(Path())
    elif is_folder(out):
        try:
            Path(out).mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise InputError(f"--out {out} cannot be made: {e.strerror}.", "It ends like a folder.", "Choose another.") from e
        io.check_writable(Path(out))
    elif page and Path(out).suffix.lower() in (".html", ".htm"):
        io.check_target(Path(out), force)
    elif out != "-":
        io.check_picture_target(Path(out), force)
    if film is not None:
        io.check_target(Path(film), force)


def preview(step: Any, path: Path) -> None:
    """The picture as it is now, in a file beside the events, and an event that names it."""
    from zorki import io
    from zorki.core import events

    with suppress(InputError, Stopped):  # a preview that cannot be written is no reason to lose the drawing
        io.save_photo(path, step.image()[0].permute(1, 2, 0).numpy(), force=True, quality=85)
        events.tell("preview", step.i, step.of, preview=str(path))


def numbered(job: Any, result: Any, folder: Path) -> str:
    """Saves under the first free name, also when another process takes one at the same moment."""
    for _ in range(99):
        path = job.default_path(folder)
        try:
            return str(result.save(path))
        except InputError:
            if not path.exists():
                raise
    raise InputError(f"No free name like {path.name} was found in {folder}.", "", "Give one with --out.")


def is_folder(out: str) -> bool:
    return out.endswith("/") or os.path.isdir(out)


def save(job: Any, out: str | None, force: bool) -> str:
    """Writes the result where it was asked for; the path, or `-`."""
    from zorki import io

    result = job.result()
    if out == "-":
        sys.stdout.buffer.write(io.encode(result.numpy(), "PNG"))
        return "-"
    if out is None:
        return numbered(job, result, Path())
    target = Path(out)
    if is_folder(out):
        return numbered(job, result, target)
    return str(result.save(target, force=force))
