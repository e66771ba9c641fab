"""Photo to photo as a person meets it: sizes, masks, transparency, and inputs that broke other tools."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from skimage import data

from tests.style.test_transfer import array, noise
from tests.toys import toy
from zorki import io, lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.wings.style import photo
from zorki.wings.style.photo import Settings

QUICK = {"steps": 4, "size": 64}
RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def drawn(content: torch.Tensor, style: Any, *masks: torch.Tensor, **options: Any) -> tuple[torch.Tensor, list[str]]:
    """The result (1, 3, h, w) and what was said."""
    notes: list[str] = []
    net, opened = lens.Net(toy(), name="toy", side=32), io.open_photo(array(style))
    with events.listen(lambda e: notes.append(e.note)):
        last = list(photo.run(net, content, opened, *masks, s=Settings(**{**QUICK, **options})))[-1]
    return last.image(), [n for n in notes if n]


def halves(h: int, w: int, left: tuple[float, ...] = RED, right: tuple[float, ...] = BLUE, at: float = 0.5) -> torch.Tensor:
    mask = torch.empty(1, 3, h, w)
    mask[..., : round(w * at)] = torch.tensor(left)[None, :, None, None]
    mask[..., round(w * at) :] = torch.tensor(right)[None, :, None, None]
    return mask


def cat() -> torch.Tensor:
    return torch.from_numpy(data.chelsea()[::4, ::4].transpose(2, 0, 1).copy())[None].float() / 255


def decibels(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).pow(2).mean().clamp_min(1e-12)))


@pytest.mark.parametrize("hw", [(40, 61), (97, 33), (1, 1), (5, 90), (150, 200)])
def test_the_result_has_the_contents_size(hw: tuple[int, int]) -> None:
    made, _ = drawn(noise(*hw), noise(50, 40, seed=1))
    assert made.shape == (1, 3, *hw)
    assert bool(made.isfinite().all())


@pytest.mark.parametrize("masked", [False, True])
def test_the_same_photo_with_the_same_masks_stays_and_this_is_said(masked: bool) -> None:
    """T17."""
    x = cat()
    masks = (halves(*x.shape[-2:]),) * 2 if masked else ()
    made, notes = drawn(x, x, *masks)
    assert decibels(made, x) > 35
    assert any("nothing to do" in n for n in notes)


def test_the_same_photo_with_other_masks_gets_other_colours() -> None:
    """T17: that is no bug, and what goes where is said."""
    x = cat()
    made, notes = drawn(x, x, halves(*x.shape[-2:]), halves(*x.shape[-2:], left=BLUE, right=RED))
    assert decibels(made, x) < 35
    assert any(n.startswith("Regions: ") and "#ff0000 50%" in n and "#0000ff 50%" in n for n in notes)


def test_each_region_gets_the_colours_of_its_own_partner() -> None:
    grey = noise(64, 64).mean(1, keepdim=True).expand(-1, 3, -1, -1) * 0.5 + 0.25
    style = noise(60, 60, seed=1) * 0.2
    style[:, 0, :, :30] += 0.6  # reddish on the left
    style[:, 2, :, 30:] += 0.6  # bluish on the right
    swapped, _ = drawn(grey, style, halves(64, 64), halves(60, 60, left=BLUE, right=RED))
    left, right = swapped[..., :28].mean((-1, -2))[0], swapped[..., 36:].mean((-1, -2))[0]
    assert left[2] > left[0] + 0.2, "red in the content's mask is the style's right half"
    assert right[0] > right[2] + 0.2
    straight, _ = drawn(grey, style, halves(64, 64), halves(60, 60))
    assert straight[0, 0, :, :28].mean() > straight[0, 2, :, :28].mean() + 0.2


def test_masks_of_another_size_and_labels_of_one_side_are_said() -> None:
    mask, other = halves(30, 40), halves(50, 40, right=(0.0, 1.0, 0.0))
    made, notes = drawn(noise(60, 80), noise(50, 40, seed=1), mask, other)
    assert made.shape == (1, 3, 60, 80)
    assert any("content's mask has 40 × 30 pixels, the content 80 × 60" in n for n in notes)
    assert not any("style's mask" in n for n in notes)
    assert any("#0000ff (50.0% of the content)" in n for n in notes)
    assert any("lacks #00ff00" in n for n in notes)


@pytest.mark.parametrize("which", ["content", "style"])
def test_a_turned_mask_is_refused_with_both_sizes(which: str) -> None:
    """A mask turned by a quarter would be stretched without a word."""
    masks = {"content": halves(60, 80), "style": halves(40, 50)}
    masks[which] = masks[which].transpose(-1, -2)
    sizes = {"content": "60 × 80 pixels, the content 80 × 60", "style": "40 × 50 pixels, the style 50 × 40"}
    with pytest.raises(InputError, match=f"The {which}'s mask has {sizes[which]}"):
        drawn(noise(60, 80), noise(40, 50, seed=1), *masks.values())


@pytest.mark.parametrize("which", [0, 1])
def test_one_mask_alone_is_refused_by_name(which: int) -> None:
    masks = [None, None]
    masks[which] = halves(40, 40)  # type: ignore[call-overload]
    with pytest.raises(InputError, match=["no style_mask", "no content_mask"][which]):
        drawn(noise(40, 40), noise(40, 40, seed=1), *masks)  # type: ignore[arg-type]


@pytest.mark.parametrize("masked", [False, True])
def test_transparent_parts_of_a_style_count_nowhere(masked: bool) -> None:
    content, style = noise(48, 64), array(noise(40, 80, seed=1))
    alpha = np.ones((40, 80, 1), np.float32)
    alpha[:, 40:] = 0
    masks = (halves(48, 64), halves(40, 80, at=0.25)) if masked else ()
    made = []
    for colour in (0.0, 1.0):
        hidden = style.copy()
        hidden[:, 40:] = colour
        made.append(drawn(content, np.concatenate([hidden, alpha], -1), *masks, size=40)[0])
    assert float((made[0] - made[1]).abs().mean()) < 0.02, "but for what shines through where the two meet"
    plain, _ = drawn(content, style, *masks, size=40)
    assert float((made[0] - plain).abs().mean()) > 0.02


def test_a_style_that_is_transparent_all_over_is_none() -> None:
    with pytest.raises(InputError, match="transparent all over"):
        drawn(noise(40, 40), np.zeros((8, 8, 4), np.float32))


@pytest.mark.parametrize("kind", ["flat", "black", "white", "checkerboard", "lines", "1x1", "long"])
def test_every_style_gives_numbers(kind: str) -> None:
    """T21."""
    y = np.zeros((32, 48, 3), np.float32)
    if kind == "checkerboard":
        y[::2, ::2] = y[1::2, 1::2] = 1
    y = {
        "flat": y + 0.4, "black": y, "white": y + 1, "checkerboard": y, "lines": y + (np.arange(48) % 9 == 0)[None, :, None],
        "1x1": y[:1, :1] + 0.3, "long": np.random.default_rng(0).random((4, 600, 3), np.float32),
    }[kind].astype(np.float32)  # fmt: skip
    made, _ = drawn(noise(40, 56), y)
    assert bool(made.isfinite().all())
