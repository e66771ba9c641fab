"""A film on the disk, read frame by frame through PyAV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core import events
from zorki.core.errors import InputError
from zorki.io.files import a_path, existing_file
from zorki.io.photo import Floats

SAMPLED = 1 << 20  # bytes at either end by which a film is known again; beside its length


@dataclass(frozen=True)
class Video:
    """A film. hw: of its frames, as they are shown; rate: frames a second, on average; frames: how many, 0 where the file does not say.

    Looping over it yields (seconds from the start, (h, w, 3) float32 sRGB 0..1) in the order of showing, decoded when asked for; each loop
    begins anew. A film that ends before the frames that it promises is told of; one that cannot be decoded raises InputError.
    """

    path: Path
    hw: tuple[int, int]
    rate: float
    frames: int

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def mark(self) -> str:
        """By what its content is known again."""
        size = self.path.stat().st_size
        with self.path.open("rb") as f:
            digest = hashlib.blake2b(f.read(SAMPLED), digest_size=16)
            f.seek(max(0, size - SAMPLED))
            digest.update(f.read(SAMPLED))
        return f"{size} {digest.hexdigest()}"

    def __iter__(self) -> Iterator[tuple[float, Floats]]:
        import av

        with av.open(str(self.path), metadata_errors="replace") as container:
            stream, seen = container.streams.video[0], 0
            stream.thread_type = "AUTO"
            begin: float | None = None
            try:
                for frame in container.decode(stream):
                    at = float(frame.time if frame.time is not None else 0.0)
                    begin = at if begin is None else begin
                    yield at - begin, upright(frame)
                    seen += 1
            except av.FFmpegError as e:
                raise InputError(f"{self.name} breaks off: {e.strerror}.", "A film has an end.", "Copy it again.") from e
        if seen < self.frames:
            events.note(f"{self.name} breaks off: {seen} of its {self.frames} frames are there.")


def upright(frame: Any) -> Floats:
    """(h, w, 3) float32 in 0..1 of a decoded frame, turned as it is to be shown."""
    pixels = frame.to_ndarray(format="rgb24")
    turns = round(getattr(frame, "rotation", 0) / 90) % 4  # counter-clockwise, as numpy turns
    return np.ascontiguousarray(np.rot90(pixels, turns)).astype(np.float32) / np.float32(255)


def open_video(source: str | Path | Video) -> Video:
    """Looks at a film's first frame. Raises InputError for a file that is none, or has sound alone."""
    if isinstance(source, Video):
        return source
    import av

    path = existing_file(a_path(source, "a film"))
    try:
        with av.open(str(path), metadata_errors="replace") as container:
            if not container.streams.video:
                raise InputError(f"{path.name} has no picture.", "A film has frames; this is sound.", "Give another file.")
            stream = container.streams.video[0]
            first = next(container.decode(stream), None)
            if first is None:
                raise InputError(f"{path.name} holds no frame.", "A film has some.", "Give another file.")
            h, w = upright(first).shape[:2]
            return Video(path, (h, w), float(stream.average_rate or stream.guessed_rate or 25), int(stream.frames))
    except av.FFmpegError as e:
        raise InputError(
            f"{path.name} is no film that can be read: {e.strerror}.", "MP4, MOV, WebM, MKV and AVI are.", "Give another file."
        ) from e
