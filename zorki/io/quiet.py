"""Silence while strangers' files are read: a person gets one sentence from us instead."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator


def _drop(_record: logging.LogRecord) -> bool:
    return False


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Inside, Pillow's warnings and the doubts that tifffile and Pillow log are dropped; afterwards all is as before."""
    logs = [logging.getLogger(name) for name in ("tifffile", "PIL.TiffImagePlugin")]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for log in logs:
            log.addFilter(_drop)
        try:
            yield
        finally:
            for log in logs:
                log.removeFilter(_drop)
