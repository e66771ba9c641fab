"""The flow between frames, on motion that is known."""

from __future__ import annotations

import math

import pytest
import torch

from zorki.pixels import flow as flows

pytestmark = pytest.mark.unit


def scene(h: int, w: int, at: tuple[float, float] = (0.0, 0.0), near: float = 1.0, turn: float = 0.0) -> torch.Tensor:
    """(1, 3, h, w): a sum of waves, a function of the place alone, seen from `at` (right, down), `near` and turned about the middle."""
    g = torch.Generator().manual_seed(0)
    y, x = torch.meshgrid(torch.arange(h).double() - (h - 1) / 2, torch.arange(w).double() - (w - 1) / 2, indexing="ij")
    x, y = (x * math.cos(turn) - y * math.sin(turn)) / near + at[0], (x * math.sin(turn) + y * math.cos(turn)) / near + at[1]
    out = torch.zeros(3, h, w, dtype=torch.float64)
    for _ in range(24):
        fx, fy, phase = (torch.rand(3, generator=g) * torch.tensor([0.5, 0.5, 6.28])).tolist()
        out += torch.sin(fx * x + (fy - 0.25) * y + phase)[None] * torch.rand(3, 1, 1, generator=g)
    return (0.5 + out / 16).clamp(0, 1).float()[None]


@pytest.mark.parametrize("move", [(0.0, 0.0), (1.5, -0.7), (-6.0, 4.0), (0.3, 9.0)])
def test_a_pan_is_found(move: tuple[float, float]) -> None:
    found = flows.flow(scene(90, 120), scene(90, 120, move))
    truth = torch.tensor(move)[:, None, None]
    apart = (found[0] - truth)[:, 16:-16, 16:-16].norm(dim=0)
    assert float(apart.mean()) < 0.1
    assert float(apart.quantile(0.95)) < 0.4


def test_nearer_and_turned_is_found() -> None:
    h, w, near, turn = 90, 120, 1.05, 0.04
    found = flows.flow(scene(h, w), scene(h, w, near=near, turn=turn))
    y, x = torch.meshgrid(torch.arange(h) - (h - 1) / 2, torch.arange(w) - (w - 1) / 2, indexing="ij")
    truth = torch.stack([(x * math.cos(turn) - y * math.sin(turn)) / near - x, (x * math.sin(turn) + y * math.cos(turn)) / near - y])
    assert float((found[0] - truth)[:, 12:-12, 12:-12].norm(dim=0).mean()) < 0.15


def test_what_was_made_is_moved_along() -> None:
    """Also where the frames are larger than what motion is looked for in."""
    before, now = scene(120, 400), scene(120, 400, (5.0, -3.0))
    moved, trust = flows.followed(before, now, before.flip(1))
    inside = (..., slice(16, -16), slice(16, -16))
    assert moved.shape == now.shape
    assert trust.shape == (1, 1, 120, 400)
    assert float((moved - now.flip(1))[inside].abs().mean()) < 0.01
    assert float(trust[inside].mean()) > 0.9


def test_what_is_new_is_not_trusted() -> None:
    before, now = scene(90, 120), scene(90, 120)
    now[..., 30:60, 40:80] = torch.tensor([1.0, 0.0, 0.0])[:, None, None]
    _, trust = flows.followed(before, now, before)
    assert float(trust[..., 34:56, 44:76].mean()) < 0.05
    assert float(trust[..., :20, :].mean()) > 0.9


def test_where_nothing_is_to_be_seen_nothing_moves() -> None:
    grey = torch.full((1, 3, 40, 60), 0.5)
    assert float(flows.flow(grey, grey).abs().max()) == 0
    moved, trust = flows.followed(grey, grey, scene(40, 60))
    assert torch.allclose(moved, scene(40, 60), atol=1e-5)
    assert float(trust.min()) > 0.99


def test_a_median_of_nine() -> None:
    x = torch.rand(1, 2, 17, 23, generator=torch.Generator().manual_seed(1))
    wide = torch.nn.functional.pad(x, (1, 1, 1, 1), mode="replicate")
    near = torch.stack([wide[..., i : i + 17, j : j + 23] for i in range(3) for j in range(3)])
    assert torch.equal(flows.median(x), near.median(0).values)


@pytest.mark.parametrize("hw", [(1, 1), (1, 40), (3, 5), (13, 24), (24, 13)])
def test_small_frames(hw: tuple[int, int]) -> None:
    moved, trust = flows.followed(*[torch.rand(1, 3, *hw, generator=torch.Generator().manual_seed(k)) for k in range(3)])
    assert bool(torch.isfinite(moved).all())
    assert moved.shape == (1, 3, *hw)
    assert bool(((trust >= 0) & (trust <= 1)).all())


def test_what_does_not_come_back_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where both frames look alike: of 3 pixels there only half come back on the right."""
    grey = torch.full((1, 3, 20, 40), 0.5)
    there, back = torch.full((1, 2, 20, 40), 3.0), torch.full((1, 2, 20, 40), -3.0)
    back[..., 20:] = 0
    found = iter([there, back])
    monkeypatch.setattr(flows, "flow", lambda *_: next(found))
    _, trust = flows.followed(grey, grey, grey)
    assert float(trust[..., :14].min()) > 0.9
    assert float(trust[..., 22:].max()) < 0.01
