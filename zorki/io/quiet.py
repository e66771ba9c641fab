"""Silence while strangers' files are read: a person gets one sentence from us instead."""

from __future__ import annotations

import contextlib
import logging
import threading
import warnings
from collections.abc import Iterator


def _drop(_record: logging.LogRecord) -> bool:
    return False


_lock = threading.Lock()
_inside: list[contextlib.ExitStack] = []  # what undoes it; as often as there are threads inside


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, Pillow's warnings and the doubts that tifffile and Pillow log are dropped; afterwards all is as before.

    Filters of warnings belong to the whole process, so that of several threads the first sets them and the last puts them back.
    """
    with _lock:
        _inside.append(_inside[0] if _inside else _silenced())
    try:
        yield
    finally:
        with _lock:
            undo = _inside.pop()
            if not _inside:
                undo.close()


def _silenced() -> contextlib.ExitStack:
    undo = contextlib.ExitStack()
    undo.enter_context(warnings.catch_warnings())
    warnings.simplefilter("ignore")
    for log in (logging.getLogger(name) for name in ("tifffile", "PIL.TiffImagePlugin")):
        log.addFilter(_drop)
        undo.callback(log.removeFilter, _drop)
    return undo
