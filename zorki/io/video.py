"""A film on the disk, read frame by frame through PyAV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

from zorki.core import events
from zorki.core.durations import spoken
from zorki.core.errors import InputError
from zorki.io.colour import floats, levels
from zorki.io.files import a_path, existing_file
from zorki.io.frames import HDR, corners, pixels_of
from zorki.io.kinds import HEAD, sniff
from zorki.io.photo import Array, Floats
from zorki.io.scale import resize

SAMPLED = 1 << 20  # bytes at either end by which a film is known again; beside its length
ENDINGS = (".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp", ".ogv", ".mxf")
HEADED = ("matroska", "flv")  # containers, as FFmpeg calls them, whose head says how long a film is, though not of how many frames
EARLY = 0.5  # seconds before the length that it says at which a film may end, and be whole; and a hundredth of it
USUAL_RATE = Fraction(25)  # frames a second, of a film that does not say


@dataclass(frozen=True)
class Moment:
    """A frame and when it is shown. number: from 0; at, lasts: in the film's ticks; at is as the film says it, and grows."""

    number: int
    at: int
    lasts: int
    hw: tuple[int, int]
    frame: Any = field(repr=False)

    @cached_property
    def pixels(self) -> Array:
        """(h, w, 3) uint8 sRGB, upright; made when it is asked for. Where a film changes its size it is brought to the first one's."""
        found = pixels_of(self.frame)
        return found if found.shape[:2] == self.hw else levels(resize(floats(found), self.hw), 8)


@dataclass(frozen=True)
class Video:
    """A film. hw: of its frames, as they are shown; rate: frames a second, on average; frames: how many, 0 where the file does not say.

    tick: seconds, the unit of its time stamps. aspect: width of a pixel by its height, as shown. notes: sentences for the person.
    Looping over it yields (seconds from the start, (h, w, 3) float32 sRGB 0..1) in the order of showing, decoded when asked for; each loop
    begins anew. What is damaged or missing is told of; a film of which nothing can be decoded raises InputError.
    """

    path: Path
    hw: tuple[int, int]
    rate: float
    frames: int
    tick: Fraction = Fraction(1, 1000)
    aspect: Fraction = Fraction(1)
    expected: int = 0
    "about how many frames there are, where it says its length alone; 0: nobody knows"
    notes: tuple[str, ...] = ()
    length: float = 0.0
    "seconds that the file says, from its zero; 0: it says none, or counts its frames"
    heard: list[str] = field(default_factory=list, compare=False, repr=False)
    "what was told of it when it was last read to its end"

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def mark(self) -> str:
        """By what its content is known again."""
        return mark_of(self.path)

    def __iter__(self) -> Iterator[tuple[float, Floats]]:
        begin: int | None = None
        for moment in self.moments():
            begin = moment.at if begin is None else begin
            yield float((moment.at - begin) * self.tick), floats(moment.pixels)

    def moments(self) -> Iterator[Moment]:
        """The frames with their own time stamps. One without a stamp, or with one that does not grow, comes where the rate says."""
        usual = max(1, round(1 / (Fraction(self.rate).limit_denominator(100_000) * self.tick)))
        with opened(self.path) as container:
            stream, faults, last, seen = picture_of(container), Faults(), None, 0
            stream.thread_type = "AUTO"
            for frame in decoded(container, stream, faults):
                at = frame.pts if frame.pts is not None else usual * seen if last is None else last + usual
                last = at if last is None else max(at, last + 1)
                yield Moment(seen, last, int(getattr(frame, "duration", 0) or usual), self.hw, frame)
                seen += 1
        if not seen:
            raise InputError(f"{self.name} holds no frame that can be decoded.", "A film has some.", "Copy it again.")
        self.heard[:] = self.faulty(seen, faults)
        for sentence in self.heard:
            events.note(sentence)

    def faulty(self, seen: int, faults: Faults) -> list[str]:
        """What is to be told of a film that was read to its end, of which so many frames came."""
        if seen < self.frames and faults.packets < self.frames:
            return [f"{self.name} breaks off: {seen} of its {self.frames} frames are there."]
        if faults.end < self.length - max(EARLY, self.length / 100):
            return [f"{self.name} breaks off: it says to be {spoken(self.length)} long, and ends after {spoken(faults.end)}."]
        if faults.damaged:
            of = max(self.frames, faults.packets)
            return [f"{self.name} is damaged: {faults.damaged} of its {of} frames could not be read whole."]
        return []


