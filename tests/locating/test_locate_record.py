"""What a run was taught on, and whether it is found again; what is shown of a set."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from tests.locating.made import opened, own
from zorki import io
from zorki.core.errors import InputError
from zorki.formats.annotated import Picture
from zorki.locating import preview, record
from zorki.locating.faults import Fault

pytestmark = pytest.mark.unit
BOX = ("cat", 10, 20, 30, 25)


def test_the_same_pictures_are_found_wherever_they_lie(tmp_path: Path) -> None:
    found = opened(own(tmp_path / "a", {f"{k}.jpg": [BOX] for k in range(6)}))
    learnt, held = found.splits(3)
    record.write(tmp_path, learnt, held, {"side": "as large as they are"}, {"cat": 17})
    kept = record.read(tmp_path)
    assert kept is not None
    assert (kept.classes, kept.decided, kept.ids) == (found.classes, {"side": "as large as they are"}, {"cat": 17})
    shutil.move(tmp_path / "a", tmp_path / "b")
    moved = opened(tmp_path / "b")
    parts = kept.parts(moved)
    assert [e.picture.name for e in parts["train"]] == [e.picture.name for e in learnt.examples]
    assert [e.picture for e in parts["val"]] == [tmp_path / "b" / "images" / e.picture.name for e in held.examples]
    (tmp_path / "b" / "images" / "0.jpg").unlink()
    assert kept.parts(opened(tmp_path / "b")) == {}


def test_two_files_of_one_name_and_size_are_two(tmp_path: Path) -> None:
    for part in ("train", "val"):
        own(tmp_path / part, {"0.jpg": [BOX], "1.jpg": [BOX]})
        if part == "val":
            shutil.copy(tmp_path / "train" / "images" / "0.jpg", tmp_path / "val" / "images" / "0.jpg")
    found = opened(tmp_path)
    record.write(tmp_path, *found.splits())
    kept = record.read(tmp_path)
    assert kept is not None
    parts = kept.parts(found)
    assert [e.picture.parent.parent.name for part in ("train", "val") for e in parts[part] if e.picture.name == "0.jpg"] == ["train", "val"]


def test_a_damaged_record_says_so_and_none_is_none(tmp_path: Path) -> None:
    assert record.read(tmp_path) is None
    (tmp_path / record.FILE).write_text('{"train": []}', encoding="utf-8")
    with pytest.raises(InputError, match=r"data\.json cannot be read"):
        record.read(tmp_path)


def test_a_preview_shows_every_class_and_the_same_for_the_same_seed(tmp_path: Path) -> None:
    rows = {f"{k}.jpg": [BOX] for k in range(20)} | {"x.jpg": [("rare", 1, 1, 9, 9)], "y.jpg": []}
    found = opened(own(tmp_path, rows))  # type: ignore[arg-type]
    for seed in range(3):
        shown = preview.tiles(found, 3, seed)
        assert len(shown) == 3
        assert any("rare" in tile.caption for tile in shown)
    learnt, _ = found.splits()
    once, again, other = (preview.preview(learnt, 4, seed) for seed in (0, 0, 1))
    assert once.dtype == np.uint8
    assert once.shape[2] == 3
    np.testing.assert_array_equal(once, again)
    assert once.shape != other.shape or (once != other).any()


@pytest.mark.parametrize(
    "box", [(-20, -10, 40, 30), (95, 50, 60, 60), (10, 10, 0, 0), (400, 10, 20, 20), (-900, -900, 5, 5), (40, 40, -30, -30)]
)
def test_a_box_with_which_something_is_wrong_is_seen(tmp_path: Path, box: tuple[float, ...]) -> None:
    own(tmp_path, {"0.jpg": [BOX]})
    found = opened(tmp_path)
    tile = preview.of_fault(Fault("beyond", "", ("0.jpg",), box=io.Box("cat", *box)), Picture(tmp_path / "images" / "0.jpg"), found.rows[0].boxes, found.classes.pictures)  # fmt: skip
    red = np.array([int(preview.WRONG[k : k + 2], 16) for k in (1, 3, 5)])
    assert (tile.pixels == red).all(2).sum() > 8
