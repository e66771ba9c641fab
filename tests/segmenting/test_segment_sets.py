"""Parts to learn from and to judge on, pairs as tensors, one rule for all pictures, and what is shown of a set."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch

from tests.masked import COLOURS, a_set, areas, photo, stored, table
from zorki import blocks, io
from zorki.core.errors import InputError
from zorki.io import Pictures
from zorki.segmenting import preview, sets

pytestmark = pytest.mark.unit


def many(folder: Path, count: int, name: str = "{}.png") -> io.LabelledFolder:
    return io.open_labelled(a_set(folder, {name.format(n): areas(0, 255, seed=n) for n in range(count)}))


def names(data: sets.Set) -> list[str]:
    return [e.picture.stem for e in data.examples]


def test_train_and_val_stay_as_they_lie(tmp_path: Path) -> None:
    for part, count in (("train", 3), ("val", 2), ("test", 4)):
        many(tmp_path / part, count)
    train, val = sets.splits(io.open_labelled(tmp_path))
    assert (names(train), names(val)) == (["0", "1", "2"], ["0", "1"])
    assert all("val" in e.picture.parts for e in val.examples)


@pytest.mark.parametrize(("count", "share", "held"), [(10, 0.2, 2), (2, 0.2, 1), (3, 0.99, 2), (40, 0.25, 10)])
def test_parts_are_made_where_none_are_given(tmp_path: Path, count: int, share: float, held: int) -> None:
    folder = many(tmp_path, count)
    train, val = sets.splits(folder, 1, share)
    assert len(val) == held
    assert sorted(names(train) + names(val)) == sorted(map(str, range(count)))
    assert names(sets.splits(folder, 1, share)[1]) == names(val)
    if count == 40:
        assert names(sets.splits(folder, 2, share)[1]) != names(val)


def test_train_alone_is_parted_and_test_is_never_touched(tmp_path: Path) -> None:
    many(tmp_path / "train", 5)
    many(tmp_path / "test", 5)
    train, val = sets.splits(io.open_labelled(tmp_path))
    assert len(train) + len(val) == 5
    assert all("train" in e.picture.parts for e in (*train.examples, *val.examples))


@pytest.mark.parametrize("groups", ["1", "[a-z]", "([a-z])_"])
def test_groups_stay_together(tmp_path: Path, groups: str) -> None:
    masks = {f"{g}_{n}.png": areas(0, 255) for g in "abcde" for n in range(4)}
    train, val = sets.splits(io.open_labelled(a_set(tmp_path, masks)), 0, 0.4, groups)
    assert len(val) == 8
    assert not {n[0] for n in names(train)} & {n[0] for n in names(val)}


def test_parts_that_cannot_be_made_are_told(tmp_path: Path) -> None:
    folder = many(tmp_path / "one", 1)
    with pytest.raises(InputError, match="1 pictures with masks"):
        sets.splits(folder)
    folder = many(tmp_path / "set", 4, "a_{}.png")
    with pytest.raises(InputError, match="1 groups by '1'"):
        sets.splits(folder, groups="1")
    with pytest.raises(InputError, match="a_0 is in no group"):
        sets.splits(folder, groups="b")
    with pytest.raises(InputError, match="no regular expression"):
        sets.splits(folder, groups="(")


def test_a_pair_is_a_picture_and_class_numbers(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 7, 255)] * 2)
    data, _ = sets.splits(io.open_labelled(folder))
    picture, numbers = data[0]
    assert (picture.dtype, picture.shape, numbers.dtype) == (torch.float32, (3, 24, 32), torch.uint8)
    assert np.array_equal(np.rint(picture.numpy() * 255), np.moveaxis(np.asarray(photo(seed=int(names(data)[0]))), -1, 0))
    assert np.array_equal(numbers, np.select([areas(0, 7, 255) == 7, areas(0, 7, 255) == 255], [1, 255]))
    stored(data.examples[0].mask or Path(), areas(0, 7, hw=(12, 16)))
    with pytest.raises(InputError, match="16 × 12"):
        data[0]


def deep(folder: Path, pictures: list[np.ndarray], **how: Any) -> Path:
    """A set whose pictures are TIFFs of these numbers."""
    a_set(folder, [areas(0, 1, hw=p.shape[:2]) for p in pictures])
    for n, p in enumerate(pictures):
        (folder / "images" / f"{n}.png").unlink()
        tifffile.imwrite(folder / "images" / f"{n}.tif", p, **how)
    return folder


def test_twelve_bits_in_sixteen_are_scaled_by_one_rule(tmp_path: Path) -> None:
    """G15: neither clipped at 255 nor nearly black, and a dark picture stays darker than the others."""
    ramp = np.linspace(0, 4095, 24 * 32).reshape(24, 32).round().astype(np.uint16)
    folder = deep(tmp_path, [ramp, ramp // 4])
    found = table(folder)
    assert found.pictures == Pictures(1, (0, 4095))
    for n, truth in enumerate((ramp, ramp // 4)):
        picture = found.pictures.read(folder / "images" / f"{n}.tif")
        assert picture.shape == (1, 24, 32)
        assert np.allclose(picture[0], truth / 4095, atol=1e-6)
    assert Pictures.of(found.pictures.to_dict()) == found.pictures


def test_sixteen_full_bits_need_no_rule(tmp_path: Path) -> None:
    """G15."""
    full = np.linspace(0, 65535, 24 * 32 * 3).reshape(24, 32, 3).round().astype(np.uint16)
    folder = deep(tmp_path, [full, full // 2], photometric="rgb")
    found = table(folder)
    assert found.pictures == Pictures(3)
    assert np.allclose(found.pictures.read(folder / "images" / "0.tif"), np.moveaxis(full, -1, 0) / 65535, atol=1e-6)


@pytest.mark.parametrize(("numbers", "span"), [
    (np.float32([-3.5, 12]), (-3.5, 12)), (np.float32([0, 0.5]), None), (np.int16([-1000, 2000]), (-1000, 2000)), (np.uint16([0, 200]), (0, 255)),
])  # fmt: skip
def test_other_numbers_get_a_rule_too(tmp_path: Path, numbers: np.ndarray, span: Any) -> None:
    folder = deep(tmp_path, [np.resize(numbers, (6, 8)), np.resize(numbers, (6, 8))])
    found = table(folder)
    assert found.pictures.range == span
    low, high = span or (0, 1)
    expected = (np.resize(numbers, (6, 8)).astype(np.float64) - low) / (high - low)
    assert np.allclose(found.pictures.read(folder / "images" / "0.tif")[0], expected, atol=1e-5)


def test_bands_beside_colours_are_all_read(tmp_path: Path) -> None:
    five = np.random.default_rng(0).integers(0, 1000, (6, 8, 5), dtype=np.uint16)
    folder = deep(tmp_path / "a", [five, five], photometric="minisblack", planarconfig="contig")
    found = table(folder)
    assert found.pictures == Pictures(5, (0, 1023), bands=True)
    assert np.allclose(found.pictures.read(folder / "images" / "0.tif"), np.moveaxis(five, -1, 0) / 1023, atol=1e-6)
    tifffile.imwrite(folder / "images" / "1.tif", five[..., :4], photometric="minisblack", planarconfig="contig")
    with pytest.raises(InputError, match="channels"):
        table(folder)


def test_grey_beside_colours_is_three_channels(tmp_path: Path) -> None:
    folder = a_set(tmp_path / "mixed", [areas(0, 1)] * 2, picture=lambda n: photo() if n else photo().convert("L"))
    assert table(folder).pictures.channels == 3
    assert table(folder).pictures.read(folder / "images" / "0.png").shape == (3, 24, 32)
    grey = a_set(tmp_path / "grey", [areas(0, 1)] * 2, picture=lambda n: photo(seed=n).convert("L"))
    assert table(grey).pictures.channels == 1
    assert table(grey).pictures.read(folder / "images" / "1.png").shape == (1, 24, 32), "a colour photo for a grey net"


def test_eight_bits_beside_twelve_are_told(tmp_path: Path) -> None:
    folder = deep(tmp_path, [np.full((6, 8), 4000, np.uint16)] * 2)
    (folder / "images" / "1.tif").unlink()
    stored(folder / "images" / "1.png", photo((6, 8)))
    with pytest.raises(InputError, match=r"1\.png has 8 bits, 0\.tif values"):
        table(folder)


def test_a_preview_shows_what_masks_mean(tmp_path: Path) -> None:
    folder = a_set(tmp_path, [areas(0, 1, seed=n) for n in range(9)] + [areas(0, 1, 2, 255)])
    data = sets.Set(io.open_labelled(folder).splits["all"], table(folder))
    shown = preview.preview(data, 3)
    grid, values = shown.blocks
    assert isinstance(grid, blocks.Grid)
    assert isinstance(values, blocks.Table)
    assert len(grid.tiles) == 3
    assert any("9.png" in t.caption and "void 25.0 %" in t.caption for t in grid.tiles), "the only one with class 2"
    assert [row[2] for row in values.rows] == ["background", "class 1", "class 2", "void"]
    assert shown.picture.dtype == np.uint8
    again = preview.preview(data, 3)
    assert np.array_equal(shown.picture, again.picture)


def test_colours_lie_over_grey_where_the_class_is(tmp_path: Path) -> None:
    truth = areas(0, 1, 2)
    folder = a_set(tmp_path, [COLOURS[truth]] * 2)
    found = table(folder)
    over = preview.laid_over(np.full((24, 32, 3), 0.5, np.float32), found.numbers(io.open_mask(folder / "masks" / "0.png")), found)
    light = (over.astype(int) - over.min(axis=2, keepdims=True)).argmax(axis=2)
    assert np.array_equal(light[truth == 1], np.zeros((truth == 1).sum())), "red"
    assert np.array_equal(light[truth == 2], np.ones((truth == 2).sum())), "green"


@pytest.mark.parametrize("bands", [1, 2, 3, 5])
def test_a_preview_of_any_bands(tmp_path: Path, bands: int) -> None:
    five = np.random.default_rng(0).integers(0, 255, (30, 700, bands), dtype=np.uint8)
    folder = deep(tmp_path, [five, five], photometric="minisblack", planarconfig="contig" if bands > 1 else None)
    data = sets.Set(io.open_labelled(folder).splits["all"], table(folder))
    assert preview.preview(data).picture.shape[2] == 3
