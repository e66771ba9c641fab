"""How the process keeps memory, where its allocator is glibc's; elsewhere nothing of this does anything."""

from __future__ import annotations

import os
import sys
from typing import Any

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -2, -3, -4  # glibc's malloc.h
KEPT, GROWN = 2**31 - 1, 64 * 2**20  # bytes kept when freed; bytes by which the heap grows
ALONE = 96 * 2**20  # bytes: such a block is a large picture, of which few fit beside each other, so it is given back at once
LARGE = 4_000_000  # pixels of a picture from which on pieces that nothing fits into any more are worth giving back


def libc() -> Any:
    import ctypes

    if sys.platform != "linux" or any(name.startswith("MALLOC_") for name in os.environ):
        return None
    try:
        return ctypes.CDLL(None)
    except OSError:
        return None


def thrifty() -> None:
    """Keeps freed memory for the next step: maps of the same size come and go at every one, and fresh memory must be zeroed first.

    Saves more than a quarter of a drawing's time (benchmarks/run.py).
    """
    mallopt = getattr(libc(), "mallopt", None)
    if mallopt is not None:
        alone = mallopt(M_MMAP_THRESHOLD, ALONE)  # refused by a glibc that allows a third of it at most
        for option, value in ((M_MMAP_MAX, 2**16 if alone else 0), (M_TRIM_THRESHOLD, KEPT), (M_TOP_PAD, GROWN)):
            mallopt(option, value)


def trimmed() -> None:
    """Gives back what was freed: of a large picture that grows from stage to stage no smaller piece is of use again."""
    trim = getattr(libc(), "malloc_trim", None)
    if trim is not None:
        trim(0)
