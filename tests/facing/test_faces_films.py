"""`zorki faces` of films: a film, a table and a page, what is broken off, killed, cut, turned or without a face. The faces are painted, what finds them is a toy."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.io import films
from tests.locate.laid import CODE, hidden, lay, table
from tests.locating.painted import net, painted
from zorki import io
from zorki.facing.faces import EMOTIONS, Face
from zorki.facing.following import COLUMNS, Following
from zorki.jobs import films as reels
from zorki.jobs import tables
from zorki.locating import looking
from zorki.wings.faces import find

pytest.importorskip("trackers", reason="the extra [track] is not installed")
pytestmark = pytest.mark.wings
RUN = f"""{CODE}
import os, signal
from tests.facing.test_faces_films import toy
from zorki.facing.following import Following
from zorki.wings.faces import find

find.film = toy
add = Following.add

def killed(self, number, seconds, seen):
    if number == 9:
        os.kill(os.getpid(), signal.SIGKILL)
    return add(self, number, seconds, seen)

if __name__ == "__main__":
    import zorki.io.unfinished
    from zorki.cli.main import run
    zorki.io.unfinished.LENGTH = 4
    if sys.argv[1] == "killed":
        Following.add = killed
    sys.exit(run(sys.argv[2:]))
"""


def named(photo: io.Photo, faces: Sequence[Face]) -> list[Face]:
    """Anger as a face lies further right, happiness as it lies further down."""
    h, w = photo.hw
    out = []
    for face in faces:
        some = {"anger": face.box[0] / w / 2, "happiness": face.box[1] / h / 2}
        shares = tuple(some.get(name, 1 - sum(some.values()) if name == "neutral" else 0.0) for name in EMOTIONS)
        out.append(Face(face.box, face.score, face.points, shares))
    return out


def toy(_: Any, video: io.Video, s: Any, emotions: Any = None) -> Following:
    seeing = net()

    def look(photo: io.Photo, low: float) -> list[Face]:
        seen = looking.found(seeing, looking.shown(seeing, photo), low, size=max(photo.hw))
        return [Face(tuple(box), score) for box, score in zip(seen.boxes.tolist(), seen.scores.tolist(), strict=True)]

    return Following(look, named, video, 0.3, s.gap, s.smooth)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(find, "film", toy)
    lay()
    return tmp_path


@pytest.fixture
def faces(command: Any) -> Any:
    return lambda *words: command("faces", *words, "--model", "net.py:many", "--quiet")


def ride(name: str = "ride.mp4", frames: int = 14, **more: Any) -> Path:
    """Two faces that pass each other, one of which is out of sight in two frames."""
    pictures = [
        painted((120, 200), [(10 + 4 * i, 10, 40, 30), *([(150 - 4 * i, 70, 30, 30)] if i not in (6, 7) else [])]) for i in range(frames)
    ]
    return films.film(Path(name), pictures, **more)


def test_a_film_gives_a_film_a_rowsand_a_page(faces: Any) -> None:
    ride(sound=["aac"])
    status, out, _ = faces("ride.mp4", "--json")
    said = json.loads(out)
    assert (status, said["out"], said["frames"]) == (0, ["ride.faces.mp4", "ride.faces.csv", "ride.faces.html"], 14)
    assert [(one["face"], one["frames"]) for one in said["faces"]] == [(1, 12), (2, 10)]
    rows = table(Path("ride.faces.csv").read_text(encoding="utf-8"))
    assert tuple(rows[0]) == COLUMNS
    assert [len([r for r in rows[1:] if r[0] == str(i)]) for i in range(14)] == [2] * 6 + [1] * 2 + [2] * 6
    for row in rows[1:]:
        assert sum(map(float, row[8:16])) == pytest.approx(1, abs=1e-9)
    page = Path("ride.faces.html").read_text(encoding="utf-8")
    assert "Face 1: " in page
    assert "<span>faces</span> <span>ride.mp4</span>" in page
    assert films.packets(Path("ride.faces.mp4"), "audio") == films.packets(Path("ride.mp4"), "audio")
    assert films.stamps_of(Path("ride.faces.mp4")) == films.stamps_of(Path("ride.mp4"))
    assert hidden() == []
    assert faces("ride.mp4")[1].splitlines()[-3:] == ["ride.faces-2.mp4", "ride.faces-2.csv", "ride.faces-2.html"]


def test_what_lies_where_the_page_would_is_not_replaced(faces: Any) -> None:
    ride(frames=3)
    Path("b.html").write_text("mine", encoding="utf-8")
    status, _, err = faces("ride.mp4", "-o", "b.mp4")
    assert (status, "b.html exists already" in err) == (2, True)
    assert not Path("b.mp4").exists()
    assert Path("b.html").read_text(encoding="utf-8") == "mine"
    assert faces("ride.mp4", "-o", "b.mp4", "--force")[0] == 0
    assert "Faces in ride.mp4" in Path("b.html").read_text(encoding="utf-8")


def test_ctrl_c_keeps_all_three_and_the_same_command_goes_on(faces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ride()
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    assert faces("ride.mp4", "-o", "whole.mp4")[0] == 0
    paint = reels.Reel.paint

    def stopped(self: reels.Reel, moment: io.Moment) -> Any:
        if moment.number == 9:
            raise KeyboardInterrupt
        return paint(self, moment)

    with monkeypatch.context() as broken:
        broken.setattr(reels.Reel, "paint", stopped)
        status, out, err = faces("ride.mp4", "-o", "b.mp4", "--json")
    assert (status, json.loads(out)["out"]) == (130, ["b.mp4", "b.csv", "b.html"])
    assert "9 of 14 frames are in b.mp4" in err
    assert ">9</dd>" in Path("b.html").read_text(encoding="utf-8")
    assert faces("ride.mp4", "-o", "b.mp4")[0] == 0
    same("b", "whole")
    assert hidden() == []


OTHER = """
import torch
from torch import nn
from pathlib import Path


