"""How the frames of a film are coded, by the ending of its file and its size; and one closed stretch of it, coded alone."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from zorki.core.errors import InputError
from zorki.io.disk import check_target
from zorki.io.frames import BT709, CAREFUL
from zorki.io.photo import Array

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska", ".webm": "webm", ".gif": "gif", ".webp": "webp"}
"""The endings of films that are written, and what writes them."""
FASTEST = 500  # frames a second, of what an encoder is told
H264 = {"crf": "18", "preset": "veryfast"} | {
    "bf": "0",  # no frame is coded before one that is shown earlier, so that stretches can be joined
    "mbtree": "0",  # with it x264 does not always make the same of the same frames: in 1 of 20 runs beside a decoder, in none of 80 without
}
VP9 = {"crf": "22", "b:v": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1", "lag-in-frames": "0"}


@dataclass(frozen=True)
class Coding:
    """muxer, codec: as libav calls them; pixels: the layout; final: whether the packets go into the file as they are, else they are decoded again."""

    muxer: str
    codec: str
    pixels: str
    options: Mapping[str, str] = field(default_factory=dict)
    final: bool = True

    @classmethod
    def of(cls, path: Path, hw: tuple[int, int]) -> Coding:
        """H.264, which plays everywhere; it has one colour for two by two pixels, so that of odd sizes it is VP9, which knows halves, or, in
        .mov, which does not take VP9, H.264 with a colour for each pixel. GIF and WebP are made at the end, of frames kept without loss.

        Raises InputError for an ending that is no film's.
        """
        import av

        muxer, odd = muxer_of(path), bool(hw[0] % 2 or hw[1] % 2)
        if muxer in ("gif", "webp"):
            return cls(muxer, "ffv1", "bgr0", final=False)
        if muxer == "webm" or (odd and muxer != "mov"):
            return cls(muxer, "libvpx-vp9", "yuv420p", VP9)
        codec = next(name for name in ("libx264", "h264", "mpeg4") if name in av.codecs_available)
        return cls(muxer, codec, "yuv444p" if odd else "yuv420p", H264)


def muxer_of(path: Path) -> str:
    """Raises InputError for an ending that is no film's."""
    if path.suffix.lower() not in MUXERS:
        raise InputError(
            f"{path.name} does not end like a film.", f"Films are written as {', '.join(MUXERS)}.", f"Write --out={path.stem}.mp4."
        )
    return MUXERS[path.suffix.lower()]


def check_film_target(path: Path, force: bool) -> None:
    """Before work is spent on it: may a film be written to `path`? Raises InputError."""
    muxer_of(path)
    check_target(path, force)


class Stretch:
    """Frames coded alone, beginning with one that stands for itself. target: a file or a BytesIO, in Matroska, whatever the film will be."""

    def __init__(
        self, target: Path | io.BytesIO, coding: Coding, hw: tuple[int, int], rate: Fraction, aspect: Fraction = Fraction(1)
    ) -> None:
        import av

        self._av, self.coding, self.frames = av, coding, 0
        self._tick = 1 / min(rate, Fraction(FASTEST)).limit_denominator(1001)
        self._out = av.open(str(target) if isinstance(target, Path) else target, "w", format="matroska")
        stream: Any = self._out.add_stream(coding.codec, rate=1 / self._tick)
        stream.height, stream.width = hw
        stream.pix_fmt, stream.options = coding.pixels, dict(coding.options)
        context = stream.codec_context
        if coding.final:
            context.colorspace = context.color_primaries = context.color_trc = BT709
            context.color_range = 1  # 16 to 235, as players take what does not say it
        if aspect != 1:
            context.sample_aspect_ratio = aspect
        self._stream = stream

    def add(self, pixels: Array) -> None:
        """(h, w, 3) uint8."""
        picture = self._av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        if self.coding.final:
            picture = picture.reformat(
                format=self.coding.pixels, dst_colorspace=BT709, dst_color_range=1, interpolation=CAREFUL, threads=1
            )  # as in `frames.py`
        picture.pts, picture.time_base = self.frames, self._tick
        self._out.mux(self._stream.encode(picture))
        self.frames += 1

    def close(self) -> None:
        if self.frames:
            self._out.mux(self._stream.encode())
        self._out.close()
