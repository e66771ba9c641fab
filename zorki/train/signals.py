"""Ctrl-C and SIGTERM wait for the end of a step, so that the state that is written is one of whole steps."""

from __future__ import annotations

import signal
import threading
from types import TracebackType
from typing import Any


class Signals:
    """Inside `with`, either is remembered; on leaving, whoever would have heard it hears it. In another thread than the main one nothing is done.

    came: the signal that has come, None as yet. One that comes a second time is heard at once.
    """

    def __init__(self) -> None:
        self.came: int | None = None
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            self.before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def wait(self) -> None:
        """From here on they wait."""
        for number in self.before:
            signal.signal(number, self.hear)

    def hear(self, number: int, frame: Any) -> None:
        first, self.came = self.came is None, number
        if not first:
            self.pass_on(frame)

    def pass_on(self, frame: Any = None) -> None:
        """To whom it would have gone."""
        assert self.came is not None
        earlier = self.before[self.came]
        if callable(earlier):
            earlier(self.came, frame)
        elif earlier == signal.SIG_DFL:
            signal.signal(self.came, signal.SIG_DFL)
            signal.raise_signal(self.came)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, earlier in self.before.items():
            signal.signal(number, signal.SIG_DFL if earlier is None else earlier)  # None: it was not Python that had set it
        if self.came is not None and kind is None:
            self.pass_on()
