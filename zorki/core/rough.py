"""Whether rounding matters now: what measures wants every digit, what draws has some to spare for speed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_DRAWN: ContextVar[bool] = ContextVar("drawn", default=False)


def rough() -> bool:
    """True where the last two or three digits of a float32 may go."""
    return _DRAWN.get()


@contextmanager
def roughly() -> Iterator[None]:
    """Inside `with`, in this thread, `rough()` is true."""
    before = _DRAWN.set(True)
    try:
        yield
    finally:
        _DRAWN.reset(before)
