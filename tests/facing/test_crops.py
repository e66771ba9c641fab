"""Faces as files of their own: upright, of their own size, with a table."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from zorki import io
from zorki.core.errors import InputError
from zorki.facing import aligning, crops
from zorki.facing.faces import EMOTIONS, Face

EVEN = (0.125,) * 8


def drawn(
    turn: float, scale: float = 60.0, at: tuple[float, float] = (160.0, 140.0), hw: tuple[int, int] = (300, 320)
) -> tuple[io.Photo, Face]:
    """A grey picture with a white spot on the left eye and a black one on the right, turned by so many degrees; the face as a detector says it."""
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    shares = np.vstack([aligning.AT[:2], [[0.5, 0.58]], aligning.AT[2:]]) - 0.5
    points = scale * shares @ np.array([[c, s], [-s, c]]) + at
    y, x = np.mgrid[: hw[0], : hw[1]] + 0.5
    pixels = np.full((*hw, 3), 0.5, np.float32)
    for point, value in zip(points[:2], (1.0, 0.0), strict=True):
        pixels[np.hypot(x - point[0], y - point[1]) < scale / 12] = value
    face = Face((at[0] - 0.4 * scale, at[1] - 0.47 * scale, 0.8 * scale, scale), 0.875, points, EVEN)
    return io.Photo(pixels=pixels, name="ada.png"), face


@pytest.mark.parametrize("turn", [0.0, 25.0, -40.0])
def test_eyes_lie_level_where_they_belong(turn: float) -> None:
    photo, face = drawn(turn, 120)
    crop = crops.cut(photo, face)
    side = crop.hw[0]
    assert side == round(crops.MARGIN * 120)
    grey = crop.pixels[..., 0]
    found = [np.argwhere(grey > 0.8).mean(0), np.argwhere(grey < 0.2).mean(0)]  # row, column
    wanted = 0.5 + (aligning.AT[:2] - 0.5) / crops.MARGIN
    np.testing.assert_allclose([spot[::-1] + 0.5 for spot in found], wanted * side, atol=0.6)
    assert crops.row("a", "b", face)[6] == pytest.approx(turn, abs=0.1)


def test_it_has_the_size_of_the_face_or_the_one_that_is_asked_for() -> None:
    photo, face = drawn(10, 40)
    assert crops.cut(photo, face).hw == (54, 54)
    assert crops.cut(photo, face, 200).hw == (200, 200)
    assert crops.cut(photo, replace(face, box=(0, 0, 4000, 4000), points=None)).hw == (crops.LARGEST, crops.LARGEST)
    assert crops.cut(photo, Face((-500, -500, 3, 3))).hw == (4, 4)  # beside the picture


def test_depth_and_transparency_come_along(tmp_path: Path) -> None:
    photo, face = drawn(10, 60)
    alpha = np.ones(photo.hw, np.float32)
    alpha[:, :160] = 0.25
    photo = replace(photo, alpha=alpha, depth=16, name="ada.tif", format="TIFF")
    (path,) = crops.saved(tmp_path / "new" / "folder", photo, [face])
    again = io.open_photo(path)
    assert path.name == "ada-1.tif"
    assert again.depth == 16
    assert again.alpha is not None
    assert again.alpha[40, 3] == pytest.approx(0.25, abs=1e-4)
    assert again.alpha[40, -3] == 1


def table(folder: Path) -> list[dict[str, str]]:
    with (folder / crops.TABLE).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_photos_share_a_folder_and_a_table(tmp_path: Path) -> None:
    photo, face = drawn(0)
    crops.saved(tmp_path, photo, [face] * 11)
    crops.saved(tmp_path, replace(photo, name="grace.jpg", format="JPEG"), [face])
    crops.saved(tmp_path, replace(photo, name="nobody.jpg"), [])
    rows = table(tmp_path)
    assert [row["crop"] for row in rows] == [f"ada-{n:02d}.png" for n in range(1, 12)] + ["grace-1.jpg"]
    assert all((tmp_path / row["crop"]).exists() for row in rows)
    assert {key: int(rows[0][key]) for key in ("left", "top", "width", "height")} == face.rectangle
    assert rows[0]["score"] == "0.875"
    assert [float(rows[0][name]) for name in EMOTIONS] == list(EVEN)


def test_nothing_is_replaced_unasked(tmp_path: Path) -> None:
    photo, face = drawn(0)
    (path,) = crops.saved(tmp_path, photo, [face])
    before = path.read_bytes()
    other = replace(photo, pixels=1 - photo.pixels)
    with pytest.raises(InputError, match=r"ada-1\.png exists"):
        crops.saved(tmp_path, other, [face])
    assert path.read_bytes() == before
    crops.saved(tmp_path, other, [face], force=True)
    assert path.read_bytes() != before
    assert len(table(tmp_path)) == 1


def test_what_a_broken_run_left_is_gone_on_with(tmp_path: Path) -> None:
    photo, face = drawn(0)
    paths = crops.saved(tmp_path, photo, [face, face])
    when = paths[0].stat().st_mtime_ns
    (tmp_path / crops.TABLE).unlink()
    paths[1].unlink()
    assert crops.saved(tmp_path, photo, [face, face]) == paths
    assert paths[0].stat().st_mtime_ns == when  # it is the same to the byte
    assert crops.saved(tmp_path, photo, [face, face]) == paths
    assert [row["crop"] for row in table(tmp_path)] == ["ada-1.png", "ada-2.png"]


@pytest.mark.parametrize("force", [False, True])
def test_names_that_are_no_text_are_known_again(tmp_path: Path, force: bool) -> None:
    photo, face = drawn(0)
    photo = replace(photo, name=b"caf\xe9.png".decode(errors="surrogateescape"))
    paths = crops.saved(tmp_path, photo, [face])
    assert crops.saved(tmp_path, photo, [face], force=force) == paths
    assert len(table(tmp_path)) == 1


@pytest.mark.parametrize("force", [False, True])
def test_of_one_work_photos_of_one_name_are_two(tmp_path: Path, force: bool) -> None:
    photo, face = drawn(0)
    other = replace(photo, pixels=1 - photo.pixels)
    for _ in range(2):
        first = crops.saved(tmp_path, photo, [face] * 11, force=force)
        second = crops.saved(tmp_path, other, [face], force=force, taken=first)
        assert [path.name for path in second] == ["ada_2-1.png"]
        assert len(table(tmp_path)) == 12
    assert (io.open_photo(first[0]).pixels != io.open_photo(second[0]).pixels).any()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    photo, face = drawn(0)
    (tmp_path / "file").write_text("mine")
    (tmp_path / "nowhere").symlink_to(tmp_path / "gone" / "for" / "good")
    for folder in (tmp_path / "file", tmp_path / "file" / "in", tmp_path / "nowhere"):
        with pytest.raises(InputError, match=r"crop=.* cannot be made"):
            crops.saved(folder, photo, [face])


def test_a_table_that_cannot_be_read(tmp_path: Path) -> None:
    photo, face = drawn(0)
    (tmp_path / crops.TABLE).mkdir()
    for force in (False, True):
        with pytest.raises(InputError, match=r"faces\.csv cannot be read: Is a directory"):
            crops.saved(tmp_path, photo, [face], force=force)


def test_photos_of_one_name_do_not_take_each_others_files(tmp_path: Path) -> None:
    photo, face = drawn(0)
    crops.saved(tmp_path, replace(photo, name="a/ada.png"), [face, face])
    crops.saved(tmp_path, replace(photo, name="b/ada.png"), [face])
    crops.saved(tmp_path, replace(photo, name="b/ada.png"), [face], force=True)
    assert [(row["crop"], row["file"]) for row in table(tmp_path)] == [
        ("ada-1.png", "a/ada.png"),
        ("ada-2.png", "a/ada.png"),
        ("ada_2-1.png", "b/ada.png"),
    ]


def test_a_strangers_table_stays(tmp_path: Path) -> None:
    photo, face = drawn(0)
    (tmp_path / crops.TABLE).write_text("name,age\nada,36\n")
    with pytest.raises(InputError, match=r"faces\.csv is no table"):
        crops.saved(tmp_path, photo, [face])
    assert [p.name for p in tmp_path.iterdir()] == [crops.TABLE]
