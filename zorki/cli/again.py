"""Repeat a picture from what it remembers: drawing settings only, never code, never where to write."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zorki.core.errors import InputError
from zorki.core.method import Input


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

    from zorki import io
    from zorki.cli import streams
    from zorki.cli.work import work
    from zorki.core.settings import options
    from zorki.studio.shelves import method

    record = io.read_settings(result)
    if record is None:
        raise InputError(f"{Path(result).name} does not say how it was made.", "Only pictures that Zorki wrote do.")
    try:
        m = method(*record["command"])
        files = {o.name for o in options(m.settings) if o.file}  # no record says where to write
        given = {k: tuple(v) if isinstance(v, list) else v for k, v in record["options"].items() if k not in files}
        chosen = m.fill(None, given)
        marks = dict(record.get("marks", {}))
        names = {str(k): [str(x) for x in v] if isinstance(v, list) else str(v) for k, v in record["pictures"].items()}
        model = str(record["model"])
        span = io.span_text(record.get("range"))
        if set(names) - set(m.inputs) or {n for n, i in m.inputs.items() if not i.option} - set(names):
            raise KeyError("pictures")
    except (KeyError, TypeError, AttributeError, ValueError) as e:
        raise InputError(
            f"What {Path(result).name} says of its making is damaged.", "It names no command, pictures and options that fit."
        ) from e
    line = streams.printable(m.command(names, chosen, model) + ("" if span is None else f" --range {span}"))
    if show:
        streams.say(line)
        return
    print(line, file=sys.stderr)
    from zorki import weights

    if model not in weights.names():
        raise InputError(
            f"It was made with the model {model!r}, which is code of somebody's or not here.", "Type the command yourself if you trust it."
        )
    found = {
        n: [str(beside(Path(result), x, m.inputs[n].many)) for x in ([name] if isinstance(name, str) else name)]
        for n, name in names.items()
    }
    for n, paths in found.items():
        if n in marks and mark(paths, m.inputs[n], span) not in (None, marks[n]):
            print(
                f"{streams.printable(', '.join(paths))} is not what {Path(result).name} was made from, though it has its name.",
                file=sys.stderr,
            )
    placed = [path for n, i in m.inputs.items() if not i.option for path in found.pop(n)]
    work(
        m,
        placed,
        given
        | {n: paths if m.inputs[n].many else paths[0] for n, paths in found.items()}
        | {"model": model, "json": json_, "quiet": quiet, "range": span},
    )


def mark(paths: list[str], its: Input, span: str | None) -> str | None:
    """What a record says of an input's content; None for many photographs, which are known by their times alone."""
    from zorki import io

    if its.twice:
        return io.PhotoSet(paths, twice=True, range=span).content
    if its.vector:
        return io.marked(io.open_vector(paths[0]))
    return None if its.many else io.marked(io.open_photo(paths[0], range=span))


def beside(result: Path, name: str, folders: bool) -> Path:
    """The file (or folder) of that plain name beside the result, else in the current folder. Raises InputError."""
    if Path(name).name != name or name in ("", ".."):
        raise InputError(f"{result.name} names a picture with a path ({name!r}).", "Only plain file names are looked for.")
    for folder in (result.parent, Path()):
        if os.path.exists(folder / name) if folders else os.path.isfile(folder / name):
            return folder / name
    raise InputError(f"{result.name} was made from {name}, which is not beside it nor here.", f"Put {name} into this folder and try again.")
