"""Stretches of frames, time stamps and the tracks of the film that they were made from, brought together to one film."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from zorki.io.codings import Coding
from zorki.io.disk import atomic
from zorki.io.settings import add_to_webp, to_text
from zorki.io.tracks import Tracks, whole
from zorki.io.video import Video, opened

OWN = ("major_brand", "minor_version", "compatible_brands", "encoder", "comment", "rotate")  # of a file itself, not of what it shows
TICKS = {"gif": Fraction(1, 100), "webp": Fraction(1, 1000)}
Stamps = Sequence[tuple[int, int]]
"""When each frame is shown and how long, in ticks of the film that they are taken from."""


def assemble(
    path: Path, coding: Coding, stretches: Sequence[Path], stamps: Stamps, like: Video, tracks: Tracks, *, whole_film: bool,
    settings: dict[str, Any] | None = None, force: bool = False, ready: Callable[[Path], None] | None = None,
) -> None:  # fmt: skip
    """Writes the film whole or not at all. Sound goes to its own end, or, of a film that is broken off, to that of the last frame. ready: is told where it lies before
    it appears as `path`.

    Raises InputError (exists without force), Stopped (disk full).
    """
    text = "" if settings is None else to_text(settings)
    with atomic(path, force) as temporary:
        if coding.final:
            joined(temporary, coding, stretches, stamps, like, tracks, None if whole_film else float(sum(stamps[-1]) * like.tick), text)
        else:
            animated(temporary, coding, stretches, stamps, like)
            if coding.muxer == "webp" and settings is not None:
                add_to_webp(temporary, settings)
        if ready is not None:
            ready(temporary)


def joined(
    path: Path, coding: Coding, stretches: Sequence[Path], stamps: Stamps, like: Video, tracks: Tracks, until: float | None, text: str
) -> None:
    import av

    options = {"movflags": "+faststart"} if coding.muxer in ("mp4", "mov") else {}
    if options and like.tick.numerator == 1:
        options["video_track_timescale"] = str(like.tick.denominator)
    with (
        opened(like.path) as source,
        av.open(str(path), "w", format=coding.muxer, options=options) as out,
        av.open(str(stretches[0])) as first,
    ):
        picture = out.add_stream_from_template(first.streams.video[0])
        picture.time_base = like.tick
        out.metadata.update({k: v for k, v in source.metadata.items() if k.lower() not in OWN} | ({"comment": text} if text else {}))
        made = tracks.added(out, source)
        if hasattr(out, "set_chapters") and source.chapters():
            out.set_chapters(source.chapters())
        others = tracks.packets(source, made, until)
        beside = next(others, None)
        for packet, (at, lasts) in zip(packets_of(stretches), stamps, strict=True):
            while beside is not None and beside[0] <= at * like.tick:
                out.mux(beside[1])
                beside = next(others, None)
            packet.time_base = like.tick
            packet.pts = packet.dts = at
            packet.duration = lasts
            packet.stream = picture
            out.mux(packet)
        while beside is not None:
            out.mux(beside[1])
            beside = next(others, None)


def packets_of(stretches: Sequence[Path]) -> Iterator[Any]:
    """One for each frame, in order."""
    for path in stretches:
        with opened(path) as container:
            yield from (packet for packet in whole(container.demux(container.streams.video[0])) if packet.size)


def animated(path: Path, coding: Coding, stretches: Sequence[Path], stamps: Stamps, like: Video) -> None:
    """GIF, each frame with colours of its own, or WebP; both loop."""
    import av

    tick = TICKS[coding.muxer]
    waits = [round(lasts * like.tick / tick) for _, lasts in stamps[-1:]]
    options = {"loop": "0"} | ({"final_delay": str(max(1, waits[0]))} if coding.muxer == "gif" else {})
    with av.open(str(path), "w", format=coding.muxer, options=options) as out:
        stream: Any = out.add_stream("gif" if coding.muxer == "gif" else "libwebp_anim", rate=1 / tick)
        stream.height, stream.width = like.hw
        stream.pix_fmt = "pal8" if coding.muxer == "gif" else "yuv420p"
        if coding.muxer == "webp":
            stream.options = {"quality": "85"}
        last = -1
        for frame, (at, _) in zip(frames_of(stretches), stamps, strict=True):
            last = max(last + 1, round((at - stamps[0][0]) * like.tick / tick))
            picture = paletted(frame) if coding.muxer == "gif" else frame.reformat(format="yuv420p")
            picture.pts, picture.time_base = last, tick
            out.mux(stream.encode(picture))
        out.mux(stream.encode())


def frames_of(stretches: Sequence[Path]) -> Iterator[Any]:
    """As they were kept."""
    for path in stretches:
        with opened(path) as container:
            yield from container.decode(container.streams.video[0])


def paletted(frame: Any) -> Any:
    """With the 256 colours that suit it best."""
    import av
    import numpy as np
    from PIL import Image

    few = Image.fromarray(frame.to_ndarray(format="rgb24")).quantize(256)
    colours = np.zeros((256, 4), np.uint8)
    table = np.asarray(few.getpalette("RGB"), np.uint8).reshape(-1, 3)
    colours[: len(table), 1:], colours[:, 0] = table, 255  # as ARGB, whose first is the last byte of a word
    both: Any = np.asarray(few), colours
    return av.VideoFrame.from_ndarray(both, format="pal8")
