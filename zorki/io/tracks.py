"""What a film has beside its picture, for another film: sound and subtitles packet by packet, as they are.

What the other film's container cannot hold is coded anew where it is sound, and left out where it is anything else; both are said.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zorki.io.video import opened, picture_of

SOUND = {"webm": "libopus"}  # what sound is coded as where it cannot stay; else AAC
SILENT = ("gif", "webp")
CALLED = {"audio": "sound", "subtitle": "subtitles", "video": "picture", "data": "data", "attachment": "attachment"}


@dataclass
class Tracks:
    """copied: numbers of the tracks that are taken as they are; coded: of those coded anew, with the codec; notes: sentences for the person."""

    path: Path
    copied: list[int] = field(default_factory=list)
    coded: dict[int, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, path: Path, muxer: str) -> Tracks:
        """What becomes of the tracks of a film in another one."""
        out, left = cls(path), []
        with opened(path) as container:
            shown = picture_of(container)
            for stream in container.streams:
                codec = getattr(stream.codec_context, "name", "") or "unknown"
                what = f"{CALLED.get(stream.type, stream.type)} ({codec})"
                if stream is shown or (stream.type == "video" and shown is not None and stream.disposition & 0x400):  # a cover
                    continue
                if stream.type in ("audio", "subtitle") and muxer not in SILENT and holds(muxer, stream):
                    out.copied.append(stream.index)
                elif stream.type == "audio" and muxer not in SILENT and stream.codec_context is not None:
                    out.coded[stream.index] = SOUND.get(muxer, "aac")
                    out.notes.append(
                        f"A .{muxer.replace('matroska', 'mkv')} cannot hold sound as {codec}; it is coded as {out.coded[stream.index].removeprefix('lib')}."
                    )
                else:
                    left.append(what)
        if left:
            out.notes.append(
                f"Of {path.name} {', '.join(left)} {'is' if len(left) == 1 else 'are'} left out: a .{muxer.replace('matroska', 'mkv')} does not hold {'it' if len(left) == 1 else 'them'}."
            )
        return out

    def added(self, container: Any, source: Any) -> dict[int, Any]:
        """The tracks in a container that is written, by their numbers in the source."""
        made = {}
        for stream in source.streams:
            if stream.index in self.copied:
                made[stream.index] = container.add_stream_from_template(stream)
            elif stream.index in self.coded:
                codec = self.coded[stream.index]
                made[stream.index] = container.add_stream(codec, rate=48_000 if codec == "libopus" else stream.codec_context.sample_rate)
                made[stream.index].codec_context.layout = stream.codec_context.layout
            else:
                continue
            made[stream.index].metadata.update(stream.metadata)
            made[stream.index].disposition = stream.disposition
        return made

    def packets(self, source: Any, made: dict[int, Any], until: float | None = None) -> Iterator[tuple[float, Any]]:
        """(seconds, packet) for those tracks, in the order of the source; none that begins at `until` or later."""
        if not made:
            return
        for packet in whole(source.demux([s for s in source.streams if s.index in made])):
            index, to = packet.stream.index, made[packet.stream.index]
            at = float((packet.pts if packet.pts is not None else packet.dts or 0) * packet.time_base) if packet.size else 0.0
            if packet.size and until is not None and at >= until:
                continue
            if index in self.coded:
                for frame in frames(packet):
                    yield from ((at, one) for one in to.encode(frame))
            elif packet.size:
                if packet.dts is None:
                    packet.dts = packet.pts
                packet.stream = to
                yield at, packet
        for index in self.coded:
            yield from ((float("inf"), one) for one in made[index].encode())


def whole(packets: Iterator[Any]) -> Iterator[Any]:
    """All packets up to where a file breaks off."""
    import av

    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:
            return
        if packet is None:
            return
        yield packet


def frames(packet: Any) -> list[Any]:
    """Of a packet that is damaged none."""
    import av

    try:
        return list(packet.decode())
    except av.FFmpegError:
        return []


def holds(muxer: str, stream: Any) -> bool:
    """Whether such a film can hold this track as it is: by trying."""
    import av

    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            trial.add_stream_from_template(stream)
            trial.start_encoding()
    except (av.FFmpegError, ValueError, TypeError):
        return False
    return True
