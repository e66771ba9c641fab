"""What happens while it works: told by whoever works, heard by whoever asked.

Nothing is printed here. A listener is set for the current context only, so threads and notebooks do not hear each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace

from zorki.core.spelling import Spelling, in_python


@dataclass(frozen=True)
class Event:
    """`step` of `of` done in `stage`; parts of the loss; `note`: a sentence for the person; preview: a file.

    unit: "bytes", "share" (of all work, in thousandths), "frames" (of a film, in thousandths of one) or steps. left: seconds, from whoever
    knows better than the pace of the steps. rate: frames a second.
    """

    stage: str
    step: int = 0
    of: int = 0
    loss: float | None = None
    parts: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    preview: str = ""
    unit: str = ""
    left: float | None = None
    rate: float | None = None
    at: float = field(default_factory=time.monotonic)


Listener = Callable[[Event], None]
_listeners: ContextVar[tuple[Listener, ...]] = ContextVar("listeners", default=())


def tell(stage: str, step: int = 0, of: int = 0, **more: object) -> None:
    """Tells an event to all who listen in this context; costs nothing when nobody does."""
    listeners = _listeners.get()
    if listeners:
        event = Event(stage, step, of, **more)  # type: ignore[arg-type]
        for listener in listeners:
            listener(event)


def note(sentence: str) -> None:
    """A sentence that the person should read; options and commands in it are spelled as core/spelling.py says."""
    tell("note", note=sentence)


@contextmanager
def listen(listener: Listener, spelling: Spelling = in_python) -> Iterator[None]:
    """Hears every event told inside; notes in Python's words, unless others are asked for."""

    def hear(event: Event) -> None:
        listener(replace(event, note=spelling(event.note)) if event.note else event)

    token = _listeners.set((*_listeners.get(), hear))
    try:
        yield
    finally:
        _listeners.reset(token)


@contextmanager
def translated(change: Callable[[Event], Event | None]) -> Iterator[None]:
    """Whoever listens outside hears every event told inside as `change` makes it; nothing where it makes None of it. Its notes are as written."""
    outer = _listeners.get()

    def pass_on(event: Event) -> None:
        changed = change(event)
        if changed is not None:
            for listener in outer:
                listener(changed)

    token = _listeners.set((pass_on,) if outer else ())
    try:
        yield
    finally:
        _listeners.reset(token)


class Clock:
    """Seconds left, from the pace of the steps so far; None until two steps of a stage are known."""

    def __init__(self) -> None:
        self.stage, self.start, self.first = "", 0.0, 0

    def left(self, event: Event) -> float | None:
        if event.left is not None:
            return event.left
        if event.stage != self.stage:
            self.stage, self.start, self.first = event.stage, event.at, event.step
        done = event.step - self.first
        if done < 1 or event.of <= 0:
            return None
        return (event.at - self.start) / done * (event.of - event.step)


def spoken(seconds: float) -> str:
    """A time as a person says it: 8 s, 2 min, 1 h 20 min."""
    if seconds < 100:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
