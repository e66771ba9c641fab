"""Things of films: numbers that stay, also over gaps and with other frame rates, and what is drawn of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.io import films
from tests.locating.painted import net, painted
from zorki import io
from zorki.core.errors import InputError
from zorki.locating import following
from zorki.locating.following import Following
from zorki.locating.located import told
from zorki.locating.looking import found, shown
from zorki.pixels import palette

pytest.importorskip("trackers", reason="the extra [track] is not installed")
pytestmark = pytest.mark.unit
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "video"

Box = tuple[int, float, float, float, float, float]


class Clip:
    """What is asked of an io.Video."""

    def __init__(self, rate: float = 25.0, hw: tuple[int, int] = (200, 400)) -> None:
        self.rate, self.hw = rate, hw


def words(*boxes: Box) -> str:
    """class, score, x, y, w, h of each, in frames that are alike."""
    return json.dumps({"boxes": [list(box) for box in boxes], "bright": [120] * 64})


def followed(frames: list[str], rate: float = 25.0, gap: float = 1.0, least: float = 0.3) -> tuple[Following, list[list[list[Any]]]]:
    it = Following(lambda *_: None, ("car", "bus"), Clip(rate), least, gap)  # type: ignore[arg-type, return-value]
    return it, [it.add(i, i / rate, seen) for i, seen in enumerate(frames)]


def test_two_things_that_cross_keep_their_numbers() -> None:
    frames = [words((0, 0.9, 10 + 4 * i, 20, 40, 30), (0, 0.8, 300 - 4 * i, 90, 40, 30)) for i in range(60)]
    it, rows = followed(frames)
    assert [[row[2] for row in some] for some in rows[3:]] == [[1, 2]] * 57
    assert [row[2] for some in rows[:2] for row in some] == [""] * 4
    assert it.counts == {"car": 2}
    assert rows[10][0] == [10, 0.4, 1, "car", 50.0, 20.0, 40.0, 30.0, 0.9]


def test_what_lies_on_each_other_is_two_things_where_the_classes_differ() -> None:
    """By place alone they could not be told apart, and neither could be kept: they change places in the list at each frame."""
    pair = ((0, 0.9, 100, 50, 60, 60), (1, 0.8, 102, 50, 60, 60))
    it, rows = followed([words(*(pair if i % 2 else pair[::-1])) for i in range(20)])
    numbers = [{row[3]: row[2] for row in some} for some in rows[3:]]
    assert all(one == numbers[0] for one in numbers)
    assert it.counts == {"bus": 1, "car": 1}


@pytest.mark.parametrize("rate", [5.0, 25.0, 60.0])
@pytest.mark.parametrize(("out_of_sight", "things"), [(0.6, 1), (1.8, 2)])
def test_a_gap_is_bridged_as_long_as_it_says(rate: float, out_of_sight: float, things: int) -> None:
    lost = range(round(2 * rate), round(2 * rate) + round(out_of_sight * rate))
    frames = [words() if i in lost else words((0, 0.9, 20 + 60 * i / rate, 20, 90, 60)) for i in range(round(6 * rate))]
    it, _ = followed(frames, rate)
    assert it.counts == {"car": things}
    it, _ = followed(frames, rate, gap=4.0)
    assert it.counts == {"car": 1}


@pytest.mark.parametrize("rate", [5.0, 25.0, 60.0])
def test_without_a_gap_what_is_seen_in_each_frame_is_one_thing(rate: float) -> None:
    it, _ = followed([words((0, 0.9, 20 + i, 20, 90, 60)) for i in range(20)], rate, gap=0.0)
    assert it.counts == {"car": 1}


def test_what_is_less_sure_carries_on_a_thing_and_begins_none() -> None:
    it, rows = followed([words((0, 0.9 if i < 5 else 0.15, 100 + i, 50, 60, 60), (1, 0.15, 300, 20, 30, 30)) for i in range(30)])
    assert it.counts == {"car": 1}
    assert [row[2:4] for row in rows[-1]] == [[1, "car"]]


def test_stamps_count_not_frames() -> None:
    """A camera that leaves out frames: half a second between two of them is a gap as long."""
    it = Following(lambda *_: None, ("car",), Clip(25.0), 0.3, 0.3)  # type: ignore[arg-type, return-value]
    for i in range(5):
        it.add(i, i / 25, words((0, 0.9, 100, 50, 60, 60)))
    for i in range(5):
        it.add(5 + i, 2 + i / 25, words((0, 0.9, 100, 50, 60, 60)))
    assert it.counts == {"car": 2}


def scene(seed: int) -> np.ndarray:
    """(200, 400, 3) in 0..1: another one for each seed."""
    return np.kron(np.random.default_rng(seed).random((5, 10, 1)), np.ones((40, 40, 3))).astype(np.float32)


def test_nothing_goes_on_across_a_cut() -> None:
    it = Following(lambda *_: None, ("car",), Clip(), 0.3)  # type: ignore[arg-type, return-value]
    rows = []
    for i in range(20):
        frame = np.roll(scene(i // 10), 2 * i, 1) * (0.8 if i % 2 else 1.0)  # a camera that moves, a lamp that flickers
        said = {"boxes": [[0, 0.9, 100, 50, 60, 60]], "bright": following.brightness(frame)}
        rows.append(it.add(i, i / 25, json.dumps(said)))
    assert [some[0][2] for some in rows] == ["", "", *[1] * 8, "", "", *[2] * 8]
    assert it.counts == {"car": 2}


@pytest.mark.parametrize("hw", [(1, 1), (3, 40), (200, 400)])
def test_brightness_is_the_mean_of_each_part(hw: tuple[int, int]) -> None:
    frame = np.random.default_rng(0).random((*hw, 3)).astype(np.float32)
    found = following.brightness(frame)
    assert len(found) == 64
    if hw == (200, 400):
        assert np.abs(np.array(found) - 255 * frame.mean(2).reshape(8, 25, 8, 50).mean((1, 3)).ravel()).max() <= 0.51


def test_the_cuts_of_a_real_film() -> None:
    path = SHARED / "bikes.mp4"
    if not path.is_file():
        pytest.skip("../shared/data/video is not here")
    bright = [np.array(following.brightness(m.pixels / 255)) for m in io.open_video(path).moments()]
    assert [i for i in range(1, len(bright)) if following.is_cut(bright[i - 1], bright[i])] == [30, 76, 137, 187, 242]


def test_the_same_words_come_to_the_same() -> None:
    chance = np.random.default_rng(0)
    frames = [
        words(*((int(k % 2), round(float(s), 4), 10 + 3 * i + 80 * k, 40 + 9 * k, 50, 40) for k, s in enumerate(chance.uniform(0.1, 1, 3))))
        for i in range(50)
    ]
    assert followed(frames)[1] == followed(frames)[1]


def test_a_thing_keeps_its_colour_and_is_drawn_where_it_is_expected() -> None:
    it = Following(lambda *_: None, ("car",), Clip(), 0.3)  # type: ignore[arg-type, return-value]
    blank = io.open_photo(np.full((200, 400, 3), 120, np.uint8))
    colour = [int(palette.nth(0)[i : i + 2], 16) for i in (1, 3, 5)]
    for i in range(12):
        it.add(i, i / 25, words((0, 0.9, 40 + 5 * i, 60, 80, 60)) if i != 10 else words())
        seen = (it.picture(blank) == colour).all(-1)
        assert seen.any() == (i >= 2)
        if seen.any():
            assert abs(np.nonzero(seen[100])[0].min() - (40 + 5 * i)) <= 2


def test_a_real_film_of_painted_things(tmp_path: Path) -> None:
    path = films.film(tmp_path / "a.mp4", [painted((120, 200), [(10 + 2 * i, 10, 40, 30), (150 - 2 * i, 70, 30, 30)]) for i in range(30)])
    video, seeing = io.open_video(path), net()
    it = Following(lambda photo, low: found(seeing, shown(seeing, photo), low, size=200), ("apple", "plum"), video, 0.3)
    for moment in video.moments():
        it.add(moment.number, moment.number / 25, it.seen(io.open_photo(moment.pixels)))
    assert it.counts == {"apple": 2}
    assert it.lines() == ["2 apple"]


def test_without_the_package_one_sentence_says_how(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "trackers", None)
    with pytest.raises(InputError, match=r"zorki\[track\]"):
        following.Tracker(25.0, 0.3, 1.0)


def test_of_a_class_of_many_names_the_first_is_said() -> None:
    assert told({"tabby, tabby cat": 1200, "cup": 1}) == "1,200 tabby, 1 cup"
