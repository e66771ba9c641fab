"""Canvases and movements: exact round trips, odd sizes, borders."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from zorki import pixels
from zorki.guided.own_style import painting
from zorki.pixels.canvas import DECORRELATED, amplitudes
from zorki.pixels.transforms import Roll, Wobble

pytestmark = pytest.mark.tiny
sides = st.integers(1, 40)


@settings(deadline=None, max_examples=40)
@given(sides, sides)
def test_a_photo_comes_back_from_its_spectrum(h: int, w: int) -> None:
    photo = torch.rand(2, 3, h, w, generator=torch.Generator().manual_seed(h * 41 + w)) * 0.9 + 0.05
    canvas = pixels.Fourier((h, w), start=photo)
    assert canvas().shape == photo.shape
    assert torch.allclose(canvas().detach(), photo, atol=2e-4)


def test_an_empty_canvas_is_nearly_grey() -> None:
    picture = pixels.Fourier((224, 224))().detach()
    assert float(picture.std()) < 0.02
    assert float((picture - 0.5).abs().mean()) < 0.02


@settings(deadline=None, max_examples=40)
@given(sides, sides, st.integers(1, 60))
def test_a_size_is_a_multiple_and_never_too_long(h: int, w: int, longest: int) -> None:
    for multiple in (1, 4):
        fitted = pixels.sizes.fit((h, w), longest, multiple)
        assert all(side % multiple == 0 and side >= multiple for side in fitted)
        assert max(fitted) <= max(longest, max(h, w)) + multiple


def test_a_wobble_of_nothing_changes_nothing_and_a_shift_shifts() -> None:
    x = torch.rand(1, 3, 20, 30)
    assert torch.allclose(Wobble(0, 0, 0)(x, torch.ones(1, 4)), x, atol=1e-5)
    moved = Wobble(jitter=4, scale=0, turn=0)(x, torch.tensor([[1.0, 0, 0, 0]]))
    assert torch.allclose(moved[..., :-4], x[..., 4:], atol=1e-5)


def test_a_turn_by_ninety_degrees_is_rot90_also_where_sides_differ() -> None:
    x = torch.zeros(1, 3, 21, 41)
    x[..., 10, 25] = 1  # five pixels right of the middle
    turned = Wobble(0, 0, turn=90)(x, torch.tensor([[0.0, 0, 0, 1.0]]))
    row, column = divmod(int(turned[0, 0].argmax()), 41)
    assert (abs(row - 10), column) == (5, 20)


def test_a_roll_loses_nothing() -> None:
    x = torch.rand(2, 3, 9, 7)
    rolled = Roll(32)(x, Roll(32).plan(1, [3, 4])[0])
    assert torch.equal(rolled.flatten(1).sort(1).values, x.flatten(1).sort(1).values)


def test_carrying_a_change_up_and_down_again_gives_the_change() -> None:
    full = torch.rand(1, 3, 96, 120) * 0.4 + 0.3
    before = pixels.sizes.resize(full, (24, 30))
    after = before + 0.1 * torch.sin(torch.linspace(0, 6, 30)).expand_as(before)
    back = pixels.sizes.resize(pixels.sizes.carry(full, before, after), (24, 30))
    assert float((back - after).abs().mean()) < 0.004
    assert torch.equal(pixels.sizes.carry(full, full, full * 0.5), full * 0.5)


def test_a_flat_map_is_dark_not_nan() -> None:
    assert torch.equal(pixels.display.stretched(torch.full((4, 4), 3.0)), torch.zeros(4, 4))
    assert pixels.display.levels(pixels.display.heat(torch.linspace(0, 1, 16).view(4, 4))).shape == (4, 4, 3)


def test_the_painting_is_the_same_each_time_and_colourful() -> None:
    first = painting(96)
    assert (first == painting(96)).all()
    assert first.shape == (96, 96, 3)
    assert first.std() > 0.1


def test_matched_colours_have_the_target_s_mean_and_covariance() -> None:
    g = torch.Generator().manual_seed(0)
    turn = torch.tensor([[0.05, 0.02, 0.0], [0.01, 0.06, 0.02], [0.0, 0.02, 0.04]])
    picture = 0.5 + 0.08 * torch.randn(1, 3, 40, 50, generator=g)
    target = 0.45 + torch.einsum("ij,bjhw->bihw", turn, torch.randn(1, 3, 30, 30, generator=g))
    made = pixels.colour.matched(picture, target)
    for of in (lambda x: x[0].flatten(1).mean(1), lambda x: torch.cov(x[0].flatten(1), correction=0)):
        assert torch.allclose(of(made), of(target), atol=1e-4)


@pytest.mark.parametrize("hw", [(1, 1), (8, 8)])
def test_grey_and_flat_pictures_match_without_nan(hw: tuple[int, int]) -> None:
    grey = torch.linspace(0, 1, 64).view(1, 1, 8, 8).expand(1, 3, 8, 8)
    for target in (torch.full((1, 3, *hw), 0.3), torch.rand(1, 3, 8, 8)):
        for picture in (grey, torch.zeros(1, 3, *hw)):
            made = pixels.colour.matched(picture, target)
            assert torch.isfinite(made).all()
            assert made.shape == picture.shape


def test_maco_changes_phases_and_never_amplitudes() -> None:
    """Before the colours: |rfft2| is the photographs' at the start and after any update (columns 0 and w/2 apart, which are their own mirror)."""
    canvas = pixels.Maco((24, 32), (3, 4))
    before = canvas().detach()
    with torch.no_grad():
        canvas.phases += torch.randn(canvas.phases.shape, generator=torch.Generator().manual_seed(0))
    after = canvas().detach()
    assert not torch.allclose(before, after, atol=0.1)
    for picture in (before, after):
        t = torch.einsum("ij,bjhw->bihw", torch.linalg.inv(DECORRELATED), torch.logit(picture))
        found = torch.fft.rfft2(t).abs()[..., 1:-1]
        share = found / canvas.amplitudes[..., 1:-1]
        assert float(share.flatten(1).std(1).max()) < 0.02 * float(share.mean())


def test_the_amplitudes_of_photographs_fall_as_one_over_the_frequency() -> None:
    found = amplitudes((64, 64))[0]
    row = found[0, 2:30].log()
    f = torch.arange(2.0, 30).log()
    slope = float(((f - f.mean()) * (row - row.mean())).sum() / ((f - f.mean()) ** 2).sum())
    assert -1.5 < slope < -0.8, "Tolhurst 1992: between -0.8 and -1.5"
    assert torch.allclose(amplitudes((128, 128))[0, 0, 4:60:2], amplitudes((64, 64))[0, 0, 2:30], rtol=0.15)
