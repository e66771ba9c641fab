"""The scan of trained brushes finds what was broken on purpose, and nothing where nothing is."""

from __future__ import annotations

import pytest
import torch

from recipes.brush import sanity
from tests.style.brushes import SIZES, brush
from zorki.nets.brush import Brush

pytestmark = pytest.mark.unit


def test_a_new_brush_is_sound() -> None:
    torch.manual_seed(0)
    assert list(sanity.faults(Brush(2, **SIZES).eval(), 1)) == []


def test_a_broken_style_is_found_and_no_other() -> None:
    net = brush()
    whole = list(sanity.faults(net, 0))
    assert not any("colour" in said for said in (*whole, *sanity.faults(net, 1)))
    with torch.no_grad():
        for rows in net.vectors().values():
            rows[1] = 0
    assert any("all of one colour" in said for said in sanity.faults(net, 1))
    assert list(sanity.faults(net, 0)) == whole


def test_what_is_not_finite_is_found() -> None:
    net = brush()
    with torch.no_grad():
        next(iter(net.vectors().values())).fill_(float("nan"))
    assert all("not finite" in said for said in sanity.faults(net, 1))
    assert len(list(sanity.faults(net, 1))) == len(sanity.shown())


def test_grids_and_halos_are_measured() -> None:
    x = torch.full((1, 3, 128, 128), 0.5)
    assert sanity.grid(x) < 1e-9
    assert sanity.halo(x) == 0
    for period in (2, 4, 8):
        wave = 0.1 * torch.cos(2 * torch.pi * torch.arange(128) / period)
        want = 0.1 if period == 2 else 0.05
        assert sanity.grid(x + wave) == pytest.approx(want, abs=1e-6)
        assert sanity.grid(x + wave[:, None]) == pytest.approx(want, abs=1e-6)
    x[..., -4:] = 0.9
    assert sanity.halo(x) == pytest.approx(0.4, abs=1e-4)
