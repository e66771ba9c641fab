"""Hidden faces: nothing of them is left, and nothing beside them changes."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from zorki import io
from zorki.facing import hiding
from zorki.facing.faces import Face
from zorki.facing.seen import Seen
from zorki.io import pngs, tiffs

Picture = npt.NDArray[Any]
POINTS = np.array([[0.32, 0.4], [0.68, 0.4], [0.5, 0.58], [0.36, 0.76], [0.64, 0.76]])  # of a face's box
EVEN = (0.125,) * 8


def face(x: float, y: float, w: float, h: float, turn: float = 0.0, points: bool = True) -> Face:
    """With eyes and mouth where a face of that box has them, turned by so many degrees about its middle."""
    if not points:
        return Face((x, y, w, h), shares=EVEN)
    c, s = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    off = (POINTS - 0.5) * [w, h]
    return Face((x, y, w, h), 0.9, off @ np.array([[c, s], [-s, c]]) + [x + w / 2, y + h / 2], EVEN)


def noise(h: int, w: int, kind: type = np.float32, seed: int = 0) -> Picture:
    rng = np.random.default_rng(seed)
    return rng.random((h, w, 3), np.float32) if kind is np.float32 else rng.integers(0, 256, (h, w, 3), dtype=np.uint8)


def inside(hw: tuple[int, int], faces: list[Face], grown: float) -> npt.NDArray[np.bool_]:
    """(h, w): the ellipses of these boxes, so many times as large; by their formula alone."""
    y, x = np.mgrid[: hw[0], : hw[1]] + 0.5
    out = np.zeros(hw, bool)
    for one in faces:
        left, top, w, h = one.box
        out |= ((x - left - w / 2) / (w / 2)) ** 2 + ((y - top - h / 2) / (h / 2)) ** 2 <= grown**2
    return out


@pytest.mark.parametrize("how", ["blur", "pixelate"])
@pytest.mark.parametrize("kind", [np.float32, np.uint8])
def test_nothing_beside_changes(how: hiding.How, kind: type) -> None:
    before = noise(200, 260, kind)
    kept = before.copy()
    faces = [face(60, 50, 60, 80), face(180, 100, 30, 40)]
    after = hiding.hidden(before, faces, how)
    np.testing.assert_array_equal(before, kept)
    assert after.dtype == before.dtype
    same = (after == before).all(-1)
    far = ~inside((200, 260), faces, 1.4 if how == "blur" else 2.0)
    assert same[far].all()
    near = inside((200, 260), faces, 1.0)
    assert same[near].mean() < 0.002  # equal by chance


def test_a_blur_leaves_what_a_gaussian_leaves() -> None:
    """Of white noise of variance v a Gaussian of sigma pixels leaves v / (4π·sigma²)."""
    for h in (12, 60, 300, 900):  # the last ones are computed at less size
        before = noise(int(2.4 * h), int(2.4 * h), seed=h)
        after = hiding.hidden(before, [face(0.8 * h, 0.7 * h, 0.8 * h, h)], "blur")
        where = inside(before.shape[:2], [face(0.8 * h, 0.7 * h, 0.8 * h, h)], 1.0)
        sigma = max(hiding.LEAST, hiding.BLUR * h)
        wanted = (1 / 12) / (4 * math.pi * sigma**2) + 1 / 12 / 255**2  # and what rounding to 256 levels adds
        assert after[where].reshape(-1, 3).var(0).mean() < 2.5 * wanted
        assert abs(float(after[where].mean()) - 0.5) < 0.05


@pytest.mark.parametrize("cycles", [5, 8, 16])
def test_what_people_know_a_face_by_is_gone(cycles: int) -> None:
    """Stripes of the strongest contrast, so many across a face's height, leave not one of 256 levels."""
    y = (np.arange(600) + 0.5) / 300
    stripes = np.broadcast_to((0.5 + 0.5 * np.sin(2 * np.pi * cycles * y))[:, None, None], (600, 600, 3)).astype(np.float32)
    one = face(180, 150, 240, 300)
    after = hiding.hidden(stripes, [one], "blur")
    assert np.ptp(after[inside((600, 600), [one], 1.0)]) <= 1 / 255 + 1e-6


def test_blocks_are_few_and_their_means() -> None:
    before = noise(300, 300)
    one = face(100, 80, 96, 128)
    after = hiding.hidden(before, [one], "pixelate")
    changed = (after != before).any(-1)
    assert len(np.unique(after[changed].reshape(-1, 3), axis=0)) <= hiding.BLOCKS**2
    assert abs(float(after[changed].mean() - before[changed].mean())) < 0.002
    rows = np.unique(np.diff(np.flatnonzero((np.diff(after[:, 148], axis=0) != 0).any(-1) & changed[1:, 148] & changed[:-1, 148])))
    assert rows.min() >= 128 / hiding.BLOCKS  # no block is lower


