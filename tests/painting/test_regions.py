"""Masks as people have them: colours, palettes, indices, greys; with noise; with labels that one side lacks."""

from __future__ import annotations

import io as bytes_io

import numpy as np
import pytest
from PIL import Image

from zorki.core import events
from zorki.core.errors import InputError
from zorki.io import open_photo
from zorki.painting import regions
from zorki.pixels import parts


def flat(colours: dict[tuple[int, int, int], slice], hw: tuple[int, int] = (40, 60)) -> np.ndarray:
    out = np.zeros((*hw, 3), np.uint8)
    for colour, columns in colours.items():
        out[:, columns] = colour
    return out


def as_mask(a: np.ndarray) -> np.ndarray:
    return a.astype(np.float32) / 255


RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 255, 0)


def paired(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[str], list[str]]:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        own, other, names = regions.paired(as_mask(a), as_mask(b))
    return own.numpy(), other.numpy(), names, notes


def test_equal_colours_belong_together_and_weights_cover_the_picture() -> None:
    a, b = flat({RED: slice(0, 20), BLUE: slice(20, 60)}), flat({BLUE: slice(0, 50), RED: slice(50, 60)})
    own, other, names, notes = paired(a, b)
    assert names == ["#0000ff", "#ff0000"]
    assert own.sum(0).tolist() == np.ones((40, 60)).tolist()
    assert own[1].mean() == pytest.approx(1 / 3)
    assert other[1].mean() == pytest.approx(1 / 6)
    assert not notes


@pytest.mark.parametrize("kind", ["rgb", "grey", "palette", "index", "binary"])
def test_all_kinds_of_masks_give_the_same_regions(kind: str) -> None:
    """T15."""
    label = np.zeros((40, 60), np.uint8)
    label[:, 25:] = 1
    image = {
        "rgb": lambda: Image.merge("RGB", [Image.fromarray(label * 255)] * 3),
        "grey": lambda: Image.fromarray(label * 255),
        "index": lambda: Image.fromarray(label),
        "binary": lambda: Image.fromarray(label * 255).convert("1"),
        "palette": lambda: with_palette(label),
    }[kind]()
    file = bytes_io.BytesIO()
    image.save(file, "PNG")
    mask = open_photo(Image.open(file)).pixels
    own, _, names = regions.paired(mask, mask)
    assert len(names) == 2
    assert own[0].mean() == pytest.approx(35 / 60)


def with_palette(label: np.ndarray) -> Image.Image:
    image = Image.fromarray(label, "P")
    image.putpalette([10, 200, 30, 200, 10, 90])
    return image


def test_jpegs_noise_and_soft_edges_make_no_regions() -> None:
    a = flat({RED: slice(0, 20), BLUE: slice(20, 60)})
    file = bytes_io.BytesIO()
    Image.fromarray(a).resize((240, 160), Image.Resampling.BICUBIC).save(file, "JPEG", quality=70)
    noisy = np.asarray(Image.open(file).convert("RGB"))
    own, _, names, _ = paired(noisy, a)
    assert len(names) == 2
    assert sorted(own.mean((1, 2)).tolist()) == pytest.approx([1 / 3, 2 / 3], abs=0.02)


def test_what_one_side_lacks_is_joined_or_dropped_and_named() -> None:
    a = flat({RED: slice(0, 30), GREEN: slice(30, 34), BLUE: slice(34, 60)})
    b = flat({RED: slice(0, 30), BLUE: slice(30, 50), (255, 255, 255): slice(50, 60)})
    own, _, names, notes = paired(a, b)
    assert sorted(names) == ["#0000ff", "#ff0000"]
    assert own.sum(0).min() == 1, "the lost region went to its neighbours"
    assert own[names.index("#ff0000")][:, :32].all()
    assert own[names.index("#0000ff")][:, 32:].all()
    assert any("#00ff00 (6.7% of the content)" in n for n in notes)
    assert any("grey 255" in n and "dropped" in n for n in notes)