@dataclass
class Faults:
    """What went wrong in a film. packets: how many were there; damaged: frames that did not come, or not whole; end: seconds at which the last of all tracks ends."""

    packets: int = 0
    damaged: int = 0
    end: float = 0.0


def decoded(container: Any, stream: Any, faults: Faults) -> Iterator[Any]:
    """The frames that can be decoded: what is damaged is left out and counted, what follows it comes."""
    import av

    packets = container.demux()  # of all tracks: the sound of a film may be longer than its pictures
    while True:
        try:
            packet = next(packets, None)
        except av.FFmpegError:  # the file ends in the middle of something
            packet = None
        if packet is None:
            return
        if packet.pts is not None and packet.time_base is not None:
            faults.end = max(faults.end, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if packet.stream_index != stream.index:
            continue
        faults.packets += packet.size > 0
        try:
            frames = packet.decode()
        except av.FFmpegError:
            faults.damaged += 1
            continue
        for frame in frames:
            faults.damaged += bool(frame.is_corrupt)
            yield frame


def opened(path: Path) -> Any:
    """The file as PyAV's container, also where its titles are no text. Raises InputError for what is no film."""
    import av

    try:
        return av.open(str(path), metadata_errors="replace")
    except (av.FFmpegError, OSError, ValueError) as e:
        raise InputError(
            f"{path.name} is no film that can be read: {getattr(e, 'strerror', None) or e}.",
            "MP4, MOV, WebM, MKV and AVI are.",
            "Give another file.",
        ) from e


def mark_of(path: Path) -> str:
    """By what a large file's content is known again: its length, its beginning and its end."""
    size = path.stat().st_size
    with path.open("rb") as f:
        digest = hashlib.blake2b(f.read(SAMPLED), digest_size=16)
        f.seek(max(0, size - SAMPLED))
        digest.update(f.read(SAMPLED))
    return f"{size} {digest.hexdigest()}"


def picture_of(container: Any) -> Any:
    """The first track of pictures that is no cover; None where there is none."""
    import av

    cover = av.stream.Disposition.attached_pic
    return next((s for s in container.streams.video if not s.disposition & cover), None)


def is_film(given: object) -> bool:
    """Whether a file is a film, by its first bytes, or else by its name."""
    if not isinstance(given, str | Path) or not Path(given).is_file():
        return False
    try:
        with Path(given).open("rb") as f:
            kind, words = sniff(f.read(HEAD))
    except OSError:
        return False
    return words == "a video" or (kind is None and Path(given).suffix.lower() in ENDINGS)


def open_video(source: str | Path | Video) -> Video:
    """Looks at a film's first frame. Raises InputError for a file that is none, or has sound alone."""
    if isinstance(source, Video):
        return source
    path = existing_file(a_path(source, "a film"))
    with opened(path) as container:
        stream = picture_of(container)
        if stream is None:
            raise InputError(f"{path.name} has no picture.", "A film has frames; this is sound.", "Give another file.")
        frame = next(decoded(container, stream, Faults()), None)
        if frame is None:
            raise InputError(f"{path.name} holds no frame that can be decoded.", "A film has some.", "Copy it again, or give another file.")
        tick = Fraction(stream.time_base or Fraction(1, 1000))
        rate = Fraction(stream.average_rate or stream.guessed_rate or USUAL_RATE)
        length = (stream.duration or 0) * tick or Fraction(container.duration or 0, 1_000_000)
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        shown = corners(frame)
        hw = (frame.height, frame.width) if shown[0] else (frame.width, frame.height)
        return Video(
            path, hw, float(rate), int(stream.frames), tick, aspect if shown[0] else 1 / aspect, int(stream.frames) or round(length * rate),
            notes_on(path.name, frame), said_length(container, stream),
        )  # fmt: skip


def said_length(container: Any, stream: Any) -> float:
    """Seconds that the file's head says, where it counts no frames; 0 of what says none, as what others guess of its bytes (MPEG-TS) does."""
    return (container.duration or 0) / 1_000_000 if not stream.frames and any(name in container.format.name for name in HEADED) else 0.0


def notes_on(name: str, frame: Any) -> tuple[str, ...]:
    """What a person should know of frames that are more than 8 bit in the standard range."""
    if hdr := HDR.get(int(frame.color_trc)):
        return (f"{name} is in HDR ({hdr}); it is brought to the standard range with 8 bit, and so is the result.",)
    depth = max((c.bits for c in frame.format.components), default=8)
    return (f"{name} has {depth} bit; the result has 8.",) if depth > 8 else ()
