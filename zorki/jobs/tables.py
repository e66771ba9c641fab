"""Tables of rows (CSV, UTF-8) that lie beside results, and what was found in a film's frames, kept until it is whole."""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Any

from zorki import io
from zorki.io.disk import trouble


def write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]], force: bool) -> None:
    """Whole or not at all; a byte of a file's name that is no letter as \\udce9. Raises what `io.atomic` raises."""
    with io.atomic(path, force) as temporary, temporary.open("w", encoding="utf-8", errors="backslashreplace", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def begins(path: Path, columns: Sequence[str]) -> bool:
    """Whether a file is such a table."""
    try:
        with path.open(encoding="utf-8", newline="") as handle:
            return next(csv.reader(handle), None) == list(columns)
    except (OSError, ValueError, csv.Error):
        return False


class Log:
    """Lines of text in a file, one for each frame: those of an earlier run first, then new ones. A last line that a kill cut off is made again. Raises Stopped where
    the disk is full."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.touch()
            self._handle: IO[bytes] = path.open("rb+")
        except OSError as error:
            raise trouble(error, path) from error
        self._old = True

    def next(self) -> str | None:
        """The next line that is there; None when it is time to add."""
        if not self._old:
            return None
        at = self._handle.tell()
        line = self._handle.readline()
        if line.endswith(b"\n"):
            return line[:-1].decode()
        self._handle.seek(at)
        self._handle.truncate()
        self._old = False
        return None

    def add(self, text: str) -> None:
        """One more, on the disk as far as a kill goes."""
        try:
            self._handle.write(text.encode() + b"\n")
            self._handle.flush()
        except OSError as error:
            raise trouble(error, self.path) from error

    def close(self) -> None:
        self._handle.close()


class Rows:
    """A table in the making, row by row, so that memory stays flat however long it gets."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self.path = path
        try:
            self._handle = path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        except OSError as error:
            raise trouble(error, path) from error
        self._writer = csv.writer(self._handle, lineterminator="\n")
        self.add([columns])

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._writer.writerows(rows)
        except OSError as error:
            raise trouble(error, self.path) from error

    def publish(self, path: Path, force: bool, ready: Callable[[Path], None] | None = None) -> None:
        """All rows by now as a file of their own. ready: is told where it lies before it appears as `path`. Raises what `io.atomic` raises."""
        try:
            self._handle.flush()
            os.fsync(self._handle.fileno())
        except OSError as error:
            raise trouble(error, path) from error
        with io.atomic(path, force) as temporary:
            with self.path.open("rb") as rows, temporary.open("wb") as copy:
                while part := rows.read(1 << 20):
                    copy.write(part)
            if ready is not None:
                ready(temporary)

    def close(self) -> None:
        self._handle.close()
