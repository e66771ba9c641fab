"""Arrays under names in one file: what was reckoned once and is looked up again."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from zorki.core import folders
from zorki.io.disk import atomic_write
from zorki.io.photo import Array


def cached(kind: str, key: str) -> Path:
    """Where such a file lies in the user's cache folder, which is made if need be. Raises OSError."""
    home = folders.cache()
    if home is None:
        raise OSError("there is no home folder")
    folder = home / kind
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{key}.npz"


def tidied(folder: Path, keep: int) -> None:
    """Of what lies in a cache folder only the files used last are kept. Whoever uses one says so by `used`."""
    times: list[tuple[float, Path]] = []
    for path in folder.iterdir():
        with suppress(OSError):  # another process may have cleared up
            times.append((path.stat().st_mtime, path))
    for _, path in sorted(times, reverse=True)[keep:]:
        with suppress(OSError):
            path.unlink()


def used(path: Path) -> None:
    """Marks a file of the cache as used now."""
    with suppress(OSError):
        os.utime(path)


def write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """Whole or not at all, replacing what stood there. Raises InputError, Stopped."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    atomic_write(path, buffer.getvalue())


def read_arrays(path: Path) -> dict[str, Array] | None:
    """What `write_arrays` wrote; None where nothing stands, or something else. Nothing in the file is run."""
    try:
        with path.open("rb") as handle, np.load(handle, allow_pickle=False) as found:
            return {name: found[name] for name in found.files}
    except Exception:  # a damaged file raises whatever zip and numpy like
        return None
