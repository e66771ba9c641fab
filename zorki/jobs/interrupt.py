"""Ctrl-C, and SIGTERM as docker and Slurm send it: at once where nothing is lost, at the next step while drawing, and after the file
while one is being written.

A KeyboardInterrupt in the middle of an import can end in an abort inside a library, and one that a library swallows half
decides the exit status; so it is raised only where it is awaited.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143}
_late: int | None = None  # what came while a file was being written


class Terminated(KeyboardInterrupt):
    """SIGTERM: whatever ends well on Ctrl-C does on this."""


def at_once() -> None:
    """From here on either ends the process with its status: nothing was drawn yet.

    A shell starts background jobs with SIGINT ignored; whoever sends one all the same means it.
    """
    for number in STATUS:
        signal.signal(number, leave)


def leave(number: int, *_: Any) -> None:
    os.write(2, f"zorki: {named(number == signal.SIGTERM)} Nothing was drawn yet.\n".encode())
    os._exit(STATUS[signal.Signals(number)])


def named(terminated: bool) -> str:
    return "Stopped by SIGTERM." if terminated else "Stopped by Ctrl-C."


def said(stop: KeyboardInterrupt, kept: str = "") -> KeyboardInterrupt:
    """The same with a sentence for the person: what was kept."""
    return type(stop)(" ".join([named(isinstance(stop, Terminated)), kept]).strip())


def status(stop: KeyboardInterrupt) -> int:
    return STATUS[signal.SIGTERM if isinstance(stop, Terminated) else signal.SIGINT]


def stop(number: int, *_: Any) -> None:
    """Raises Terminated or KeyboardInterrupt."""
    raise Terminated if number == signal.SIGTERM else KeyboardInterrupt


@contextmanager
def awaited() -> Iterator[None]:
    """Either raises KeyboardInterrupt inside; at once, when one came while a file was being written."""
    global _late
    with handled(stop):
        if in_main_thread() and _late is not None:
            late, _late = _late, None
            stop(late)
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Neither is heard inside, what was drawn is being written; the next `awaited` is told."""

    def wait(number: int, *_: Any) -> None:
        global _late
        _late = number

    with handled(wait):
        yield


def in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def handled(handler: Any) -> Iterator[None]:
    """Both signals go to `handler` inside; of a thread beside the main one, as a server has, they are no business."""
    if not in_main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in STATUS}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier or signal.SIG_DFL)  # None: it was not Python that had set it


def over() -> None:
    """All is written: from here on neither changes anything."""
    for number in STATUS:
        signal.signal(number, signal.SIG_IGN)
