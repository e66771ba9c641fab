"""`locate predict` of films: a film, a table beside it, what is broken off, cut or on a full disk."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zorki
from tests.io import films
from tests.locate.laid import hidden, lay, table
from tests.locating.painted import net, painted
from zorki import io
from zorki.jobs import films as reels

pytestmark = pytest.mark.wings
track = pytest.mark.skipif(__import__("importlib.util").util.find_spec("trackers") is None, reason="the extra [track] is not installed")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay()
    return tmp_path


@pytest.fixture
def predict(command: Any) -> Any:
    return lambda *words: command("locate", "predict", *words, "--model", "net.py:many", "--quiet")


def ride(name: str = "ride.mp4", frames: int = 14, **more: Any) -> Path:
    """Two things that pass each other, one of which is out of sight in two frames."""
    pictures = [
        painted((120, 200), [(10 + 4 * i, 10, 40, 30), *([(150 - 4 * i, 70, 30, 30)] if i not in (6, 7) else [])]) for i in range(frames)
    ]
    return films.film(Path(name), pictures, **more)


@track
def test_a_film_gives_a_film_a_table_and_counts(predict: Any) -> None:
    stamps = [512 * i for i in range(10)] + [512 * i + 3000 for i in range(10, 14)]
    ride(sound=["aac"], stamps=stamps)
    status, out, _ = predict("ride.mp4", "--json")
    said = json.loads(out)
    assert (status, said["out"], said["frames"]) == (0, ["ride.predict.mp4", "ride.predict.csv"], 14)
    assert said["things"] == {"class 0": 2}
    rows = table(Path("ride.predict.csv").read_text(encoding="utf-8"))
    assert rows[0] == ["frame", "seconds", "id", "class", "x", "y", "w", "h", "score"]
    assert [r[2] for r in rows[1:] if r[0] == "13"] == ["1", "2"]
    assert [len([r for r in rows[1:] if r[0] == str(i)]) for i in range(14)] == [2] * 6 + [1] * 2 + [2] * 6
    assert float(rows[-1][1]) == pytest.approx((512 * 13 + 3000) / 12800, abs=1e-3)
    assert films.stamps_of(Path("ride.predict.mp4")) == films.stamps_of(Path("ride.mp4"))
    assert films.packets(Path("ride.predict.mp4"), "audio") == films.packets(Path("ride.mp4"), "audio")
    assert hidden() == []
    assert predict("ride.mp4")[1].splitlines() == ["2 class 0", "ride.predict-2.mp4", "ride.predict-2.csv"]


@track
def test_what_lies_where_the_table_would_is_not_replaced(predict: Any) -> None:
    ride(frames=3)
    Path("b.csv").write_text("mine", encoding="utf-8")
    status, _, err = predict("ride.mp4", "-o", "b.mp4")
    assert (status, "b.csv exists already" in err) == (2, True)
    Path("ride.predict.csv").write_text("mine", encoding="utf-8")
    assert predict("ride.mp4")[1].splitlines()[-2:] == ["ride.predict-2.mp4", "ride.predict-2.csv"]
    assert [Path(p).read_text(encoding="utf-8") for p in ("b.csv", "ride.predict.csv")] == ["mine", "mine"]
    assert predict("ride.mp4", "-o", "b.mp4", "--force")[0] == 0
    assert Path("b.csv").read_text(encoding="utf-8").startswith("frame,")


@track
@pytest.mark.parametrize("slow", [0.0, 1e9], ids=["each frame kept", "stretches kept"])
def test_a_film_that_was_broken_off_ends_as_the_unbroken_one(predict: Any, monkeypatch: pytest.MonkeyPatch, slow: float) -> None:
    ride()
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    monkeypatch.setattr(reels, "SLOW", slow)
    assert predict("ride.mp4", "-o", "whole.mp4")[0] == 0
    paint, looked = reels.Reel.paint, []
    from zorki.wings.locate import predict as method

    found = method.found
    monkeypatch.setattr(method, "found", lambda *given: looked.append(1) or found(*given))
    with monkeypatch.context() as broken:

        def stopped(self: reels.Reel, moment: io.Moment) -> Any:
            if moment.number == 9:
                raise KeyboardInterrupt
            return paint(self, moment)

        broken.setattr(reels.Reel, "paint", stopped)
        status, out, err = predict("ride.mp4", "-o", "b.mp4", "--json")
    assert (status, json.loads(out)["out"], json.loads(out)["things"]) == (130, ["b.mp4", "b.csv"], {"class 0": 2})
    assert "9 of 14 frames are in b.mp4" in err
    assert {r[0] for r in table(Path("b.csv").read_text(encoding="utf-8"))[1:]} == set(map(str, range(9)))
    looked.clear()
    assert predict("ride.mp4", "-o", "b.mp4")[0] == 0
    assert len(looked) == 5  # what was seen in the frames before is known
    assert Path("b.csv").read_bytes() == Path("whole.csv").read_bytes()
    assert [f.tobytes() for f in films.frames_of(Path("b.mp4"))] == [f.tobytes() for f in films.frames_of(Path("whole.mp4"))]
    assert hidden() == []


@track
def test_a_table_that_somebody_changed_is_not_replaced(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ride()
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 2)
    paint = reels.Reel.paint

    def stopped(self: reels.Reel, moment: io.Moment) -> Any:
        if moment.number == 5:
            raise KeyboardInterrupt
        return paint(self, moment)

    with monkeypatch.context() as broken:
        broken.setattr(reels.Reel, "paint", stopped)
        assert predict("ride.mp4", "-o", "b.mp4")[0] == 130
    Path("b.csv").write_text("mine", encoding="utf-8")
    assert predict("ride.mp4", "-o", "b.mp4")[0] == 2
    assert Path("b.csv").read_text(encoding="utf-8") == "mine"


@track
def test_a_film_that_is_cut_is_followed_as_far_as_it_goes(predict: Any, command: Any) -> None:
    with io.Film("whole.mp4", fps=25) as film:  # its index comes first
        for i in range(60):
            noise = np.random.default_rng(i).integers(0, 9, (120, 200, 3))
            film.add((painted((120, 200), [(10 + 2 * i, 10, 40, 30)]) + noise).astype(np.uint8))
    whole = Path("whole.mp4").read_bytes()
    Path("cut.mp4").write_bytes(whole[: (whole.index(b"mdat") + len(whole)) // 2])
    status, out, _ = predict("cut.mp4", "--json")
    said = json.loads(out)
    rows = table(Path(said["out"][1]).read_text(encoding="utf-8"))[1:]
    assert status == 0
    assert 0 < said["frames"] < 60
    assert {int(r[0]) for r in rows} == set(range(said["frames"]))
    Path("none.mp4").write_bytes(whole[:200])
    status, _, err = predict("none.mp4")
    assert (status, len(err.splitlines()) <= 4) == (2, True)


@track
def test_a_full_disk_in_a_film_says_how_to_go_on(predict: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ride()
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 2)
    from zorki.jobs import tables

    add = tables.Log.add

    def full(self: tables.Log, text: str) -> None:
        if self._handle.tell() > 300:
            raise tables.trouble(OSError(errno.ENOSPC, "No space left on device"), self.path)
        add(self, text)

    with monkeypatch.context() as broken:
        broken.setattr(tables.Log, "add", full)
        status, _, err = predict("ride.mp4", "-o", "b.mp4")
    assert status == 4
    assert "disk is full" in err
    assert "goes on" in err
    assert predict("ride.mp4", "-o", "b.mp4")[0] == 0
    assert {int(r[0]) for r in table(Path("b.csv").read_text(encoding="utf-8"))[1:]} == set(range(14))


@track
def test_python_takes_films_too() -> None:
    ride(frames=5)
    assert zorki.locate.predict("ride.mp4", model=net(), out="b.mp4") == [Path("b.mp4"), Path("b.csv")]


def test_a_line_that_a_kill_cut_off_is_made_again(tmp_path: Path) -> None:
    from zorki.jobs.tables import Log

    (tmp_path / "seen.txt").write_bytes(b"[1]\n[2]\n[3")
    log = Log(tmp_path / "seen.txt")
    assert [log.next(), log.next(), log.next(), log.next()] == ["[1]", "[2]", None, None]
    log.add("[4]")
    log.close()
    assert (tmp_path / "seen.txt").read_bytes() == b"[1]\n[2]\n[4]\n"