@pytest.mark.parametrize("how", ["blur", "pixelate"])
def test_of_faces_in_one_another_nothing_shows(how: hiding.How) -> None:
    """What a smaller face is hidden by is finer than the larger one's: it must not show in it, in whatever order they come."""
    before = noise(400, 400)
    large, small = face(100, 80, 200, 250), face(180, 170, 20, 25)
    alone = hiding.hidden(before, [large], how)
    core = inside((400, 400), [large], 1.1)
    for order in ([large, small], [small, large]):
        np.testing.assert_array_equal(hiding.hidden(before, order, how)[core], alone[core])
    beside = [face(100, 80, 100, 130), face(180, 100, 100, 120)]
    both = hiding.hidden(before, beside, "blur")
    assert both[inside((400, 400), beside, 1.0)].std() < 0.02  # white noise has 0.29


@pytest.mark.parametrize("how", ["blur", "pixelate"])
@pytest.mark.parametrize("turn", [0, 20, -45, 80])
def test_turned_faces_are_covered(how: hiding.How, turn: float) -> None:
    before = noise(240, 240, np.uint8)
    one = face(80, 70, 80, 100, turn)
    after = hiding.hidden(before, [one], how)
    assert (after == before).all(-1)[inside((240, 240), [one], 1.0)].mean() < 0.002
    assert abs(math.degrees(hiding.region(one).turn) - turn) < 0.1 or abs(turn) > 60  # points that far from a face's are believed or not


@pytest.mark.parametrize("how", ["blur", "pixelate"])
def test_a_box_of_ones_own_is_covered_to_its_corners(how: hiding.How) -> None:
    before = noise(100, 200, np.uint8)
    after = hiding.hidden(before, [face(50, 40, 100, 20, points=False)], how)
    assert (after == before).all(-1)[41:59, 51:149].mean() < 0.002
    np.testing.assert_array_equal(after[:24], before[:24])


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.lists(
        st.tuples(st.floats(-60, 60), st.floats(-60, 60), st.floats(0, 90), st.floats(0, 90), st.floats(-180, 180), st.booleans()),
        max_size=3,
    ),
    st.sampled_from(["blur", "pixelate"]),
    st.sampled_from([np.float32, np.uint8]),
)
def test_any_face_in_any_picture(hw: tuple[int, int], places: list[Any], how: hiding.How, kind: type) -> None:
    before = noise(*hw, kind)
    faces = [face(*place) for place in places]
    after = hiding.hidden(before, faces, how)
    assert after.shape == before.shape
    assert after.dtype == before.dtype
    assert np.isfinite(after).all()
    if kind is np.float32:
        assert after.min() >= 0
        assert after.max() <= 1
    touched = np.zeros(hw, bool)
    for one in map(hiding.region, faces):
        if (bounds := one.bounds(hw)) is not None:
            touched[bounds] = True
    np.testing.assert_array_equal(after[~touched], before[~touched])


