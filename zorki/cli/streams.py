"""Stdout is ours alone: a program that reads it gets the answer, and what a network prints, from Python or C++, goes to stderr."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TextIO

_claimed: TextIO | None = None


def claim() -> None:
    """From here on file descriptor 1 is that of stderr, for this process and those it starts; `ours` is what was stdout.

    It is never given back: what a library still holds when the process ends would follow the answer.
    """
    global _claimed
    try:
        ours = os.fdopen(os.dup(1), "w", encoding=sys.stdout.encoding, errors=sys.stdout.errors)
    except OSError:  # closed by whoever called us
        return
    sys.stdout.flush()
    try:
        os.dup2(2, 1)
    except OSError:  # stderr is closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # in order with what we say on stderr
    _claimed = ours


def ours() -> TextIO:
    """Where answers go."""
    return _claimed or sys.stdout


def say(text: Any) -> None:
    """Prints an answer."""
    print(text, file=ours(), flush=True)


def data(content: bytes) -> None:
    """Writes a file's content in place of an answer."""
    ours().buffer.write(content)
    ours().flush()


def paths(names: Sequence[str]) -> None:
    """Prints them, a line each: a program gets the names' own bytes, a person nothing that a terminal would obey."""
    out = ours()
    if out.isatty() or os.name == "nt" or not hasattr(out, "buffer"):
        say("\n".join(map(printable, names)))
    else:
        out.flush()
        data(b"".join(os.fsencode(name) + b"\n" for name in names))


def printable(line: str) -> str:
    """One line without control characters: names and files may hold what a terminal would obey."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in line)


def broken() -> None:
    """Whoever read the answer has enough: nothing more is written."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (ours(), sys.stdout):
        with suppress(OSError, ValueError):
            os.dup2(nowhere, stream.fileno())
