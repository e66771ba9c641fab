"""A photo with its faces: bars say the scores, hide no other face where few have room, and everything fits into pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import color

from zorki.facing import drawing
from zorki.facing.emotions import EMOTIONS
from zorki.facing.faces import Face

pytestmark = pytest.mark.tiny
PHOTO = np.full((768, 1024, 3), 90, np.uint8)


def face(box: tuple[float, float, float, float], likely: str = "happiness", share: float = 0.93) -> Face:
    rest = (1 - share) / 7
    return Face(box, shares=tuple(share if name == likely else rest for name in EMOTIONS))


def rgb(name: str) -> tuple[int, ...]:
    return tuple(int(drawing.COLOURS[name][k : k + 2], 16) for k in (1, 3, 5))


def test_the_bars_are_as_long_as_the_scores() -> None:
    one = Face((0, 0, 9, 9), shares=(0.1, 0.0, 0.05, 0.05, 0.4, 0.2, 0.1, 0.1))
    made = drawing.bars(one, 8, 30)
    long = round(drawing.BAR * 30)
    for name, share in one.scores.items():
        inside = (made[2:-2, 2:-2, :3] == rgb(name)).all(2)
        assert inside.any(0).sum() == pytest.approx(max(1, long * share), abs=1.5), name


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_few_faces_have_all_eight_and_no_face_is_hidden(count: int) -> None:
    faces = [face((120 + 230 * k, 120 + 30 * (k % 2), 90, 110), EMOTIONS[k]) for k in range(count)]
    out = drawing.drawn(PHOTO, faces)
    assert out.shape == PHOTO.shape
    for one in faces:
        x, y, w, h = map(int, one.box)
        inner = out[y + 12 : y + h - 12, x + 12 : x + w - 12]
        assert (inner == 90).all(), "nothing lies on a face"
    tracks = (out == round(255 * drawing.TRACK)).all(2)
    assert tracks.sum() > 0.5 * count * 7 * 15 * 80
    for name in EMOTIONS:
        assert (out == rgb(name)).all(2).any(), name


def test_bars_stay_apart_and_many_have_words_alone() -> None:
    faces = [face((20 + 160 * (k % 6), 40 + 140 * (k // 6), 60, 70)) for k in range(30)]
    out = drawing.drawn(PHOTO, faces)
    assert not (out == round(255 * drawing.TRACK)).all(2).any()
    hidden = [(out[int(f.box[1]) + 20 : int(f.box[1]) + 50, int(f.box[0]) + 15 : int(f.box[0]) + 45] != 90).mean() for f in faces]
    assert np.mean(hidden) < 0.3


@pytest.mark.parametrize("hw", [(1, 1), (10, 10), (15, 800), (800, 15), (40, 60), (3000, 2000)], ids=str)
def test_any_size_goes(hw: tuple[int, int]) -> None:
    photo = np.full((*hw, 3), 0.4, np.float32)
    before = photo.copy()
    whole = face((0, 0, hw[1], hw[0]))
    for some in ([], [whole], [whole, face((0, 0, 1, 1), "fear")]):
        out = drawing.drawn(photo, some)
        assert (out.shape, out.dtype) == ((*hw, 3), np.uint8)
    assert (photo == before).all()


def test_a_face_that_fills_the_picture_has_its_bars_in_a_corner_and_keeps_its_eyes() -> None:
    out = drawing.drawn(PHOTO, [face((150, 20, 700, 740))])
    assert (out == round(255 * drawing.TRACK)).all(2).any()
    assert (out[200:420, 330:670] == 90).all()


def test_colours_are_told_apart_also_by_who_sees_few() -> None:
    """Machado, Oliveira, Fernandes 2009: red, green and blue as eyes without one kind of cones see them; CIE Lab distances."""
    without = {
        "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    }
    srgb = np.array([rgb(name) for name in EMOTIONS]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    for name, matrix in {"none": np.eye(3), **{k: np.array(v) for k, v in without.items()}}.items():
        seen = (linear @ matrix.T).clip(0, 1)
        lab = color.rgb2lab(back(seen))
        far = np.sqrt(((lab[:, None] - lab) ** 2).sum(-1)) + 1e9 * np.eye(8)
        assert far.min() > 12, (name, far.min())


def back(linear: np.ndarray) -> np.ndarray:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
