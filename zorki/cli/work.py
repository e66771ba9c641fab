"""One method from the command line: what was typed becomes a request, what came of it is shown."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zorki.cli import options, streams, terminal
from zorki.core.spelling import on_command_line
from zorki.jobs.methods import Method

if TYPE_CHECKING:
    from zorki.jobs import Request

TELL = tuple(o.name for o in options.TELL)


def work(m: Method, placed: Sequence[str], given: dict[str, Any]) -> None:
    """Runs it; Ctrl-C and a stop by the world keep what was done."""
    from zorki.jobs.request import Request

    tell = {name: given.pop(name) for name in TELL if name in given}
    file = tell.get("events")
    preview = None if file is None else Path(file).with_name(f"{Path(file).name}.preview.jpg")
    request = Request.of(m, placed, given, preview=preview, spelling=on_command_line, told=tell.get("json", False))
    carried_out(request, tell.get("json", False), tell.get("quiet", False), file)


def carried_out(request: Request, as_json: bool = False, quiet: bool = False, file: str | None = None) -> None:
    """file: of events. Raises what the work ended with, after all that was done was shown."""
    from zorki.core.errors import InputError
    from zorki.jobs.targets import check_apart

    began = time.monotonic()
    check_apart(request, [("--events", file), ("the preview of --events", request.preview)])
    if request.out == "-" and as_json:
        raise InputError("--out=- and --json would both be on stdout.", "It holds one of them.", "Give --out a name, or leave --json out.")
    with terminal.watched(quiet, file):
        from zorki import jobs

        outcome = jobs.carry_out(request)
    if outcome.data is not None:
        streams.data(outcome.data)
    else:
        if not as_json:
            for line in outcome.lines:
                streams.say(line)
        m = request.method
        said = {"command": list(m.typed_words), "out": outcome.paths, "seconds": round(time.monotonic() - began, 3)} | outcome.more
        if outcome.paths or as_json:
            terminal.answer(outcome.paths, (said if outcome.listed is None else outcome.listed) if as_json else None)
    if outcome.end is not None:
        raise outcome.end
