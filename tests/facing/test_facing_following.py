"""Faces of films: numbers that stay, scores that are calm, what is remembered of each, where panels lie, and the page."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from zorki import io, report
from zorki.facing import following
from zorki.facing.faces import EMOTIONS, Face
from zorki.facing.following import COLUMNS, Following
from zorki.facing.people import PICTURES, STRETCHES, Person, Shot, Shots, Sums

pytest.importorskip("trackers", reason="the extra [track] is not installed")
pytestmark = pytest.mark.unit
HW = (240, 400)


class Clip:
    """What is asked of an io.Video."""

    name = "clip.mp4"
    heard = ()

    def __init__(self, rate: float = 25.0, hw: tuple[int, int] = HW) -> None:
        self.rate, self.hw = rate, hw


def shares(**some: float) -> tuple[float, ...]:
    """Those, and neutral for the rest."""
    return tuple(some.get(name, 1 - sum(some.values()) if name == "neutral" else 0.0) for name in EMOTIONS)


def face(x: float, y: float, side: float = 40, score: float = 0.9, **some: float) -> Face:
    return Face((x, y, side, side), score, None, shares(**some))


def words(*faces: Face, bright: int = 120) -> str:
    return json.dumps({"faces": [following.words(one) for one in faces], "bright": [bright] * 64})


def made(rate: float = 25.0, hw: tuple[int, int] = HW, **more: Any) -> Following:
    return Following(lambda *_: (), lambda _, faces: faces, Clip(rate, hw), 0.5, **more)  # type: ignore[arg-type]


def blank(hw: tuple[int, int] = HW) -> io.Photo:
    return io.open_photo(np.full((*hw, 3), 120, np.uint8))


def followed(frames: list[str], rate: float = 25.0, **more: Any) -> tuple[Following, list[list[list[Any]]]]:
    it, rows = made(rate, **more), []
    for i, seen in enumerate(frames):
        rows.append(it.add(i, i / rate, seen))
        it.keep(blank)
    return it, rows


def test_a_row_has_what_the_columns_say() -> None:
    _, rows = followed([words(face(10.4 + i, 20, happiness=0.25)) for i in range(5)])
    expected = (
        "frame", "seconds", "face", "left", "top", "width", "height", "score", *EMOTIONS, *(f"{name}_smoothed" for name in EMOTIONS)
    )  # fmt: skip
    assert expected == COLUMNS
    assert [row[2] for some in rows for row in some] == ["", "", 1, 1, 1]
    row = dict(zip(COLUMNS, rows[4][0], strict=True))
    assert [row[name] for name in COLUMNS[:8]] == [4, 0.16, 1, 14, 20, 40, 40, 0.9]
    assert (row["happiness"], row["neutral"], row["happiness_smoothed"]) == (0.25, 0.75, pytest.approx(0.25))
    assert sum(rows[4][0][8:16]) == pytest.approx(1, abs=1e-9)
    assert sum(rows[4][0][16:]) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("rate", [25.0, 50.0])
def test_scores_move_by_half_in_a_half_life_at_any_frame_rate(rate: float) -> None:
    frames = [words(face(50, 50, surprise=1.0 if i >= round(rate) else 0.0)) for i in range(round(4 * rate))]
    it, rows = followed(frames, rate, smooth=0.5)
    at = {row[1]: dict(zip(COLUMNS, row, strict=True)) for some in rows for row in some}
    assert at[0.96]["surprise_smoothed"] == 0
    for later in (0.52, 1.0, 2.0):
        gone = later + 1 / rate  # from the last frame without it
        assert at[1.0 + later]["surprise_smoothed"] == pytest.approx(1 - 2 ** (-gone / 0.5), abs=0.02)
        assert at[1.0 + later]["surprise"] == 1
    assert it.faces[0].scores["surprise"] == at[round(len(frames) / rate - 1 / rate, 4)]["surprise_smoothed"]
    _, rows = followed(frames, rate, smooth=0.0)
    assert [row[8:16] for some in rows for row in some] == [row[16:] for some in rows for row in some]


def test_two_faces_that_cross_keep_numbers_and_scores() -> None:
    frames = [words(face(10 + 4 * i, 30, happiness=1.0), face(300 - 4 * i, 110, anger=1.0)) for i in range(60)]
    it, rows = followed([*frames[:30], *(words(*(read(frame)[::-1])) for frame in frames[30:])])
    assert {(row[2], row[3] < 200) for some in rows[3:9] for row in some} == {(1, True), (2, False)}
    last = {row[2]: dict(zip(COLUMNS, row, strict=True)) for row in rows[-1]}
    assert (last[1]["happiness_smoothed"], last[2]["anger_smoothed"]) == (pytest.approx(1), pytest.approx(1))
    assert [one["face"] for one in it.answer()["faces"]] == [1, 2]


def read(seen: str) -> list[Face]:
    return [following.read(row) for row in json.loads(seen)["faces"]]


def test_words_come_back_as_they_were() -> None:
    points = np.arange(10.0).reshape(5, 2)
    one = Face((1.25, 2.5, 30.0, 40.0), 0.5, points, shares(fear=0.125))
    (back,) = read(words(one))
    assert (back.box, back.score, back.shares) == (one.box, one.score, one.shares)
    assert np.array_equal(back.points, points)  # type: ignore[arg-type]


@pytest.mark.parametrize(("out_of_sight", "gap", "people"), [(0.6, 1.0, 1), (1.8, 1.0, 2), (1.8, 3.0, 1)])
def test_a_gap_is_bridged_as_long_as_it_says(out_of_sight: float, gap: float, people: int) -> None:
    lost = range(50, 50 + round(25 * out_of_sight))
    it, _ = followed([words(*([] if i in lost else [face(100, 50)])) for i in range(150)], gap=gap)
    assert [one["face"] for one in it.answer()["faces"]] == list(range(1, people + 1))
    seen = sum(one["seconds"] for one in it.answer()["faces"])
    assert seen == pytest.approx((150 - len(lost) - 2 * people) / 25, abs=0.01)


def test_behind_a_cut_all_are_new_and_the_cut_is_told() -> None:
    chance = np.random.default_rng(0)
    scenes = [chance.integers(0, 255, 64).tolist() for _ in range(2)]
    it = made()
    rows = [it.add(i, i / 25, json.dumps({"faces": [following.words(face(100, 50))], "bright": scenes[i // 10]})) for i in range(20)]
    assert [some[0][2] for some in rows] == ["", "", *[1] * 8, "", "", *[2] * 8]
    assert it.answer()["cuts"] == [0.4]
    assert 'style="left:50.0%"' in report.render(it.page("x")).partition("z-marks")[2]


def test_what_is_unsure_is_read_only_where_a_face_was() -> None:
    given: list[list[Face]] = []
    plain = [Face((100, 50, 40, 40), 0.9), Face((300, 150, 40, 40), 0.3), Face((110, 55, 40, 40), 0.3)]

    def name(_: io.Photo, faces: list[Face]) -> list[Face]:
        given.append(list(faces))
        return [Face(one.box, one.score, one.points, shares()) for one in faces]

    it = Following(lambda *_: plain, name, Clip(), 0.5)  # type: ignore[arg-type]
    for i in range(2):
        it.add(i, i / 25, it.seen(blank()))
    assert given == [[plain[0]], [plain[0], plain[2]]]


def test_the_same_words_come_to_the_same_page_also_where_pictures_are_taken_anew() -> None:
    chance = np.random.default_rng(1)
    frames = [
        words(*(face(20 + 100 * k + i / 3, 60, score=round(float(chance.uniform(0.6, 1)), 4), happiness=round(float(chance.uniform(0, 1)), 6)) for k in range(3)))
        for i in range(80)
    ]  # fmt: skip
    one, two = followed(frames), followed(frames)
    assert one[1] == two[1]
    assert report.render(one[0].page("zorki faces clip.mp4")) == report.render(two[0].page("zorki faces clip.mp4"))
    assert one[0].answer() == two[0].answer()


def test_panels_stay_on_their_side_and_inside() -> None:
    """Two faces that shake and drift: a panel changes its side only where it must."""
    chance = np.random.default_rng(0)
    it, sides = made(hw=(360, 640)), []
    for i in range(200):
        dx, dy = chance.normal(0, 2, 2)
        it.add(i, i / 25, words(face(120 + dx + i / 2, 100 + dy, 70), face(420 - i / 3, 150 - dy, 60)))
        it.keep(lambda: blank((360, 640)))
        sides.append([it.panels.held[n].side for n in sorted(it.panels.held)])
        for panel in it.panels.held.values():
            left, top, right, bottom = panel.bounds
            assert 0 <= left < right <= 640
            assert 0 <= top < bottom <= 360
    assert [len(some) for some in sides[2:]] == [2] * 198
    assert sum(a != b for a, b in pairwise(sides[2:])) <= 2
    shown = it.picture(blank((360, 640)))
    assert (shown != 120).any()
    assert shown.shape == (360, 640, 3)


@pytest.mark.parametrize("hw", [(1, 1), (8, 12), (144, 176)])
def test_frames_of_any_size_are_drawn(hw: tuple[int, int]) -> None:
    it = made(hw=hw)
    for i in range(4):
        it.add(i, i / 25, words(face(0, 0, min(hw))))
    assert it.picture(blank(hw)).shape == (*hw, 3)


def test_stretches_are_joined_as_time_goes_on_and_nothing_is_lost() -> None:
    sums = Sums()
    for i in range(20_000):
        sums.add(i / 25, np.array([1.0, i / 20_000]))
        assert len(sums.held) <= STRETCHES
    total = np.sum(list(sums.held.values()), axis=0)
    assert total[:2] == pytest.approx([20_000, 19_999 / 2])
    x, y = sums.curves(10.0)
    assert np.abs(y[:, 1] - x * 25 / 20_000).max() < 2 * sums.wide * 25 / 20_000
    assert STRETCHES / 2 <= len(x) <= STRETCHES


def test_of_each_stretch_the_best_picture_is_kept() -> None:
    shots, chance = Shots(), np.random.default_rng(0)
    worths = chance.random(5000)
    for i, worth in enumerate(worths.tolist()):
        if shots.wants(i / 25, worth):
            shots.add(Shot(worth, i / 25, np.zeros((1, 1, 3), np.uint8), np.zeros(8)))
        assert len(shots.held) <= PICTURES
    for n, shot in shots.held.items():
        inside = [w for i, w in enumerate(worths.tolist()) if math.floor(i / 25 / shots.wide) == n]
        assert shot.worth == max(inside)


def test_a_gap_in_a_curve_is_a_gap() -> None:
    sums = Sums()
    for t in (0.01, 0.06, 2.01, 2.06):
        sums.add(t, np.array([1.0]))
    _, y = sums.curves(0.3)
    assert np.isnan(y[:, 0]).tolist() == [False, False, True, False, False]


def test_of_many_only_those_seen_longest_are_kept_in_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SHOWN", 3)
    it = made(gap=0.2)
    number, long = 0, [18, 5, 20, 6, 30, 7, 8, 9]
    for k, frames in enumerate(long):
        for i in range(frames + 40):
            it.add(number, number / 25, words(*([face(40 * k, 50, 30)] if i < frames else [])))
            it.keep(blank)
            number += 1
        assert sum(p.trace is not None for p in it.people.values()) <= 4
    page = it.page("x")
    titles = [block.title for block in page.sections[1].blocks]  # type: ignore[union-attr]
    assert [title.split(":")[0] for title in titles] == ["Face 5", "Face 3", "Face 1"]
    assert "8 faces" in page.lead
    assert len(it.answer()["faces"]) == 8


@pytest.mark.parametrize("hides", [False, True])
def test_pictures_are_promised_only_where_there_are_some(hides: bool) -> None:
    it = Following(lambda *_: (), lambda _, faces: faces, Clip(), 0.5, show=(lambda photo, _: photo.pixels) if hides else None)  # type: ignore[arg-type]
    for i in range(20):
        it.add(i, i / 25, words(face(50, 50, happiness=0.75)))
        it.keep(blank)
    second = it.page("x").sections[1]
    assert ("Above them" in second.lead) is not hides
    assert any(block.shots for block in second.blocks) is not hides  # type: ignore[union-attr]


def test_no_face_at_all_is_said() -> None:
    it, rows = followed([words()] * 5)
    assert rows == [[]] * 5
    assert it.lines() == ["no face was found in 5 frames"]
    assert it.answer() == {"faces": [], "cuts": []}
    assert "No face was found" in report.render(it.page("x"))


def test_a_single_frame_has_its_face_and_no_number() -> None:
    it, rows = followed([words(face(10, 10))])
    assert (len(rows[0]), rows[0][0][2]) == (1, "")
    assert report.render(it.page("x"))


def test_means_are_those_of_all_frames() -> None:
    it, _ = followed([words(face(100, 50, happiness=(i % 5) / 8)) for i in range(52)])
    (one,) = it.answer()["faces"]
    assert one["frames"] == 50
    assert one["scores"]["happiness"] == pytest.approx(0.25, abs=1e-6)
    assert sum(one["scores"].values()) == pytest.approx(1, abs=1e-9)
    assert it.lines() == ["face 1: 2.0 s from 0:00, mostly neutral (75 %)"]


def test_a_person_begins_as_it_is_seen() -> None:
    one = Person.new(1, 0.5, np.array(shares(anger=1.0)))
    one.seen(1.0, np.array(shares(anger=1.0)), 0.5)
    assert one.smoothed == pytest.approx(shares(anger=1.0))
