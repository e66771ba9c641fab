"""Films as they are shown: turned, whole or cut, with whatever title."""

from __future__ import annotations

import gc
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from zorki import io
from zorki.core import events
from zorki.core.errors import InputError

UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
QUARTER = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)  # x' = -y, y' = x: clockwise, as a phone held upright says


def film(path: Path, frames: int = 24, **more: object) -> Path:
    """Black on the left, white on the right, 32 × 48."""
    picture = np.zeros((32, 48, 3), np.uint8)
    picture[:, 24:] = 255
    with io.Film(path, fps=12, **more) as out:  # type: ignore[arg-type]
        for _ in range(frames):
            out.add(picture)
    return path


def test_frames_come_in_their_order_with_their_times(tmp_path: Path) -> None:
    video = io.open_video(film(tmp_path / "a.mp4"))
    assert (video.hw, video.rate, video.frames) == ((32, 48), 12, 24)
    times = [at for at, _ in video]
    assert times == pytest.approx([i / 12 for i in range(24)], abs=1e-3)
    assert [at for at, _ in video] == times, "each loop begins anew"


def test_a_frame_goes_when_others_come_and_starts_no_threads(tmp_path: Path) -> None:
    """Not only when Python looks for rings: hundreds of large frames would wait for that, each with threads of its own."""

    def threads() -> int:
        return len(list(Path("/proc/self/task").glob("*")))  # 0 where the system does not tell

    video, started = io.open_video(film(tmp_path / "a.mp4", frames=60)), list[int]()
    gc.collect()
    gc.disable()
    try:
        for moment in video.moments():
            before = threads()
            assert moment.pixels.shape == (32, 48, 3)
            started.append(threads() - before)
            alive = sum(type(one) is av.VideoFrame for one in gc.get_objects())
    finally:
        gc.enable()
    assert alive < 20, "but for what the decoder's threads hold"
    assert max(started) == 0


def test_a_film_is_turned_as_it_is_to_be_shown(tmp_path: Path) -> None:
    """By the matrix in a track's header: a quarter clockwise brings what is on the left to the top."""
    path = film(tmp_path / "a.mp4")
    data = path.read_bytes()
    track = data.index(b"tkhd")
    place = data.index(UPRIGHT, track)
    path.write_bytes(data[:place] + QUARTER + data[place + len(QUARTER) :])
    video = io.open_video(path)
    assert video.hw == (48, 32)
    _, frame = next(iter(video))
    assert frame[:20].mean() < 0.1
    assert frame[28:].mean() > 0.9


def test_a_film_that_breaks_off_says_how_much_is_there(tmp_path: Path) -> None:
    """Half of its noise is missing."""
    path, noise = tmp_path / "a.mp4", np.random.default_rng(0)
    with io.Film(path, fps=12) as out:
        for _ in range(48):
            out.add(noise.integers(0, 255, (64, 96, 3)).astype(np.uint8))
    data = path.read_bytes()
    path.write_bytes(data[: (data.index(b"mdat") + len(data)) // 2])
    heard: list[str] = []
    with events.listen(lambda e: heard.append(e.note)):
        count = len(list(io.open_video(path)))
    assert 0 < count < 48
    assert heard == [f"a.mp4 breaks off: {count} of its 48 frames are there."]


@pytest.mark.parametrize(
    ("ending", "codec", "sound"),
    [(".mkv", "libx264", 0), (".mkv", "libx264", 6), (".webm", "libvpx-vp9", 0), (".flv", "libx264", 0)],
)
def test_a_film_that_counts_no_frames_and_breaks_off_says_when(tmp_path: Path, ending: str, codec: str, sound: int) -> None:
    """sound: seconds by which it is longer than the pictures; that is no fault."""
    path = tmp_path / f"a{ending}"
    noisy(path, 48, codec, sound)
    assert open_quietly(path) == (48, [])
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    count, heard = open_quietly(path)
    assert 0 < count < 48 or sound
    assert len(heard) == 1
    assert heard[0].startswith(f"a{ending} breaks off: it says to be ")


def open_quietly(path: Path) -> tuple[int, list[str]]:
    """How many frames come, and what is told of them."""
    heard: list[str] = []
    video = io.open_video(path)
    with events.listen(lambda e: heard.append(e.note)):
        count = len(list(video))
    assert heard == video.heard
    return count, heard


def noisy(path: Path, frames: int, codec: str, sound: int) -> None:
    """Twelve pictures of noise a second, and a tone."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=12)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        tone = out.add_stream("aac", rate=8000) if sound else None
        noise = np.random.default_rng(0)
        for _ in range(frames):
            frame = av.VideoFrame.from_ndarray(noise.integers(0, 255, (64, 96, 3)).astype(np.uint8))
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
        for n in range(frames * 8000 // 12 // 1000 + 8 * sound if tone else 0):
            beep = av.AudioFrame.from_ndarray(noise.normal(0, 0.2, (1, 1000)).astype(np.float32), "fltp", "mono")
            beep.sample_rate, beep.pts = 8000, 1000 * n
            out.mux(tone.encode(beep))
        if tone:
            out.mux(tone.encode())


def test_a_title_that_is_no_text_does_no_harm(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", settings={"title": "ZZZZZZ"})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"ZZZZZZ", b"\xff\xfeZ\xc3(\xff"))
    assert len(list(io.open_video(path))) == 24


@pytest.mark.parametrize("content", [b"", b"no film", b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 100], ids=["empty", "text", "a header alone"])
def test_what_is_no_film_is_told(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.mp4"):
        io.open_video(tmp_path / "a.mp4")
