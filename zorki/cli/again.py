"""Repeat a picture from what it remembers: drawing settings only, never code, never where to write."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter


def again(
    result: Annotated[str, Parameter(help="a picture that Zorki made")],
    /,
    *,
    show: Annotated[bool, Parameter(negative=(), help="only print the command")] = False,
    json_: Annotated[bool, Parameter(name="--json", negative=(), help="one JSON value on stdout")] = False,
    quiet: Annotated[bool, Parameter(negative=(), help="no progress")] = False,
) -> None:
    """Show how a picture was made, and make it again beside the old one. Its inputs are looked for beside it and here."""
    import sys
    from pathlib import Path

    from zorki.cli import streams
    from zorki.cli.work import carried_out
    from zorki.core.spelling import on_command_line
    from zorki.jobs.records import Record

    record = Record.of(result)
    line = streams.printable(record.command)
    if show:
        streams.say(line)
        return
    print(line, file=sys.stderr)
    request = record.request(on_command_line)
    for paths in record.changed():
        print(f"{streams.printable(paths)} is not what {Path(result).name} was made from, though it has its name.", file=sys.stderr)
    carried_out(request, as_json=json_, quiet=quiet)
