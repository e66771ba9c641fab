"""A painting carried to the photo's own size: what it must keep, and what it must gain."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from torch.nn import functional as F

from zorki.painting.enlarging import down, enlarged, finest
from zorki.pixels.sizes import carry, resize

pytestmark = pytest.mark.unit


def cat(side: int = 400) -> torch.Tensor:
    whole = torch.from_numpy(data.chelsea().transpose(2, 0, 1).copy())[None].float() / 255
    return resize(whole, (side * 3 // 4, side)) * 0.6 + 0.2  # nothing is clipped


def decibels(a: torch.Tensor, b: torch.Tensor) -> float:
    return float(-10 * torch.log10((a - b).pow(2).mean()))


def rough(x: torch.Tensor, seed: int = 0, height: float = 0.06) -> torch.Tensor:
    """As if painted: strokes of two or three pixels all over."""
    g = torch.Generator().manual_seed(seed)
    noise = torch.rand(1, 1, *x.shape[-2:], generator=g) + 0.3 * torch.rand(x.shape, generator=g) - 0.65
    strokes = F.avg_pool2d(F.pad(noise, (1,) * 4, mode="replicate"), 3, 1)
    return x * 0.8 + 0.1 + strokes * height * 6


@pytest.mark.parametrize("factor", [1.01, 1.2, 1.5, 2, 3.3, 6])
def test_brought_down_again_it_is_the_painting(factor: float) -> None:
    photo = cat(480)
    hw = (round(360 / factor), round(480 / factor))
    before = resize(photo, hw)
    after = rough(before).clamp(0, 1)
    made = enlarged(photo, before, after)
    assert made.shape == photo.shape
    assert decibels(down(made, hw), after) > 40
    assert decibels(down(made, hw), after) > decibels(down(carry(photo, before, after), hw), after) + (3 if factor >= 2 else -0.5)


def test_its_strokes_are_as_strong_in_the_finest_octave_as_they_should_be() -> None:
    """In a bare wall too, which has no detail of its own: carried plainly, nothing of the strokes is in the finest octave."""
    wall = torch.full((1, 3, 240, 320), 0.5)
    before = resize(wall, (120, 160))
    after = rough(before)
    below = float(finest(after).pow(2).mean())
    plain, made = (float(finest(x).pow(2).mean()) for x in (carry(wall, before, after), enlarged(wall, before, after)))
    assert plain < 0.1 * below
    assert 0.3 * below < made < 0.7 * below


def test_detail_of_the_photo_is_raised_where_painting_raised_the_octave_below_and_only_there() -> None:
    photo = cat()
    before = resize(photo, (150, 200))
    after = before.clone()
    strong = rough(before)
    after[..., 100:] = strong[..., 100:]
    made = enlarged(photo, before, after)
    left, right = (slice(0, 160), slice(240, 400))
    assert float((made - photo)[..., left].abs().max()) < 0.02, "what was not painted stays"
    assert float(finest(made)[..., right].pow(2).mean()) > 1.3 * float(finest(photo)[..., right].pow(2).mean())


def test_the_photos_own_detail_is_raised_and_not_only_joined_by_strokes() -> None:
    """Where painting made the octave below half as strong again, the detail above it is too."""
    photo = cat()
    before = resize(photo, (150, 200))
    after = before + 0.5 * finest(before)
    own, made = finest(photo), finest(enlarged(photo, before, after))
    assert float((own * made).sum() / own.pow(2).sum()) == pytest.approx(1.5, abs=0.15)


def test_unchanged_it_is_the_photo() -> None:
    photo = cat()
    small = resize(photo, (75, 100))
    assert decibels(enlarged(photo, small, small), photo) > 45


@settings(max_examples=40, deadline=None)
@given(
    h=st.integers(1, 40), w=st.integers(1, 40), small=st.integers(1, 40), channels=st.sampled_from([1, 3]), seed=st.integers(0, 9), flat=st.booleans()
)  # fmt: skip
def test_any_sizes_give_numbers_in_range(h: int, w: int, small: int, channels: int, seed: int, flat: bool) -> None:
    g = torch.Generator().manual_seed(seed)
    photo = torch.full((1, channels, h, w), 0.3) if flat else torch.rand(1, channels, h, w, generator=g)
    hw = (min(h, small), min(w, small))
    made = enlarged(photo, resize(photo, hw), torch.rand(1, channels, *hw, generator=g))
    assert made.shape == photo.shape
    assert bool(made.isfinite().all())
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
