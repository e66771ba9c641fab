"""The tour's faces: what is found is shown with its scores, and where there is none one sentence says so."""

from __future__ import annotations

import shlex
from dataclasses import replace

import numpy as np
import pytest

import zorki
from tests.locating.painted import net, painted
from zorki import blocks, io, weights
from zorki.facing import portraits
from zorki.facing.emotions import EMOTIONS
from zorki.facing.faces import Face
from zorki.guided.guide import Guide
from zorki.guided.sections import faces as section

pytestmark = [pytest.mark.wings, pytest.mark.skipif("emotions" not in weights.names(), reason="the network of expressions is not here")]
THINGS = [(48, 32, 60, 64), (130, 20, 30, 40)]  # what the toy takes for faces


def guide(things: list[tuple[int, int, int, int]]) -> Guide:
    photo = io.open_photo(painted((128, 192), things))
    one = Guide(zorki.load("eye"), photo, photo)
    one.others[section.NET] = replace(one, net=net(classes=("face", "plum")))
    return one


def test_each_face_is_shown_with_its_eight_scores() -> None:
    assert section.work(guide(THINGS))[0][0] > 0
    row, grid = section.build(guide(THINGS))
    assert isinstance(row, blocks.Row)
    assert isinstance(grid, blocks.Grid)
    assert row.sentence.startswith("It finds two faces. The likeliest expressions: ")
    assert section.NOT_A_FEELING in row.sentence
    assert shlex.split(row.command)[:2] == ["zorki", "faces"]
    assert len(grid.tiles) == 2
    assert all(any(name in tile.caption for name in EMOTIONS) for tile in grid.tiles)
    assert all(tile.pixels.shape[1] == portraits.SIDE < tile.pixels.shape[0] for tile in grid.tiles)


def test_without_faces_one_sentence_says_so() -> None:
    (note,) = section.build(guide([]))
    assert isinstance(note, blocks.Note)
    assert "No face was found" in note.text
    assert note.command.startswith("zorki faces")


def test_bars_are_as_long_as_scores_and_of_their_colours() -> None:
    shares = (0.5, 0.25, 0.0, 0.0, 0.25, 0.0, 0.0, 0.0)
    drawn = portraits.bars(Face((0, 0, 10, 10), shares=shares), 720)
    lengths = []
    for name in EMOTIONS:
        ink = np.array([int(portraits.COLOURS[name][i : i + 2], 16) for i in (1, 3, 5)])
        lengths.append(int((drawn == ink).all(2).sum(1).max()))
    full = round((1 - portraits.FIGURE) * 720) - round(portraits.LABEL * 720)
    assert lengths == [round(share * full) for share in shares]
