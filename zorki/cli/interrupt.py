"""Ctrl-C: at once where nothing is lost, at the next step while drawing, and after the file while one is being written.

A KeyboardInterrupt in the middle of an import can end in an abort inside a library, and one that a library swallows half
decides the exit status; so it is raised only where it is awaited.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def at_once() -> None:
    """From here on Ctrl-C ends the process with status 130: nothing was drawn yet.

    A shell starts background jobs with SIGINT ignored; whoever sends one all the same means it.
    """
    signal.signal(signal.SIGINT, leave)


def leave(*_: Any) -> None:
    os.write(2, b"zorki: Stopped by Ctrl-C. Nothing was drawn yet.\n")
    os._exit(130)


@contextmanager
def awaited() -> Iterator[None]:
    """Ctrl-C raises KeyboardInterrupt inside."""
    with handled(signal.default_int_handler):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C is not heard inside: what was drawn is being written."""
    with handled(signal.SIG_IGN):
        yield


@contextmanager
def handled(handler: Any) -> Iterator[None]:
    before = signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
