"""A film in the making: its frames in closed stretches on the disk, so that a kill loses little and the same work goes on.

Stretches have the same bounds however often the work is broken off, and each is coded alone: so the film is the unbroken one, to the bit.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.codings import Coding, Stretch
from zorki.io.disk import UNFINISHED, atomic, atomic_write, publish, temporary_name, trouble
from zorki.io.photo import Array
from zorki.io.video import mark_of

LEFT = "left.json"  # which film was left when the work was broken off
LENGTH = 48  # frames of a stretch


class Unfinished:
    """The folder of one film. done: frames that are in closed stretches; whoever goes on adds the frame of that number next.

    path: of the film, beside which the folder lies; key: by which the same work is known again. Raises InputError where another process is
    at the same film, or what the disk says.
    """

    def __init__(self, path: Path, key: str, coding: Coding, hw: tuple[int, int], rate: Fraction, aspect: Fraction = Fraction(1)) -> None:
        from filelock import FileLock, Timeout

        self.path, self.folder = path, folder_of(path, key)
        self.coding, self._how = coding, (hw, rate, aspect)
        with self._world():
            self.folder.mkdir(exist_ok=True)
            self._lock = FileLock(self.folder / "lock")
            try:
                self._lock.acquire(blocking=False)
            except Timeout:
                raise InputError(f"{path.name} is being made already.", "Another process is at the same film.", "Wait for it.") from None
        self._tail: Path | None = None
        self._open: Stretch | None = None
        for cut in self.folder.glob(f"{UNFINISHED}*"):  # what a kill left half written
            cut.unlink()
        self._temporary = temporary_name(self.folder / "open.mkv")
        self.done = self._found()
        self.count = self.done

    def _found(self) -> int:
        """Frames in closed stretches; what does not follow upon them goes."""
        end = 0
        for first, last, path in self._closed():
            if first == end and last - first == LENGTH:
                end = last
            else:
                path.unlink()
        return end if not end or self.kept(end - 1) is not None else 0

    def _closed(self) -> list[tuple[int, int, Path]]:
        names = sorted(p.stem for p in self.folder.glob("[0-9]*-[0-9]*.mkv"))
        return [(int(name[:8]), int(name[9:]), self.folder / f"{name}.mkv") for name in names]

    def kept(self, number: int) -> Array | None:
        """The frame of that number as it was painted, where it was kept."""
        try:
            return np.load(self.folder / f"{number:08d}.npy")  # type: ignore[no-any-return]
        except (OSError, ValueError):
            return None

    def add(self, pixels: Array, keep: bool = False) -> None:
        """The next frame, (h, w, 3) uint8. keep: it took so long that it is worth keeping before its stretch is closed."""
        with self._world():
            if self._open is None:
                self._open = Stretch(self._temporary, self.coding, *self._how)
            self._open.add(pixels)
            full = self._open.frames == LENGTH
            if keep or full:
                with atomic(self.folder / f"{self.count:08d}.npy") as temporary, temporary.open("wb") as f:
                    np.save(f, pixels)
            self.count += 1
            if full:
                self._close(self.folder / f"{self.done:08d}-{self.count:08d}.mkv")
                self.done = self.count
                self._clear(self.count - 1)

    def _close(self, path: Path) -> None:
        assert self._open is not None
        stretch, self._open = self._open, None
        stretch.close()
        publish(self._temporary, path)

    def _clear(self, number: int) -> None:
        """Of the frames kept all before that one go."""
        for path in self.folder.glob("[0-9]*.npy"):
            if int(path.stem) < number:
                path.unlink()

    def end(self) -> None:
        """No frame comes now: what is open plays too, but is made again by whoever goes on."""
        if self._open is not None:
            with self._world():
                self._tail = self.folder / "tail.mkv"
                self._close(self._tail)

    def left(self, path: Path, *beside: Path) -> None:
        """Remembers the film that is left for now, and what lies beside it, so that going on may replace them."""
        real = Path(os.path.realpath(path))
        more = {other.name: mark_of(other) for other in beside}
        atomic_write(self.folder / LEFT, json.dumps({"name": real.name, "mark": mark_of(real), "beside": more}))

    def coming(self, path: Path, temporary: Path) -> None:
        """Remembers a file that is about to appear as `path`, the film or what lies beside it, by its content: so whoever goes on after a kill knows it for ours."""
        name = Path(os.path.realpath(path)).name if path == self.path else path.name
        said = remembered(self.folder / LEFT)
        said["coming"] = said.get("coming", {}) | {name: mark_of(temporary)}
        with self._world():
            atomic_write(self.folder / LEFT, json.dumps(said))

    @property
    def stretches(self) -> list[Path]:
        """The files that make the film, in their order."""
        return [path for _, _, path in self._closed()] + ([self._tail] if self._tail else [])

    def release(self) -> None:
        """Others may go on from here."""
        with contextlib.suppress(Exception):
            if self._open is not None:
                self._open.close()
        self._lock.release()
        if not self.count:
            self.remove()

    def remove(self) -> None:
        """All is in the film."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)

    @contextlib.contextmanager
    def _world(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise trouble(error, self.path) from error


def is_unfinished(path: Path, key: str = "*") -> bool:
    """Whether a film, and what lies beside it, is what broken work (of that key) left, just as it left it: then whoever goes on may replace it."""
    real = Path(os.path.realpath(path))
    if not real.is_file():
        return False
    for left in real.parent.glob(f"{UNFINISHED}film-{key}/{LEFT}"):
        said = remembered(left)
        beside, coming = said.get("beside", {}), said.get("coming", {})
        with contextlib.suppress(OSError):
            ours = mark_of(real) in (said["mark"] if said.get("name") == real.name else None, coming.get(real.name))
            others = {path.with_name(name): (beside.get(name), coming.get(name)) for name in {*beside, *coming} - {real.name}}
            if ours and not any(other.exists() and mark_of(other) not in marks for other, marks in others.items()):
                return True
    return False


def remembered(left: Path) -> dict[str, Any]:
    """What broken work says of the files that it left: name and mark of the film, marks of what lies beside it, and of what was about to appear, by names."""
    try:
        said = json.loads(left.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def folder_of(path: Path, key: str) -> Path:
    """Where the film of that key is in the making."""
    return Path(os.path.realpath(path)).parent / f"{UNFINISHED}film-{key}"
