"""One method from the command line: pictures and options in, a file out; of a folder a file for each picture."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki.cli import interrupt, many, memory, options, streams, terminal
from zorki.cli.many import Told, answer, line_of
from zorki.core import settings
from zorki.core.errors import InputError, Stopped
from zorki.core.folders import typed
from zorki.core.numbers import sides
from zorki.studio.shelves import Method

if TYPE_CHECKING:
    from zorki import studio

PREVIEW_EVERY, PREVIEW_SIDE = 3.0, 1600  # seconds, pixels
ELSEWHERE = {o.name for o in (*options.NET, *options.TELL, *options.OUT, *options.OPEN, *options.FILM)} | {"preset"}


def work(m: Method, pictures: Sequence[str], given: dict[str, Any]) -> None:
    """Runs it; Ctrl-C and a stop by the world keep what was done."""
    began = time.monotonic()
    common = {name: given.pop(name) for name in list(given) if name in ELSEWHERE}
    named = many.named(m, pictures) | {n: given.pop(n) for n in m.inputs if n in given}
    chosen = m.fill(common.get("preset"), given)  # before the net is opened: a wrong option is told at once
    several = many.meant(m, named)
    apart(common, chosen)
    with terminal.watched(common.get("quiet", False), common.get("events")):
        from zorki import io, studio

        io.span_text(common.get("range"))  # a wrong one is told before the net is opened
        out, force, film = common.get("out"), common.get("force", False), common.get("film")
        onward = state_of(chosen)
        if m.words and out is None:
            pass  # nothing is written
        elif several is None:
            check(out, film, force, m.page is not None, onward)
        else:
            many.check(named[several], out, film, getattr(chosen, "state", None))
        net = studio.load(
            common.get("model") or m.net(), weights=common.get("weights"), mean=common.get("mean"), std=common.get("std"),
            side=sides(common.get("side")), device=common.get("device", "auto"), dtype=common.get("dtype", "auto"),
        )  # fmt: skip
        if several is None:
            job = studio.Job(m, net, named, chosen, opened(film, force), **many.how(common))
            if onward and not force:
                common |= replaced(job, out)
            told = one(job, common)
        else:
            told = many.each(m, net, named, several, chosen, common)
    result = {"command": [m.wing, m.name], "out": told.paths, "seconds": round(time.monotonic() - began, 3)} | told.more
    if told.paths != ["-"]:
        if not common.get("json"):
            for line in told.lines:
                streams.say(line)
        if told.paths or common.get("json"):
            terminal.answer(told.paths, result if common.get("json") else None)
    if told.end is not None:
        raise told.end


def apart(common: dict[str, Any], chosen: Any) -> None:
    """Raises InputError where two things would be written to one place."""
    files = {f"--{n}": common.get(n) for n in ("out", "film", "events")}
    files |= {f"--{o.name}": getattr(chosen, o.name) for o in settings.options(type(chosen)) if o.file}
    seen: dict[Path, str] = {}
    for flag, name in files.items():
        if name is None or name == "-":
            continue
        first = seen.setdefault(Path(name).absolute(), flag)
        if first != flag:
            raise InputError(f"{first} and {flag} are both {name}.", "", "Give them different names.")
    if files["--out"] == "-" and common.get("json"):
        raise InputError("--out - and --json would both be on stdout.", "", "Give --out a name, or leave --json out.")


def state_of(chosen: Any) -> bool:
    """Whether there is a state to go on from: what the broken run left may then be replaced."""
    state = getattr(chosen, "state", None)
    return isinstance(state, str) and Path(state).is_file()


def replaced(job: studio.Job, out: str | None) -> dict[str, Any]:
    """The picture of the same command that was broken off gives way to what comes of going on; anything else of that name does not."""
    from zorki import io

    record = many.recorded(job)
    if out is not None and not many.is_folder(out):
        same = many.made_by(Path(out)) == record
        if not same and out != "-":
            io.check_target(Path(out), force=False)
        return {"force": same}
    for path in io.numbered(Path(out or "") / job.default_name()):
        if not path.exists():
            return {}
        if many.made_by(path) == record:
            return {"out": str(path), "force": True}
    return {}


def one(job: studio.Job, common: dict[str, Any]) -> Told:
    """One job from its first step to its file."""
    out, force, film, losses, stop = common.get("out"), common.get("force", False), common.get("film"), [], None
    lines = Path(common["events"]) if common.get("events") else None
    previewed = lines.with_name(f"{lines.name}.preview.jpg") if lines and lines.is_file() else None
    if previewed and previewed.exists() and not force:
        previewed = None  # somebody's picture; the events go on without one
    large = any(photo.pixels[..., 0].size > memory.LARGE for photo in job.photos.values())
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
                    losses.append(line_of(step))
        except (KeyboardInterrupt, Stopped) as e:
            if job.last is None:
                raise
            stop = e
        path = None if job.method.words and out is None else save(job, out, force)
    made = ["-"] if path == "-" else [typed(p) for p in (path, film) if p and Path(p).exists()]
    told = Told(made, answer(job, losses), lines=many.lines(job))
    if isinstance(stop, Stopped):
        told.end = Stopped(stop.got, f"What was drawn is kept in {path}.", stop.do)
    elif stop is not None:
        told.end = interrupt.said(stop, f"What was drawn is kept in {path}.")
    elif failed := many.missing(job):
        told.end = many.some_failed(failed, sum(map(len, job.sets.values())), "the result is made of the others")
    return told


def opened(film: str | None, force: bool) -> Any:
    from zorki import io

    return io.Film(Path(film), force=force) if film else None


def check(out: str | None, film: str | None, force: bool, page: bool = False, onward: bool = False) -> None:
    """Whether the results can be written, said before anything is drawn. onward: a picture there is looked at later. Raises InputError."""
    from zorki import io

    if out is None:
        io.check_writable(Path())
    elif many.is_folder(out):
        try:
            Path(out).mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise InputError(f"--out {out} cannot be made: {e.strerror}.", "It ends like a folder.", "Choose another.") from e
        io.check_writable(Path(out))
    elif page and Path(out).suffix.lower() in (".html", ".htm"):
        io.check_target(Path(out), force)
    elif out != "-":
        io.check_picture_target(Path(out), force or onward)
    if film is not None:
        io.check_target(Path(film), force)


def preview(step: Any, path: Path) -> None:
    """The picture as it is now, in a file beside the events, and an event that names it."""
    from zorki import io
    from zorki.core import events

    with suppress(InputError, Stopped):  # a preview that cannot be written is no reason to lose the drawing
        io.save_photo(path, step.small(PREVIEW_SIDE)[0].permute(1, 2, 0).numpy(), force=True, quality=85)
        events.tell("preview", step.i, step.of, preview=str(path))


def save(job: studio.Job, out: str | None, force: bool) -> str:
    """Writes the result where it was asked for; the path, or `-`."""
    from zorki import io

    result = job.result()
    if out == "-":
        streams.data(io.encode(result.numpy(), "PNG"))
        return "-"
    if out is None or many.is_folder(out):
        return many.numbered(job, result, Path(out or ""))
    return str(result.save(Path(out), force=force))
