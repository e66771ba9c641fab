"""A method for pictures, of a film: from the command line, with toy nets; what a kill and Ctrl-C leave, and going on."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.io import films
from zorki import io
from zorki.core.errors import InputError
from zorki.jobs import films as reels
from zorki.jobs.methods import method

pytestmark = pytest.mark.wings
DREAM = ("--size", "48", "--octaves", "1", "--steps", "2")


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def hidden() -> list[str]:
    return [p.name for p in Path().iterdir() if p.name.startswith(".")]


def test_a_film_is_dreamt_frame_by_frame_with_its_stamps_and_sound(command: Any) -> None:
    stamps = [0, 512, 1024, 5000, 5512]
    films.film(Path("a.mp4"), 5, stamps=stamps, sound=["aac", "aac"])
    status, out, _ = command("see", "dream", "a.mp4", *DREAM, "--json")
    said = json.loads(out)
    assert (status, said["out"], said["frames"], said["size"]) == (0, ["a.dream.mp4"], 5, [64, 48])
    assert said["frames_a_second"] > 0
    assert films.stamps_of(Path("a.dream.mp4")) == films.stamps_of(Path("a.mp4"))
    assert films.packets(Path("a.dream.mp4"), "audio") == films.packets(Path("a.mp4"), "audio")
    changed = [
        np.abs(a.astype(int) - b).mean() for a, b in zip(films.frames_of(Path("a.mp4")), films.frames_of(Path("a.dream.mp4")), strict=True)
    ]
    assert min(changed) > 2
    assert hidden() == []
    assert command("see", "dream", "a.mp4", *DREAM)[1] == "a.dream-2.mp4\n", "what is there stays"
    assert command("see", "dream", "a.mp4", *DREAM, "--out", "a.dream.mp4")[0] == 2


def test_a_film_is_made_again(command: Any) -> None:
    """By what its file says of its making, --steady included."""
    films.film(Path("a.mp4"), 3)
    assert command("see", "dream", "a.mp4", *DREAM, "--steady", 40)[0] == 0
    Path("a.dream.mp4").rename("b.mp4")
    status, out, err = command("again", "b.mp4")
    assert (status, out) == (0, "a.dream.mp4\n"), err
    assert "--steady 40" in err
    assert [f.tobytes() for f in films.frames_of(Path("b.mp4"))] == [f.tobytes() for f in films.frames_of(Path("a.dream.mp4"))]


def test_steady_films_flicker_less(command: Any) -> None:
    """One picture, with another noise in each frame."""
    noise = np.random.default_rng(0)
    still = films.pattern(0).astype(int)
    pictures = [np.clip(still + noise.normal(0, 8, still.shape), 0, 255).astype(np.uint8) for _ in range(5)]
    films.film(Path("a.mkv"), pictures, codec="ffv1", layout="bgr0")
    apart = {}
    for steady in (0, 90):
        assert command("style", "apply", "a.mkv", "--style", "wave", "--steady", steady, "--out", f"{steady}.mkv")[0] == 0
        seen = np.stack(films.frames_of(Path(f"{steady}.mkv"))).astype(int)
        apart[steady] = np.abs(np.diff(seen, axis=0)).mean()
    assert apart[90] < apart[0] / 2


def test_a_film_that_is_cut_is_painted_as_far_as_it_goes(command: Any) -> None:
    noise = np.random.default_rng(0)
    films.film(Path("whole.mp4"), [noise.integers(0, 255, (48, 64, 3)).astype(np.uint8) for _ in range(30)])
    whole = Path("whole.mp4").read_bytes()
    place = whole.index(b"moov") - 4
    head, data, index = whole[: whole.index(b"mdat") - 4], whole[whole.index(b"mdat") - 4 : place], whole[place:]
    assert len(head) + len(data) + len(index) == len(whole)
    Path("cut.mp4").write_bytes(head + data)  # the index comes last, and is gone
    status, _, err = command("see", "dream", "cut.mp4", *DREAM)
    assert (status, "cut.mp4 is no film that can be read" in err) == (2, True)
    with io.Film("first.mp4", fps=25) as out:  # one that has its index first
        for _ in range(30):
            out.add(noise.integers(0, 255, (48, 64, 3)).astype(np.uint8))
    begun = Path("first.mp4").read_bytes()
    Path("part.mp4").write_bytes(begun[: (begun.index(b"mdat") + len(begun)) // 2])
    status, _, err = command("see", "dream", "part.mp4", *DREAM, "--out", "b.mp4")
    assert status == 0
    assert "part.mp4 breaks off" in err
    assert 0 < len(films.frames_of(Path("b.mp4"))) < 30


def test_films_in_a_folder_are_named(command: Any) -> None:
    Path("folder").mkdir()
    io.save_photo(Path("folder/a.png"), films.pattern(0))
    films.film(Path("folder/b.mp4"), 2)
    status, _, err = command("see", "dream", "folder", *DREAM, "--out", "out/")
    assert status == 0
    assert "In folder b.mp4 is a film" in err


def test_the_first_frame_is_what_the_photo_would_be(command: Any) -> None:
    """A film has no way of its own through the method."""
    films.film(Path("a.mkv"), [films.pattern(0)], codec="ffv1", layout="bgr0")
    io.save_photo(Path("a.png"), films.pattern(0))
    assert command("see", "dream", "a.mkv", *DREAM, "--out", "film.mkv")[0] == 0
    assert command("see", "dream", "a.png", *DREAM, "--out", "photo.png")[0] == 0
    photo = np.rint(io.open_photo("photo.png").pixels * 255)
    assert np.abs(films.frames_of(Path("film.mkv"))[0] - photo).mean() < 4


def test_each_frame_begins_with_the_last_one_moved(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[np.ndarray | None] = []
    made = reels.Reel.job

    def job(self: reels.Reel, frame: Any, begin: Any) -> Any:
        begun.append(None if begin is None else begin.permute(1, 2, 0).numpy())
        return made(self, frame, begin)

    monkeypatch.setattr(reels.Reel, "job", job)
    films.film(Path("a.mkv"), 3, codec="ffv1", layout="bgr0")
    assert command("see", "dream", "a.mkv", *DREAM)[0] == 0
    assert [b is None for b in begun] == [True, True, False, False]  # the first by which the work is known again
    before, after = (f / 255 for f in films.frames_of(Path("a.dream.mkv"))[:2])
    moved = np.roll(before, (1, -2), (0, 1))  # as the pattern moves
    inside = (slice(8, -8), slice(8, -8))
    assert np.abs(begun[2][inside] - moved[inside]).mean() < np.abs(begun[2][inside] - before[inside]).mean()
    assert not np.allclose(after, before)


def test_one_frame_of_a_film_is_painted_as_another_input(command: Any) -> None:
    films.film(Path("a.mp4"), 2)
    io.save_photo(Path("style.png"), films.pattern(30))
    status, out, err = command("style", "transfer", "a.mp4", "style.png", "--size", 48, "--steps", 2)
    assert (status, out) == (0, "a.transfer.mp4\n"), err
    assert err.count("Painting at") == 1, "what is said of each frame is said once"
    assert len(films.frames_of(Path("a.transfer.mp4"))) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("see", "classify", "a.mp4"), "is a film"),
        (("see", "maps", "a.mp4"), "is a film"),
        (("see", "dream", "a.mp4", "--guide", "a.mp4"), "first picture"),
        (("see", "dream", "a.mp4", "--film", "b.mp4"), "--film"),
        (("see", "dream", "a.mp4", "--out", "b.png"), "end like a film"),
        (("see", "dream", "a.mp4", "--out", "-"), "one stream"),
        (("see", "dream", "a.mp4", "--out", "a.mp4", "--force"), "is the film itself"),
        (("see", "dream", "a.mp4", "--steady", "101"), "from 0 to 100"),
        (("see", "dream", "a.mp4", "--layer", "nothing"), "nothing"),
        (("style", "transfer", "a.mp4", "style.png", "--state", "s"), "--state"),
        (("style", "transfer", "a.mp4", "style.png", "--grid"), "takes one"),
        (("see", "dream", "empty.mp4"), "empty.mp4"),
        (("see", "dream", "text.mp4"), "no film that can be read"),
        (("see", "dream", "sound.m4a"), "no picture"),
    ],
)
def test_what_is_wrong_is_said_before_a_frame_is_painted(command: Any, words: tuple[str, ...], said: str) -> None:
    films.film(Path("a.mp4"), 3)
    io.save_photo(Path("style.png"), films.pattern(30))
    Path("empty.mp4").touch()
    Path("text.mp4").write_text("no film")
    films.film(Path("sound.mp4"), 2, sound=["aac"])
    import av

    with av.open("sound.mp4") as source, av.open("sound.m4a", "w", format="mp4") as out:
        track = out.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.size:
                packet.stream = track
                out.mux(packet)
    there = sorted(os.listdir())
    status, out, err = command(*words)
    assert (status, out) == (2, ""), err
    assert said in err
    assert len(err.splitlines()) <= 5
    assert sorted(os.listdir()) == there


def slowly(monkeypatch: pytest.MonkeyPatch, stop_at: int, error: BaseException) -> list[int]:
    """Whoever paints the frame of that number is broken off; which were painted."""
    painted: list[int] = []
    paint = reels.Reel.paint

    def broken(self: reels.Reel, moment: io.Moment) -> Any:
        if moment.number == stop_at:
            raise error
        painted.append(moment.number)
        return paint(self, moment)

    monkeypatch.setattr(reels.Reel, "paint", broken)
    return painted


@pytest.mark.parametrize("slow", [0.0, 1e9], ids=["each frame kept", "stretches kept"])
def test_ctrl_c_leaves_a_film_that_plays_and_can_be_gone_on_with(command: Any, monkeypatch: pytest.MonkeyPatch, slow: float) -> None:
    films.film(Path("a.mp4"), 12, sound=["aac"])
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    monkeypatch.setattr(reels, "SLOW", slow)
    assert command("see", "dream", "a.mp4", *DREAM, "--out", "whole.mp4")[0] == 0
    with monkeypatch.context() as broken:
        slowly(broken, 6, KeyboardInterrupt())
        status, out, err = command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4", "--json")
    assert (status, json.loads(out)["out"], json.loads(out)["frames"]) == (130, ["b.mp4"], 6)
    assert "6 of 12 frames are in b.mp4" in err
    assert len(films.frames_of(Path("b.mp4"))) == 6
    assert films.packets(Path("b.mp4"), "audio")[0][-1][0] / 48000 < 6 / 25
    assert len(hidden()) == 1
    painted = slowly(monkeypatch, -1, KeyboardInterrupt())
    assert command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")[0] == 0
    assert painted == list(range(6 if slow == 0 else 4, 12))
    assert [f.tobytes() for f in films.frames_of(Path("b.mp4"))] == [f.tobytes() for f in films.frames_of(Path("whole.mp4"))]
    assert films.packets(Path("b.mp4"), "audio") == films.packets(Path("a.mp4"), "audio")
    assert hidden() == []


def test_a_film_that_somebody_changed_is_not_replaced(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    films.film(Path("a.mp4"), 6)
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 2)
    with monkeypatch.context() as broken:
        slowly(broken, 3, KeyboardInterrupt())
        assert command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")[0] == 130
    shutil.copy("a.mp4", "b.mp4")
    assert command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")[0] == 2
    assert Path("b.mp4").read_bytes() == Path("a.mp4").read_bytes()
    assert command("see", "dream", "a.mp4", *DREAM, "--rate", 3, "--out", "c.mp4")[0] == 0, "another work begins anew"


def test_a_full_disk_says_how_to_go_on(command: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    films.film(Path("a.mp4"), 6)
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 2)
    added = io.Unfinished.add

    def full(self: io.Unfinished, pixels: Any, keep: bool = False) -> None:
        if self.count == 4:
            with self._world():
                raise OSError(28, "No space left on device")
        added(self, pixels, keep)

    with monkeypatch.context() as disk:
        disk.setattr(io.Unfinished, "add", full)
        status, _, err = command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")
    assert status == 4
    assert "disk is full" in err
    assert "goes on" in err
    with monkeypatch.context() as disk:  # not even one stretch could be closed
        disk.setattr(io.Unfinished, "add", full)
        disk.setattr(io.Unfinished, "stretches", property(lambda _: []))
        status, _, err = command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")
    assert (status, "disk is full" in err) == (4, True)
    painted = slowly(monkeypatch, -1, KeyboardInterrupt())
    assert command("see", "dream", "a.mp4", *DREAM, "--out", "b.mp4")[0] == 0
    assert painted == [4, 5]


def test_kill_loses_little(tmp_path: Path, command: Any) -> None:
    films.film(Path("a.mp4"), 120)
    words = ["see", "dream", "a.mp4", "--size", "32", "--octaves", "1", "--steps", "1", "--out", "b.mp4", "--quiet"]  # in this folder
    process = subprocess.Popen([sys.executable, "-m", "zorki", *words])
    until = time.monotonic() + 300
    while not list(tmp_path.glob(".zorki-film-*/0*-0*.mkv")) and time.monotonic() < until:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not Path("b.mp4").exists()
    status, _, err = command(*words[:-1])
    assert status == 0, err
    assert "frames are there from before" in err
    assert len(films.frames_of(Path("b.mp4"))) == 120
    assert hidden() == []


def test_no_methods_own_option_is_that_of_films() -> None:
    from zorki.core.settings import options
    from zorki.jobs.methods import methods, wings
    from zorki.jobs.options import FRAMES

    for wing in wings():
        for name in methods(wing):
            found = method(wing, name)
            if found.framed:
                assert not {o.name for o in options(found.settings)} & {o.name for o in FRAMES}, name


def test_python_takes_films_too() -> None:
    import zorki

    films.film(Path("a.mp4"), 2)
    assert zorki.see.dream("a.mp4", size=48, octaves=1, steps=1, out="b.mp4", steady=50) == [Path("b.mp4")]
    assert zorki.see.dream(zorki.load("eye"), Path("a.mp4"), size=48, octaves=1, steps=1) == [Path("a.dream.mp4")]
    assert len(films.frames_of(Path("b.mp4"))) == 2
    with pytest.raises(InputError, match="exists already"):
        zorki.see.dream("a.mp4", size=48, octaves=1, steps=1, out="b.mp4")
    with pytest.raises(InputError, match="film"):
        next(zorki.see.dream.steps("a.mp4"))
