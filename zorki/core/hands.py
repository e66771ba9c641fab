"""Work that falls into parts, done by threads with one torch thread each: they meet at the end, not at every operation.

torch's own threads share each operation and wait for one another behind it. Where the parts are known beforehand that waiting is
saved, and on a machine that others use too nobody waits for a thread that is not running.
"""

from __future__ import annotations

import contextvars
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")
_lock = threading.Lock()
_pools: dict[int, ThreadPoolExecutor] = {}


def count() -> int:
    """How many parts can be worked on at once: torch's threads; 1 inside a part."""
    import torch

    return torch.get_num_threads()


def each(parts: Sequence[Callable[[], T]]) -> list[T]:
    """What the parts give, in their order. Each is done wholly by one thread, in the context of the caller.

    All have ended when it returns or raises; it raises what the first of those that failed raised.
    """
    if len(parts) == 1 or count() == 1:
        return [part() for part in parts]
    pool = workers(count())
    tasks = [pool.submit(contextvars.copy_context().run, part) for part in parts]
    try:
        wait(tasks)
    except BaseException:  # Ctrl-C
        wait(tasks)
        raise
    return [task.result() for task in tasks]


def workers(n: int) -> ThreadPoolExecutor:
    """The pool of n threads, made when it is first asked for."""
    import torch

    with _lock:
        if n not in _pools:
            ready = threading.Barrier(n + 1)

            def alone() -> None:
                torch.get_num_threads()  # a thread takes what is set for all when it is first asked, and not again
                torch.set_num_threads(1)  # of this thread, and what new threads begin with: that is put right below
                ready.wait()

            had = torch.get_num_threads()
            pool = ThreadPoolExecutor(n, thread_name_prefix="zorki")
            for _ in range(n):
                pool.submit(alone)
            ready.wait()
            torch.set_num_threads(had)
            _pools[n] = pool
        return _pools[n]


def forget() -> None:
    """In a forked child the threads are gone."""
    global _lock
    _lock = threading.Lock()
    _pools.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