def test_what_may_be_a_face_is_hidden_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Surely found ones, unsure ones, and what lies in colours that nobody sees."""
    asked = []

    def found(_net: Any, photo: io.Photo, least: float, _size: int | None) -> tuple[Face, ...]:
        asked.append((least, photo.alpha is None))
        return (sure, unsure) if photo.alpha is not None else (under,)

    sure, unsure, under = (face(x, 5, 8, 10) for x in (0, 20, 40))
    monkeypatch.setattr(hiding.reading, "found", found)
    monkeypatch.setattr(hiding.looking, "usual", lambda _net: 0.5)
    alpha = np.ones((20, 60), np.float32)
    alpha[:, 40:] = 0
    photo = io.Photo(pixels=np.zeros((20, 60, 3), np.float32), alpha=alpha)
    named = replace(sure, shares=(1.0,) + (0.0,) * 7)
    assert {one.box for one in hiding.cautious(None, photo, [named])} == {sure.box, unsure.box, under.box}  # type: ignore[arg-type]
    assert asked == [(0.3, False), (0.3, True)]


def test_points_that_are_no_numbers_are_no_turn() -> None:
    one = replace(face(20, 20, 40, 50), points=np.full((5, 2), np.nan))
    assert hiding.region(one).turn == 0


def test_grey_stays_grey_and_one_pixel_has_no_inside() -> None:
    grey = np.repeat(noise(80, 80)[..., :1], 3, 2)
    after = hiding.hidden(grey, [face(20, 20, 30, 40)], "blur")
    assert (after == after[..., :1]).all()
    dot = hiding.hidden(noise(1, 1), [face(0, 0, 1, 1)], "pixelate")
    assert dot.shape == (1, 1, 3)


def test_transparent_parts_give_no_colours_and_keep_none() -> None:
    """What is stored where nobody sees is neither mixed in nor left."""
    pixels, alpha = np.full((120, 120, 3), 0.5, np.float32), np.ones((120, 120), np.float32)
    pixels[:, 60:], alpha[:, 60:] = (1, 0, 0), 0
    photo = io.Photo(pixels=pixels, alpha=alpha)
    after = hiding.hidden(photo.pixels, [face(40, 30, 40, 50)], "blur", photo.seen)
    assert np.abs(after[55, 45:75] - 0.5).max() < 0.01


def display() -> bytes:
    """Primaries of Display P3: what sRGB cannot show is in it."""
    primaries = (0.68, 0.32, 1, 0.265, 0.69, 1, 0.15, 0.06, 1)
    return bytes(imagecodecs.cms_profile("rgb", whitepoint=(0.3127, 0.329, 1.0), primaries=primaries, gamma=2.2))


@pytest.mark.parametrize("profile", [False, True])
@pytest.mark.parametrize("clear", [False, True])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("ending", ["png", "tif"])
def test_files_keep_the_rest_to_the_stored_number(tmp_path: Path, ending: str, depth: int, clear: bool, profile: bool) -> None:
    kind = np.uint8 if depth == 8 else np.uint16
    numbers = np.random.default_rng(3).integers(0, np.iinfo(kind).max, (90, 110, 3 + clear), dtype=kind, endpoint=True)
    path = tmp_path / f"a.{ending}"
    icc = display() if profile else None
    path.write_bytes(pngs.write(numbers, icc, None, {}) if ending == "png" else tiffs.write(numbers, clear, icc, None, None))
    photo = io.open_photo(path)
    one = face(40, 25, 30, 40)
    seen = Seen((one,), photo, hiding.hidden(photo.pixels, [one], "blur", photo.seen))
    seen.save(tmp_path / f"b.{ending}", "faces", {"zorki": "1"}, False)
    if ending == "png":
        after = pngs.read((tmp_path / "b.png").read_bytes(), "b").data
    else:
        with (tmp_path / "b.tif").open("rb") as handle:
            after = tiffs.read(handle, "b").data
    assert after.dtype == kind
    far = ~inside((90, 110), [one], 1.4)
    np.testing.assert_array_equal(after[far], numbers[far])
    if clear:
        np.testing.assert_array_equal(after[..., 3], numbers[..., 3])
    assert (after[inside((90, 110), [one], 1.0)][:, :3] != numbers[inside((90, 110), [one], 1.0)][:, :3]).any(-1).mean() > 0.99
    if depth == 16 and not profile:
        core = after[inside((90, 110), [one], 1.0)][:, :3]
        assert (core % 257 == 0).all()  # no more than 8 bits of it


def test_no_file_holds_a_face_that_is_hidden(tmp_path: Path) -> None:
    """Not in EXIF's small copy, not in the maker's notes; a face has red stripes here, and all else is grey."""
    pixels = np.full((240, 320, 3), 0.4, np.float32)
    one = face(110, 60, 80, 100)
    pixels[inside((240, 320), [one], 0.5) & (np.arange(320) % 8 < 4)] = (1, 0, 0)
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    exif[0x8769] = {0x927C: b"\xff\0notes of faces", 0x9003: "2024:01:02 03:04:05"}
    photo = io.Photo(pixels=pixels, exif=exif.tobytes(), small=True, format="JPEG")
    Seen((one,), photo, hiding.hidden(pixels, [one], "pixelate")).save(tmp_path / "a.jpg", "faces", {}, False)
    data = (tmp_path / "a.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as image:
        kept = image.getexif()
        assert kept[0x010F] == "Maker"
        assert set(kept.get_ifd(0x8769)) == {0x9003}
    at = data.find(b"\xff\xd8\xff", 1)
    assert at > 0
    assert data.find(b"\xff\xd8\xff", at + 1) == -1
    (tmp_path / "small.jpg").write_bytes(data[at:])
    with Image.open(tmp_path / "small.jpg") as small:
        shown = np.asarray(small.convert("RGB"), int)
    before = np.asarray(Image.fromarray((255 * pixels).astype(np.uint8)).resize((160, 120), Image.Resampling.BOX), int)
    red = [(p[..., 0] - p[..., 1]) for p in (before, shown)]
    assert red[0].max() > 240
    assert red[1].max() < 0.9 * red[0].max()
    with Image.open(tmp_path / "a.jpg") as image:
        wanted = np.asarray(image.convert("RGB").resize((160, 120), Image.Resampling.BOX), int)
    assert np.abs(shown - wanted).mean() < 2
