"""Films made of films: size, stamps, rotation, sound, colours; read by PyAV's own demuxer."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.io import films
from zorki import io
from zorki.core import events
from zorki.core.errors import InputError
from zorki.io.codings import Stretch

pytestmark = pytest.mark.unit
UPRIGHT = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


def again(source: Path, target: Path, count: int | None = None) -> Path:
    """The film once more, as whoever paints it does: frame by frame into stretches, then brought together."""
    video = io.open_video(source)
    coding = io.Coding.of(target, video.hw)
    tracks = io.Tracks.of(source, coding.muxer)
    for sentence in (*video.notes, *tracks.notes):
        events.note(sentence)
    work = io.Unfinished(target, "test", coding, video.hw, Fraction(video.rate).limit_denominator(1001), video.aspect)
    stamps = []
    for moment in video.moments():
        if count is not None and moment.number == count:
            break
        work.add(moment.pixels)
        stamps.append((moment.at, moment.lasts))
    work.end()
    io.assemble(target, coding, work.stretches, stamps, video, tracks, whole_film=count is None, settings={"n": 1})
    work.remove()
    assert sorted(p.name for p in target.parent.iterdir() if p.name.startswith(".")) == []
    return target


def heard(call: object) -> list[str]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note) if e.note else None):
        call()  # type: ignore[operator]
    return notes


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "webm", "gif", "webp"])
@pytest.mark.parametrize("hw", [(48, 64), (37, 51), (1, 3)])
def test_each_ending_and_size(tmp_path: Path, kind: str, hw: tuple[int, int]) -> None:
    pictures = [films.pattern(i, hw) for i in range(5)]
    source = films.film(tmp_path / "a.mkv", pictures, codec="ffv1", layout="bgr0")
    again(source, target := tmp_path / f"b.{kind}")
    if kind == "webp":
        with Image.open(tmp_path / "b.webp") as image:
            assert (image.n_frames, image.size) == (5, hw[::-1])
            seen = []
            for i in range(5):
                image.seek(i)
                seen.append(np.asarray(image.convert("RGB")).astype(int))
                assert image.info["duration"] == 40
        assert all(np.abs(a - b).mean() < 8 for a, b in zip(pictures, seen, strict=True))
        return
    assert io.open_video(target).hw == hw
    if kind == "gif":
        assert all(np.abs(a.astype(int) - b).mean() < 4 for a, b in zip(pictures, films.frames_of(tmp_path / "b.gif"), strict=True))
    if kind not in ("gif", "webp"):
        seen = films.frames_of(tmp_path / f"b.{kind}")
        assert [x.shape[:2] for x in seen] == [hw] * 5
        assert io.read_settings(tmp_path / f"b.{kind}") == {"n": 1}
    if kind in ("mp4", "mov"):
        assert films.stamps_of(tmp_path / f"b.{kind}") == [Fraction(i, 25) for i in range(5)]


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "webm"])
def test_stamps_that_are_not_even_stay(tmp_path: Path, kind: str) -> None:
    """As a phone writes them; numbered evenly it would play too fast."""
    stamps = [0, 1, 2, 10, 11, 30, 31, 100]
    tick = Fraction(1, 100)
    source = films.film(tmp_path / "a.mp4", len(stamps), stamps=stamps, tick=tick)
    again(source, tmp_path / f"b.{kind}")
    assert films.stamps_of(tmp_path / f"b.{kind}") == [Fraction(s) * tick for s in stamps]


@pytest.mark.parametrize("sound", [["aac"], ["aac", "libmp3lame", "ac3"]])
def test_sound_is_copied_packet_by_packet(tmp_path: Path, sound: list[str]) -> None:
    source = films.film(tmp_path / "a.mp4", 30, sound=sound)
    again(source, tmp_path / "b.mp4")
    before, after = films.packets(source, "audio"), films.packets(tmp_path / "b.mp4", "audio")
    assert len(after) == len(sound)
    assert after == before
    assert films.stamps_of(tmp_path / "b.mp4") == films.stamps_of(source)


def test_sound_that_the_container_does_not_hold_is_coded_anew_and_said(tmp_path: Path) -> None:
    source = films.film(tmp_path / "a.mp4", 30, sound=["aac"])
    notes = heard(lambda: again(source, tmp_path / "b.webm"))
    assert any("coded as opus" in n for n in notes), notes
    with av.open(str(tmp_path / "b.webm")) as container:
        (stream,) = container.streams.audio
        assert stream.codec_context.name in ("opus", "libopus")
        tone = np.concatenate([f.to_ndarray()[0] for f in container.decode(stream)])
    loudest = np.fft.rfftfreq(48000, 1 / 48000)[np.abs(np.fft.rfft(tone[4800:52800])).argmax()]
    assert loudest == pytest.approx(220, abs=2)
    assert any("left out" in n for n in heard(lambda: again(source, tmp_path / "c.gif")))


def test_a_film_that_is_broken_off_has_the_sound_to_there(tmp_path: Path) -> None:
    source = films.film(tmp_path / "a.mp4", 50, sound=["aac"])
    again(source, tmp_path / "b.mp4", count=20)
    assert len(films.frames_of(tmp_path / "b.mp4")) == 20
    (track,) = films.packets(tmp_path / "b.mp4", "audio")
    assert track == films.packets(source, "audio")[0][: len(track)]
    assert track[-1][0] / 48000 < 0.8 <= track[-1][0] / 48000 + 0.03


@pytest.mark.parametrize("colour", [(200, 40, 90), (12, 240, 33), (128, 128, 128), (255, 255, 0)])
@pytest.mark.parametrize("said", [True, False], ids=["tagged", "untagged"])
@pytest.mark.parametrize(("matrix", "full", "height"), [(1, False, 720), (5, False, 48), (5, True, 48), (1, True, 720)])
def test_colours_survive(tmp_path: Path, colour: tuple[int, ...], matrix: int, full: bool, height: int, said: bool) -> None:
    """BT.709 and BT.601, limited and full, in and tagged BT.709 out; where a film says nothing its height tells."""
    tags = ({"colorspace": matrix} if said else {}) | {"color_range": 2 if full else 1}
    picture = films.flat(colour, (height, 32), matrix, full)
    source = films.film(tmp_path / "a.mkv", [picture] * 2, codec="ffv1", source="yuv420p", tags=tags)
    read = next(io.open_video(source).moments()).pixels.astype(int)[0, 0]
    assert np.abs(read - colour).max() <= 2
    again(source, tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (1, 1)
        y, u, v = (np.frombuffer(p, np.uint8)[0] / 1.0 for p in frame.planes)
    luma, cb, cr = (y - 16) / 219, (u - 128) / 224, (v - 128) / 224  # BT.709, by hand
    red, blue = luma + 1.5748 * cr, luma + 1.8556 * cb
    green = (luma - 0.2126 * red - 0.0722 * blue) / 0.7152
    assert np.abs(255 * np.clip([red, green, blue], 0, 1) - read).max() <= 2


@pytest.mark.parametrize(("transfer", "name", "white"), [(16, "PQ", 0.58), (18, "HLG", 0.75)])
def test_hdr_comes_to_the_standard_range_with_a_word(tmp_path: Path, transfer: int, name: str, white: float) -> None:
    """Paper white, 203 cd/m² (BT.2408), is light grey and neutral; black stays black; the brightest is white."""
    picture = np.zeros((48, 96, 3), np.uint16)
    picture[:, 32:64], picture[:, 64:] = round(white * 65535), 65535
    source = films.film(
        tmp_path / "a.mkv", [picture] * 2, codec="libx265", layout="yuv420p10le", matrix=9, source="rgb48le",
        tags={"colorspace": 9, "color_primaries": 9, "color_trc": transfer, "color_range": 1}, options={"x265-params": "log-level=none:bframes=0:frame-threads=1", "crf": "4"},
    )  # fmt: skip
    assert any(f"HDR ({name})" in n for n in heard(lambda: again(source, tmp_path / "b.mp4")))
    frame = films.frames_of(tmp_path / "b.mp4")[0].astype(int)
    black, paper, top = (frame[24, x] for x in (16, 48, 80))
    assert black.max() <= 3
    assert top.min() >= 250
    assert 180 < paper.min() < 245
    assert np.ptp(paper) <= 3


def test_ten_bit_comes_to_eight_with_a_word(tmp_path: Path) -> None:
    source = films.film(
        tmp_path / "a.mp4",
        3,
        codec="libx265",
        layout="yuv420p10le",
        tags={"colorspace": 1},
        options={"x265-params": "log-level=none:bframes=0:frame-threads=1"},
    )
    assert any("10 bit" in n for n in heard(lambda: again(source, tmp_path / "b.mp4")))
    assert np.abs(films.frames_of(tmp_path / "b.mp4")[1].astype(int) - films.pattern(1)).mean() < 6


@pytest.mark.parametrize(
    ("matrix", "shown"),
    [
        ((0, 1, -1, 0), lambda a: np.rot90(a, -1)),
        ((0, -1, 1, 0), lambda a: np.rot90(a)),
        ((-1, 0, 0, -1), lambda a: np.rot90(a, 2)),
        ((-1, 0, 0, 1), lambda a: a[:, ::-1]),
        ((1, 0, 0, -1), lambda a: a[::-1]),
        ((0, 1, 1, 0), lambda a: a.swapaxes(0, 1)),
    ],
    ids=["right", "left", "half", "mirrored", "flipped", "exchanged"],
)
def test_a_turned_film_is_written_upright(tmp_path: Path, matrix: tuple[int, ...], shown: object) -> None:
    """By the matrix of ISO 14496-12, 8.3.2: x' = a x + c y, y' = b x + d y."""
    source = films.film(tmp_path / "a.mp4", 3)
    data = source.read_bytes()
    place = data.index(UPRIGHT, data.index(b"tkhd"))
    a, b, c, d = (k << 16 for k in matrix)
    source.write_bytes(data[:place] + struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30) + data[place + 36 :])
    made = io.open_video(again(source, tmp_path / "b.mp4"))
    expected = shown(films.pattern(1)).astype(int)  # type: ignore[operator]
    assert made.hw == expected.shape[:2]
    seen = films.frames_of(tmp_path / "b.mp4")[1]
    assert np.abs(seen - expected).mean() < 8
    assert UPRIGHT in (tmp_path / "b.mp4").read_bytes()


def test_pixels_that_are_not_square_stay_so(tmp_path: Path) -> None:
    source = films.film(tmp_path / "a.mp4", 3, tags={"sample_aspect_ratio": Fraction(4, 3)})
    for kind in ("mp4", "mkv"):
        again(source, tmp_path / f"b.{kind}")
        with av.open(str(tmp_path / f"b.{kind}")) as container:
            assert container.streams.video[0].sample_aspect_ratio == Fraction(4, 3)


def test_a_damaged_stretch_is_counted_and_what_follows_comes(tmp_path: Path) -> None:
    """2 kB of zeros in the middle: the film goes on, with its sound in step."""
    noise = np.random.default_rng(0)
    pictures = [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(60)]
    source = films.film(tmp_path / "a.mp4", pictures, sound=["aac"], options={"g": "10"})
    data = bytearray(source.read_bytes())
    middle = (data.index(b"mdat") + len(data)) // 3
    data[middle : middle + 2000] = bytes(2000)
    source.write_bytes(bytes(data))
    notes = heard(lambda: again(source, tmp_path / "b.mp4"))
    assert any("is damaged" in n for n in notes), notes
    stamps = films.stamps_of(tmp_path / "b.mp4")
    assert stamps[-1] == Fraction(59, 25)
    assert set(stamps) <= {Fraction(i, 25) for i in range(60)}
    assert films.packets(tmp_path / "b.mp4", "audio")[0][-1][0] == films.packets(source, "audio")[0][-1][0]


def test_sound_alone_is_no_film_also_with_a_cover(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.m4a"), "w", format="mp4") as out:
        track = out.add_stream("aac", rate=48000)
        silence = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        silence.sample_rate = 48000
        out.mux(track.encode(silence))
        out.mux(track.encode())
    with pytest.raises(InputError, match="has no picture"):
        io.open_video(tmp_path / "a.m4a")


def test_one_frame_is_a_film(tmp_path: Path) -> None:
    again(films.film(tmp_path / "a.mp4", 1), tmp_path / "b.mp4")
    assert len(films.frames_of(tmp_path / "b.mp4")) == 1


def test_an_ending_that_is_no_films_is_refused(tmp_path: Path) -> None:
    for name in ("b.png", "b", "b.txt"):
        with pytest.raises(InputError, match="end like a film"):
            io.check_film_target(tmp_path / name, False)


def test_a_film_goes_on_to_the_bit(tmp_path: Path) -> None:
    """Broken off in the second stretch, as a kill leaves it, and gone on with: frame by frame the unbroken one."""
    source = io.open_video(films.film(tmp_path / "a.mp4", 110))
    coding = io.Coding.of(tmp_path / "b.mp4", source.hw)

    def work() -> io.Unfinished:
        return io.Unfinished(tmp_path / "b.mp4", "key", coding, source.hw, Fraction(25))

    first = work()
    for moment in source.moments():
        if moment.number < 70:
            first.add(moment.pixels, keep=moment.number in (48, 49, 50))
    with pytest.raises(InputError, match="being made already"):
        work()
    first._lock.release()  # as the end of its process does
    second = work()
    assert second.done == second.count == 48
    assert [second.kept(n) is not None for n in (46, 47, 48, 50, 51)] == [False, True, True, True, False]
    for moment in source.moments():
        if moment.number >= 48:
            second.add(moment.pixels)
    second.end()
    parts = second.stretches
    whole = [film(source, coding, tmp_path / f"{k}.mkv", k, k + 48) for k in (0, 48, 96)]
    for part, one in zip(parts, whole, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(films.frames_of(part), films.frames_of(one), strict=True))
    second.remove()


def film(source: io.Video, coding: io.Coding, path: Path, start: int, end: int) -> Path:
    stretch = Stretch(path, coding, source.hw, Fraction(25))
    for moment in source.moments():
        if start <= moment.number < end:
            stretch.add(moment.pixels)
    stretch.close()
    return path
