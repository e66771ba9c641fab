"""Films made with PyAV alone, and what PyAV alone reads of a film: an independent truth for what Zorki writes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

MOVING = 24  # frames of the usual film


def pattern(i: int, hw: tuple[int, int] = (48, 64)) -> np.ndarray:
    """Smooth colours that move by two pixels a frame."""
    y, x = np.mgrid[: hw[0], : hw[1]]
    waves = [np.sin((x + 2 * i) / 17), np.sin((y - i) / 19), np.sin((x + y + i) / 21)]
    return np.rint(127.5 + 100 * np.stack(waves, -1)).astype(np.uint8)


def flat(colour: Sequence[int], hw: tuple[int, int], matrix: int, full: bool) -> np.ndarray:
    """A frame of one colour in YUV 4:2:0, by the formulas of BT.709 (1) and BT.601 (5): Y above U above V."""
    kr, kb = {1: (0.2126, 0.0722), 5: (0.299, 0.114)}[matrix]
    r, g, b = (c / 255 for c in colour)
    y = kr * r + (1 - kr - kb) * g + kb * b
    u, v = (b - y) / (2 - 2 * kb), (r - y) / (2 - 2 * kr)
    levels = (255 * y, 128 + 255 * u, 128 + 255 * v) if full else (16 + 219 * y, 128 + 224 * u, 128 + 224 * v)
    quarter = hw[0] // 4
    planes = [np.full((rows, hw[1]), round(x), np.uint8) for rows, x in zip((hw[0], quarter, quarter), levels, strict=True)]
    return np.concatenate(planes)


def film(
    path: Path,
    frames: Sequence[np.ndarray] | int = MOVING,
    *,
    stamps: Sequence[int] | None = None,
    tick: Fraction = Fraction(1, 12800),
    codec: str = "libx264",
    layout: str = "yuv420p",
    sound: Sequence[str] = (),
    tags: dict[str, int] | None = None,
    options: dict[str, str] | None = None,
    matrix: int = 1,
    source: str = "rgb24",
) -> Path:
    """frames: pictures, or how many of `pattern`. stamps: in ticks, 25 a second where not given. sound: codecs, a track of a tone for each."""
    pictures = [pattern(i) for i in range(frames)] if isinstance(frames, int) else list(frames)
    stamps = [i * int(Fraction(1, 25) / tick) for i in range(len(pictures))] if stamps is None else stamps
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream(codec, rate=25)
        height, video.width = pictures[0].shape[:2]
        video.height = height * 2 // 3 if source == "yuv420p" else height  # three planes below each other
        video.pix_fmt, video.options = layout, options or {}
        video.codec_context.time_base = tick
        for name, value in ({"colorspace": matrix} if tags is None else tags).items():
            setattr(video.codec_context, name, value)
        tracks = [out.add_stream(name, rate=48000) for name in sound]
        for at, picture in zip(stamps, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format=source)
            if layout != source:
                frame = frame.reformat(format=layout, dst_colorspace=matrix, dst_color_range=1)
            frame.pts, frame.time_base = at, tick
            out.mux(video.encode(frame))
        out.mux(video.encode())
        seconds = float((stamps[-1] + 1) * tick) + 0.04
        for k, track in enumerate(tracks):
            for block in range(int(seconds * 48000) // 1024):
                t = (np.arange(1024) + 1024 * block) / 48000
                wave = (0.2 * np.sin(2 * np.pi * (220 + 110 * k) * t)).astype(np.float32)
                tone = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
                tone.sample_rate, tone.pts, tone.time_base = 48000, 1024 * block, Fraction(1, 48000)
                out.mux(track.encode(tone))
            out.mux(track.encode())
    return path


def packets(path: Path, kind: str) -> list[list[tuple[Any, ...]]]:
    """Of each track of a kind: (pts, dts, duration, bytes) of every packet."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux([s for s in container.streams if s.type == kind]):
            if packet.size:
                found.setdefault(packet.stream.index, []).append((packet.pts, packet.dts, packet.duration, bytes(packet)))
    return list(found.values())


def stamps_of(path: Path) -> list[Fraction]:
    """Seconds at which the frames are shown."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        return [frame.pts * stream.time_base for frame in container.decode(stream)]


def frames_of(path: Path) -> list[np.ndarray]:
    """As PyAV shows them."""
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