def test_a_region_of_a_few_pixels_is_joined_and_named() -> None:
    """Of one position a deep layer can tell no mean and no spread (T19)."""
    a, b = flat({RED: slice(0, 60)}, (64, 64)), flat({RED: slice(0, 30), BLUE: slice(30, 64)}, (64, 64))
    a[:4, :4] = BLUE
    a[:, 60:] = RED
    own, _, names, notes = paired(a, b)
    assert names == ["#ff0000"]
    assert own.min() == 1
    assert any("#0000ff" in n and "too little" in n for n in notes)


def test_masks_without_a_common_colour_are_told_with_their_colours() -> None:
    with pytest.raises(InputError, match=r"no colour in common: #ff0000 .* #0000ff"):
        paired(flat({RED: slice(0, 60)}), flat({BLUE: slice(0, 60)}))


def test_near_greys_of_an_index_picture_stay_apart() -> None:
    a = flat({(k, k, k): slice(10 * k, 10 * k + 10) for k in range(6)})
    own, _, names, _ = paired(a, a)
    assert len(names) == 6
    assert own.mean((1, 2)).tolist() == pytest.approx([1 / 6] * 6)


@pytest.mark.parametrize("share", [0.027, 0.045, 0.3])
def test_a_small_region_of_an_index_picture_is_no_noise(share: float) -> None:
    a = np.zeros((100, 100, 3), np.uint8)
    a[: round(100 * share * 2), :50] = 1
    own, other, names, notes = paired(a, a)
    assert names == ["grey 0", "grey 1"]
    assert own[1].mean() == pytest.approx((a[..., 0] == 1).mean())
    assert (own == other).all()
    assert not notes


def three(h: int = 240, w: int = 320) -> np.ndarray:
    """Three parts with slanting and round borders, as numbers."""
    y, x = np.mgrid[:h, :w]
    return np.where((y - h / 2) ** 2 + (x - w / 3) ** 2 < (h / 4) ** 2, 2, (y + 2 * x > w + h / 3).astype(int))


@pytest.mark.parametrize("quality", [40, 75, 95])
def test_parts_are_the_same_after_jpeg(quality: int) -> None:
    truth = three()
    file = bytes_io.BytesIO()
    Image.fromarray(np.array([(200, 30, 40), (20, 60, 220), (230, 220, 90)], np.uint8)[truth]).save(file, "JPEG", quality=quality)
    mask = np.asarray(Image.open(file))
    assert len(np.unique(mask.reshape(-1, 3), axis=0)) > 100
    found = parts.parts(mask)
    assert len(np.unique(found)) == 3
    matched = {k: np.bincount(truth[found == k]).argmax() for k in np.unique(found)}
    assert np.mean(np.vectorize(matched.get)(found) == truth) > 0.99


def test_each_colour_of_a_clean_picture_is_a_part_however_near_small_or_many() -> None:
    ids = np.arange(20 * 30).reshape(20, 30).repeat(4, 0).repeat(4, 1)
    many = np.stack([ids // 256, ids % 256, ids * 0], -1).astype(np.uint8)
    assert np.array_equal(parts.parts(many), ids)
    small = np.full((50, 60, 3), 7, np.uint8)
    small[3, 4] = 8  # one pixel, one level off
    assert len(np.unique(parts.parts(small))) == 2


def test_a_photo_has_no_parts_to_join() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    assert len(np.unique(parts.parts(noise))) == len(np.unique(noise.reshape(-1, 3), axis=0))


@pytest.mark.parametrize(("had", "fits"), [((467, 700), True), ((234, 350), True), ((233, 350), True), ((100, 150), True), ((700, 467), False), ((467, 467), False), ((467, 660), False)])  # fmt: skip
def test_a_mask_has_the_shape_of_its_picture_whatever_its_size(had: tuple[int, int], fits: bool) -> None:
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        if fits:
            parts.fitting("The mask", had, "the photo", (467, 700))
        else:
            with pytest.raises(InputError, match=rf"The mask has {had[1]} × {had[0]} pixels, the photo 700 × 467\."):
                parts.fitting("The mask", had, "the photo", (467, 700))
    assert len(notes) == (fits and had != (467, 700))
