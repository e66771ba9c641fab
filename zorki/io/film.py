"""A climb as a film: MP4 and WebP through PyAV as it grows, GIF through Pillow."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from zorki.core.errors import InputError, Stopped
from zorki.io.colour import floats, levels
from zorki.io.disk import check_target, publish, temporary_name, trouble
from zorki.io.photo import Array
from zorki.io.scale import resize
from zorki.io.settings import add_to_webp, to_text

_CODECS = {"mp4": ("libx264", "h264", "mpeg4"), "webp": ("libwebp_anim",)}


class Film:
    """Frames in, a film out: `with Film("climb.mp4", fps=15) as film: film.add(picture)`.

    target: a path (.mp4, .gif, .webp) or a BytesIO with `format`. The first frame sets the size, frames of another size are fitted to it.
    The file appears when the film is closed; after an exception or Ctrl-C it holds the frames so far, and without any there is no file.
    Raises InputError as `save_photo` does, Stopped when the disk is full.
    """

    def __init__(
        self,
        target: str | Path | io.BytesIO,
        fps: float = 15,
        format: str | None = None,
        force: bool = False,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.path = None if isinstance(target, io.BytesIO) else Path(target)
        kind = format or (self.path.suffix.lower().lstrip(".") if self.path else "")
        if kind not in ("mp4", "gif", "webp"):
            raise InputError(
                f"A film cannot be a {kind or 'file without ending'}.", "It ends in .mp4, .gif or .webp.", "Choose one of these."
            )
        if not 0 < fps <= 240:
            raise InputError(f"{fps} frames per second came.", "0 to 240 make a film.", "Try 15.")
        if self.path:
            check_target(self.path, force)
            self._temporary = temporary_name(Path(os.path.realpath(self.path)))
        self.frames = 0
        self._kind, self._fps, self._settings = kind, Fraction(fps).limit_denominator(1001), settings
        self._out: str | io.BytesIO = target if isinstance(target, io.BytesIO) else str(self._temporary)
        self._writer: _Stream | _Gif | None = None
        self._hw = (0, 0)

    def add(self, pixels: Array) -> None:
        """Appends one frame: (h, w, 3) uint8 or float 0..1."""
        if self._writer is None:
            self._hw = (int(pixels.shape[0]), int(pixels.shape[1]))
        if pixels.shape[:2] != self._hw:
            pixels = resize(floats(pixels), self._hw)
        frame = pixels if pixels.dtype == np.uint8 else levels(pixels.astype(np.float32, copy=False), 8)
        with self._world():
            if self._writer is None:
                self._writer = self._begin(frame)
            self._writer.add(frame)
        self.frames += 1

    def _begin(self, frame: Array) -> _Stream | _Gif:
        text = to_text(self._settings) if self._settings is not None else ""
        return _Gif(self._out, self._fps, text) if self._kind == "gif" else _Stream(self._out, self._kind, self._fps, text, frame)

    def close(self) -> None:
        """Ends the film and brings it to its name. Does nothing when called again or without a frame."""
        writer, self._writer = self._writer, None
        if writer is None:
            return
        try:
            with self._world():
                writer.close()
                if self.path:
                    if self._kind == "webp" and self._settings is not None:
                        add_to_webp(self._temporary, self._settings)
                    publish(self._temporary, Path(os.path.realpath(self.path)))
        finally:
            self._clean()

    def _clean(self) -> None:
        if self.path:
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _world(self) -> Any:
        try:
            yield
        except OSError as error:
            raise trouble(error, self.path or Path("film")) from error
        except MemoryError as error:
            raise Stopped(
                "There is not enough memory for the film.", "It holds a frame of each picture drawn.", "Choose a smaller --size."
            ) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self.close()
        except Exception:
            if error is None:  # else the first error is the one to tell
                raise
        finally:
            self._clean()


class _Stream:
    """MP4 (H.264, 4:2:0) or WebP, written frame by frame."""

    def __init__(self, out: str | io.BytesIO, kind: str, fps: Fraction, text: str, first: Array) -> None:
        import av

        codec = next(name for name in _CODECS[kind] if name in av.codecs_available)
        options = {"loop": "0"} if kind == "webp" else {"movflags": "+faststart"} if isinstance(out, str) else {}
        self._av, self._container = av, av.open(out, "w", format=kind, options=options)
        if text:
            self._container.metadata["comment"] = text
        stream: Any = self._container.add_stream(codec, rate=fps)
        height, width = first.shape[:2]
        even = 2 if kind == "mp4" else 1  # 4:2:0 has one colour for two by two pixels, and H.264 no halves of that
        stream.width, stream.height = width + -width % even, height + -height % even
        stream.pix_fmt = "yuv420p"
        stream.options = {"quality": "85"} if kind == "webp" else {"crf": "18"}
        self._stream = stream

    def add(self, frame: Array) -> None:
        height, width = frame.shape[:2]
        more = ((0, self._stream.height - height), (0, self._stream.width - width), (0, 0))
        even = np.pad(frame, more, mode="edge")
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
        self._container.mux(self._stream.encode(picture))

    def close(self) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()


class _Gif:
    """GIF with a palette a frame; kept in memory with one byte a pixel until closed."""

    def __init__(self, out: str | io.BytesIO, fps: Fraction, text: str) -> None:
        self._out, self._fps, self._text = out, fps, text
        self._frames: list[Any] = []

    def add(self, frame: Array) -> None:
        from PIL import Image

        self._frames.append(Image.fromarray(frame).quantize(256))

    def close(self) -> None:
        # a GIF counts hundredths of a second: the rounding is carried on, so that the whole has the right length
        ends = [max(i, round(i * 100 / self._fps)) for i in range(len(self._frames) + 1)]
        waits = [10 * (after - before) for before, after in itertools.pairwise(ends)]
        extra = {"comment": self._text.encode()} if self._text else {}
        rest = self._frames[1:]
        self._frames[0].save(
            self._out, "GIF", save_all=True, append_images=rest, duration=waits, loop=0, optimize=False, disposal=1, **extra
        )