def namer():
    net = nn.Conv2d(3, 1, 1)
    nn.init.constant_(net.weight, float(Path("number.txt").read_text()))
    return net
"""


def test_a_film_begun_with_one_network_for_expressions_never_goes_on_with_another(faces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the same name, with other numbers in it."""

    def by_its_number(_: Any, video: io.Video, s: Any, emotions: Any) -> Following:
        made = toy(_, video, s)
        share = float(emotions.module.weight.detach().flatten()[0])
        rest = {"neutral": 1 - share}
        made.read = lambda photo, some: [
            Face(f.box, f.score, f.points, tuple({"anger": share, **rest}.get(name, 0.0) for name in EMOTIONS)) for f in some
        ]
        return made

    ride()
    Path("other.py").write_text(OTHER, encoding="utf-8")
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    monkeypatch.setattr(find, "film", by_its_number)
    paint = reels.Reel.paint

    def stopped(self: reels.Reel, moment: io.Moment) -> Any:
        if moment.number == 9:
            raise KeyboardInterrupt
        return paint(self, moment)

    words = ("ride.mp4", "--emotions", "other.py:namer", "-o")
    Path("number.txt").write_text("0.25")
    with monkeypatch.context() as broken:
        broken.setattr(reels.Reel, "paint", stopped)
        assert faces(*words, "b.mp4")[0] == 130
    Path("number.txt").write_text("0.75")
    status, _, err = faces(*words, "b.mp4")
    assert (status, "exists already" in err) == (2, True)
    assert faces(*words, "b.mp4", "--force")[0] == 0
    assert {row[COLUMNS.index("anger")] for row in table(Path("b.csv").read_text())[1:]} == {"0.75"}


def same(one: str, other: str) -> None:
    """Film, table and page, but for the name of the result, which stands in none of them."""
    for end in (".csv", ".html"):
        assert Path(one + end).read_bytes() == Path(other + end).read_bytes()
    assert [f.tobytes() for f in films.frames_of(Path(one + ".mp4"))] == [f.tobytes() for f in films.frames_of(Path(other + ".mp4"))]


