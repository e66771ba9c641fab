"""What stands beside the faces of a crowd lies on no face and on nothing else, and lines lead from it to the right one."""

from __future__ import annotations

import numpy as np
import pytest

from zorki.facing import drawing, labels
from zorki.facing.emotions import EMOTIONS
from zorki.facing.faces import Face
from zorki.facing.panels import Panels
from zorki.pixels import palette

pytestmark = pytest.mark.tiny
GREY = 90


def crowd(seed: int, rows: int, columns: int) -> list[Face]:
    """People in rows, each behind the gaps of the row before it, the chins of one row at the hair of the next."""
    dice = np.random.default_rng(seed)
    out = []
    for row in range(rows):
        for k in range(columns - row % 2):
            x = 60 + 900 / columns * (k + 0.5 * (row % 2)) + dice.uniform(-8, 8)
            y = 120 + 85 * row + dice.uniform(-8, 8)
            name = EMOTIONS[int(dice.integers(8))]
            shares = tuple(0.65 if one == name else 0.05 for one in EMOTIONS)
            out.append(Face((x, y, 44, 56), shares=shares))
    return out


def hides(out: np.ndarray, face: Face) -> float:
    """Of what is within the box's line."""
    x, y, w, h = map(round, face.box)
    return float((out[y + 8 : y + h - 8, x + 8 : x + w - 8] != GREY).any(2).mean())


@pytest.mark.parametrize(("rows", "columns"), [(2, 6), (3, 7), (5, 8), (2, 4), (2, 3)])
@pytest.mark.parametrize("seed", range(3))
def test_in_a_crowd_words_hide_nobody(seed: int, rows: int, columns: int) -> None:
    faces = crowd(seed, rows, columns)
    out = drawing.drawn(np.full((768, 1024, 3), GREY, np.uint8), faces)
    assert max(hides(out, face) for face in faces) <= 2 * labels.HIDDEN, "the box of what may be covered is smaller by its line"
    letters = (out.max(2) < 30) | (out.min(2) > 230)
    assert letters.sum() > 20 * len(faces)


def test_short_words_stand_where_there_is_no_room_and_each_colour_has_its_name() -> None:
    seen: list[str] = []
    plate = labels.drawing.plate

    def noted(text: str, *more: object) -> object:
        seen.append(text)
        return plate(text, *more)  # type: ignore[arg-type]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labels.drawing, "plate", noted)
        drawing.drawn(np.full((768, 1024, 3), GREY, np.uint8), crowd(0, 5, 12))
    last = seen[-len(crowd(0, 5, 12)) :]
    assert {text.split()[0] for text in last if " " in text} == {face.emotion for face in crowd(0, 5, 12)}
    assert "65%" in last
    assert len({text for text in last if " " in text}) == sum(" " in text for text in last), "each once"


def test_places_are_near_to_their_own_face_first() -> None:
    """Two faces side by side: between them a plate would be anybody's."""
    left, right = (100, 100, 150, 160), (230, 100, 280, 160)
    faces = np.array([left, right], np.float64)
    x, y = labels.places(left, (20, 78), (400, 600), faces, 2)[0]
    assert labels.apart((x, y, x + 78, y + 20), faces[:1])[0] < labels.apart((x, y, x + 78, y + 20), faces[1:])[0]
    assert labels.harm((152, 110, 230, 130), left, faces) is not None
    assert labels.harm((120, 110, 198, 130), left, faces) is None, "it lies on the face"


@pytest.mark.parametrize("one", [(10, 10, 40, 30), (150, 90, 190, 120), (60, 200, 100, 230), (62, 10, 98, 30)])
def test_a_line_joins_both_and_crosses_neither(one: tuple[int, int, int, int]) -> None:
    face, out = (60, 80, 100, 140), np.full((260, 220, 3), GREY, np.uint8)
    ink = np.array([255, 170, 34], np.uint8)
    labels.line(out, one, face, ink, 3)
    drawn = np.argwhere((out == ink).all(2))[:, ::-1]
    for x0, y0, x1, y1 in (one, face):
        off = np.maximum(np.maximum([x0, y0] - drawn, drawn - [x1 - 1, y1 - 1]), 0)
        assert np.hypot(*off.T).min() == 0
        inner = ((drawn >= [x0 + 3, y0 + 3]) & (drawn < [x1 - 3, y1 - 3])).all(1)
        assert not inner.any()
    before = out.copy()
    labels.line(out, (100, 80, 120, 140), face, ink, 3)  # they touch
    assert (out == before).all()


def test_bars_of_several_faces_have_lines_and_those_of_one_have_none() -> None:
    photo = np.full((600, 900, 3), GREY, np.uint8)
    some = [Face((140 + 300 * k, 200, 80, 100), shares=tuple(0.3 if n == k else 0.1 for n in range(8))) for k in range(2)]
    lines: list[tuple[int, ...]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labels, "line", lambda out, one, face, *_: lines.append((*one, *face)))
        drawing.drawn(photo, some[:1])
        assert not lines
        drawing.drawn(photo, some)
    assert len(lines) == 2
    for face, line in zip(some, lines, strict=True):
        assert line[4:6] == tuple(map(int, face.box[:2]))
        assert 0 < labels.apart(line[:4], np.array([line[4:]], np.float64))[0] < 60  # type: ignore[arg-type]


def test_panels_of_a_film_lead_to_their_faces() -> None:
    shares = tuple(0.3 if n == 0 else 0.1 for n in range(8))
    faces = [(k + 1, Face((60 + 200 * k, 60, 40, 50), shares=shares)) for k in range(2)]
    panels, out = Panels((240, 480)), np.full((240, 480, 3), GREY, np.uint8)
    panels.place(faces)
    panels.draw(out, faces)
    for number, face in faces:
        left, top, right, bottom = panels.held[number].bounds
        mine = (out == palette.rgb(palette.nth(number - 1))).all(2)
        assert mine[top:bottom, left].all()
        assert mine[top:bottom, right - 1].all()
        x, y, w, h = map(int, face.box)
        ring = mine[y - 2 : y + h + 2, x - 2 : x + w + 2]
        assert ring.any(), "the line comes to the face"
        assert not mine[y + 6 : y + h - 6, x + 6 : x + w - 6].any()
