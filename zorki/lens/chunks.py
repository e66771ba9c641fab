"""How many at a time: as many as the memory holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import torch

from zorki.core.errors import InputError

SHARE = 0.25  # of what is free: activations have company (gradients, copies, the rest of the machine)


def chunk(n_items: int, bytes_each: float, budget: float | None = None, *, device: torch.device | str = "cpu") -> Iterator[slice]:
    """Slices that cover 0..n_items in order, each of as many items as `budget` bytes hold, and at least one.

    budget: not given, a quarter of what is free on `device` now. Raises InputError for negative numbers.
    """
    if n_items < 0 or bytes_each < 0 or (budget is not None and budget < 0):
        raise InputError(f"{n_items} items of {bytes_each} bytes in {budget}.", "None of these may be negative.", "Give numbers from 0 up.")
    room = SHARE * free_memory(device) if budget is None else budget
    size = max(1, min(n_items, int(room // bytes_each) if bytes_each else n_items))
    return (slice(start, min(start + size, n_items)) for start in range(0, n_items, size))


def free_memory(device: torch.device | str = "cpu") -> int:
    """Bytes free on a device now; on a processor within the limit of its container."""
    device = torch.device(device)
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    free = [line.split()[1] for line in read("/proc/meminfo").splitlines() if line.startswith("MemAvailable")]
    if free:
        found = int(free[0]) * 1024
    elif hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        found = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2  # no word on what is free: half of all
    else:
        found = 2 << 30
    limit, used = read("/sys/fs/cgroup/memory.max").strip(), read("/sys/fs/cgroup/memory.current").strip()
    return max(0, min(found, int(limit) - int(used))) if limit.isdecimal() and used.isdecimal() else found


def read(path: str) -> str:
    """A small file's text, empty where there is none."""
    try:
        return Path(path).read_text()
    except OSError:
        return ""