@pytest.mark.skipif(sys.platform == "win32", reason="nobody kills so there")
def test_after_a_kill_the_same_command_comes_to_the_same(faces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ride()
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    assert faces("ride.mp4", "-o", "whole.mp4")[0] == 0
    Path("run.py").write_text(RUN, encoding="utf-8")
    words = [sys.executable, "run.py", "killed", "faces", "ride.mp4", "-o", "b.mp4", "--model", "net.py:many", "--quiet"]
    ended = subprocess.run(words, env=os.environ | {"OMP_NUM_THREADS": "1"}, capture_output=True, check=False)
    assert ended.returncode == -signal.SIGKILL, ended.stderr.decode()
    assert not Path("b.mp4").exists()
    assert faces("ride.mp4", "-o", "b.mp4")[0] == 0
    same("b", "whole")


class Killed(BaseException):
    """What nobody catches."""


def killed_at(moment: str, patch: pytest.MonkeyPatch) -> None:
    """Once the film is there; once its table is; once all is, but for what is tidied up."""

    def killed(*_: Any, **__: Any) -> None:
        raise Killed

    publish = tables.Rows.publish

    def tabled(self: tables.Rows, *given: Any) -> None:
        publish(self, *given)
        raise Killed

    if moment == "film":
        patch.setattr(reels.Beside, "publish", killed)
    elif moment == "table":
        patch.setattr(tables.Rows, "publish", tabled)
    else:
        patch.setattr(io.Unfinished, "remove", killed)


@pytest.mark.parametrize("moment", ["film", "table", "page"])
@pytest.mark.parametrize("broken_before", [False, True])
def test_who_is_killed_when_all_is_there_goes_on_without_force(
    faces: Any, monkeypatch: pytest.MonkeyPatch, moment: str, broken_before: bool
) -> None:
    ride(frames=6)
    monkeypatch.setattr("zorki.io.unfinished.LENGTH", 4)
    assert faces("ride.mp4", "-o", "whole.mp4")[0] == 0
    if broken_before:
        with monkeypatch.context() as patch:
            patch.setattr(reels.Reel, "tell", lambda _, done, __: (_ for _ in ()).throw(KeyboardInterrupt()) if done == 5 else None)
            assert faces("ride.mp4", "-o", "b.mp4")[0] == 130
    with monkeypatch.context() as patch:
        killed_at(moment, patch)
        with pytest.raises(Killed):
            faces("ride.mp4", "-o", "b.mp4")
    assert Path("b.mp4").exists()
    assert faces("ride.mp4", "-o", "b.mp4")[0] == 0
    same("b", "whole")
    assert hidden() == []


def test_what_was_changed_after_a_kill_is_not_replaced(faces: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ride(frames=6)
    with monkeypatch.context() as patch:
        killed_at("table", patch)
        with pytest.raises(Killed):
            faces("ride.mp4", "-o", "b.mp4")
    rows = Path("b.csv").read_text()
    Path("b.csv").write_text(rows + "mine\n")
    status, _, err = faces("ride.mp4", "-o", "b.mp4")
    assert (status, "exists already" in err) == (2, True)
    Path("b.csv").write_text(rows)
    Path("b.mp4").write_bytes(Path("b.mp4").read_bytes() + b"mine")
    assert faces("ride.mp4", "-o", "b.mp4")[0] == 2


def test_a_film_without_a_face_says_so_and_has_a_rowswith_its_head(faces: Any) -> None:
    films.film(Path("empty.mp4"), [painted((120, 200), [])] * 5)
    status, out, _ = faces("empty.mp4")
    assert (status, out.splitlines()[0]) == (0, "no face was found in 5 frames")
    assert table(Path("empty.faces.csv").read_text(encoding="utf-8")) == [list(COLUMNS)]
    assert "No face was found in 5 frames." in Path("empty.faces.html").read_text(encoding="utf-8")


def test_a_film_of_one_frame(faces: Any) -> None:
    ride(frames=1)
    status, out, _ = faces("ride.mp4", "--json")
    said = json.loads(out)
    assert (status, said["frames"], said["faces"]) == (0, 1, [])
    rows = table(Path("ride.faces.csv").read_text(encoding="utf-8"))
    assert [row[2] for row in rows[1:]] == ["", ""]


def test_sound_alone_and_a_film_that_breaks_off(faces: Any) -> None:
    with io.Film("whole.mp4", fps=25) as film:
        for i in range(60):
            noise = np.random.default_rng(i).integers(0, 9, (120, 200, 3))
            film.add((painted((120, 200), [(10 + 2 * i, 10, 40, 30)]) + noise).astype(np.uint8))
    whole = Path("whole.mp4").read_bytes()
    Path("cut.mp4").write_bytes(whole[: (whole.index(b"mdat") + len(whole)) // 2])
    status, out, _ = faces("cut.mp4", "--json")
    said = json.loads(out)
    assert (status, 0 < said["frames"] < 60, len(said["faces"])) == (0, True, 1)
    films.film(
        Path("whole.mkv"),
        [
            (painted((120, 200), [(10, 10, 40, 30)]) + np.random.default_rng(i).integers(0, 9, (120, 200, 3))).astype(np.uint8)
            for i in range(60)
        ],
    )
    Path("cut.mkv").write_bytes(Path("whole.mkv").read_bytes()[: Path("whole.mkv").stat().st_size // 2])
    status, out, _ = faces("cut.mkv", "--out", "seen.mp4")
    assert (status, "\ncut.mkv breaks off: it says to be 2.4 s long, and ends after" in out) == (0, True)
    assert "cut.mkv breaks off: it says" in Path("seen.html").read_text(encoding="utf-8")
    assert faces("whole.mkv", "--out", "full.mp4")[0] == 0
    assert "breaks off" not in Path("full.html").read_text(encoding="utf-8")
    ride("sound.mp4", frames=2, sound=["aac"])
    films_sound(Path("sound.mp4"), Path("alone.m4a"))
    status, _, err = faces("alone.m4a")
    assert status == 2
    assert len(err.splitlines()) <= 4


def films_sound(source: Path, path: Path) -> None:
    import av

    with av.open(str(source)) as given, av.open(str(path), "w", format="mp4") as out:
        track = given.streams.audio[0]
        copied = out.add_stream_from_template(track)
        for packet in given.demux(track):
            if packet.dts is not None:
                packet.stream = copied
                out.mux(packet)
