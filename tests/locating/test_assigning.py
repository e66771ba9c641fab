"""Which cells learn which box, beside the same by loops, and what must hold of small, crowded and absent boxes."""

from __future__ import annotations

import math

import pytest
import torch

from zorki.locating.assigning import BEST, HEAVY, LEAST, RADIUS, assigned
from zorki.nets.detector import grid

pytestmark = pytest.mark.tiny


def cells(side: int = 64) -> torch.Tensor:
    return torch.cat([grid(side // s, side // s, s, "cpu") for s in (8, 16, 32)])


def scene(count: int, seed: int, side: int = 64, k: int = 3) -> tuple[torch.Tensor, ...]:
    """Logits, found boxes, cells, true boxes, labels."""
    g = torch.Generator().manual_seed(seed)
    at = cells(side)
    logits = torch.randn(len(at), k, generator=g)
    found = torch.cat([at[:, :2] - torch.rand(len(at), 2, generator=g) * 30, 8 + 40 * torch.rand(len(at), 2, generator=g)], 1)
    size = 3 + torch.rand(count, 2, generator=g) * torch.tensor([30.0, 50.0])
    boxes = torch.cat([torch.rand(count, 2, generator=g) * (side - size), size], 1)
    return logits, found, at, boxes, torch.randint(0, k, (count,), generator=g)


def overlap(a: list[float], b: list[float]) -> float:
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(0.0, wide) * max(0.0, high)
    return shared / (a[2] * a[3] + b[2] * b[3] - shared)


def by_loops(logits: torch.Tensor, found: torch.Tensor, at: torch.Tensor, boxes: torch.Tensor, labels: torch.Tensor) -> dict[int, int]:
    """cell → box, until no two boxes want one cell and before boxes that went without are served."""
    wants: dict[int, list[tuple[float, int]]] = {}
    for i, (x, y, w, h) in enumerate(boxes.tolist()):
        may, nearest = [], (math.inf, -1)
        for c, (cx, cy, s) in enumerate(at.tolist()):
            dx, dy = cx - x - w / 2, cy - y - h / 2
            apart = math.hypot(dx / s, dy / s)
            if s == 8:
                nearest = min(nearest, (apart * s, c))
            if x < cx < x + w and y < cy < y + h and abs(dx) < RADIUS * s and abs(dy) < RADIUS * s:
                may.append(c)
        may = sorted({*may, nearest[1]})
        prices, ious = [], []
        for c in may:
            cx, cy, s = at[c].tolist()
            iou = overlap(found[c].tolist(), [x, y, w, h])
            apart = math.hypot((cx - x - w / 2) / s, (cy - y - h / 2) / s)
            price = math.log1p(math.exp(-float(logits[c, labels[i]]))) - HEAVY * math.log(max(iou, LEAST)) + apart / RADIUS
            prices.append((price, c))
            ious.append(iou)
        count = max(1, int(sum(sorted(ious)[::-1][:BEST])))
        for price, c in sorted(prices)[:count]:
            wants.setdefault(c, []).append((price, i))
    return {c: min(who)[1] for c, who in wants.items()}


@pytest.mark.parametrize("seed", range(12))
def test_as_loops_have_it(seed: int) -> None:
    given = scene(1 + seed % 6, seed)
    it = assigned(*given)
    ours = dict(zip(it.cells.tolist(), it.boxes.tolist(), strict=True))
    assert len(ours) == len(it.cells), "no cell learns two"
    loops = by_loops(*given)
    if {*loops.values()} == {*range(len(given[3]))}:
        assert ours == loops
    else:  # some box went without, and was served; all others keep what they have but what they could spare
        assert {*ours.values()} == {*range(len(given[3]))}
    for cell, box, iou in zip(it.cells.tolist(), it.boxes.tolist(), it.iou.tolist(), strict=True):
        assert iou == pytest.approx(overlap(given[1][cell].tolist(), given[3][box].tolist()), abs=1e-5)


def test_the_loops_meet_scenes_of_both_kinds() -> None:
    """Else the test above would say little."""
    whole = [{*by_loops(*scene(1 + s % 6, s)).values()} == {*range(1 + s % 6)} for s in range(12)]
    assert sum(whole) >= 8


def test_a_box_smaller_than_a_cell_has_one_of_the_finest_level() -> None:
    logits, found, at, _, _ = scene(1, 0)
    it = assigned(logits, found, at, torch.tensor([[30.5, 41.0, 1, 1]]), torch.tensor([0]))
    assert at[it.cells].tolist() == [[28, 44, 8]]


def test_several_boxes_in_one_cell_have_one_each() -> None:
    logits, found, at, _, _ = scene(1, 0)
    boxes = torch.tensor([[24.5, 40.5, 2, 2]]).repeat(5, 1)
    it = assigned(logits, found, at, boxes, torch.zeros(5, dtype=torch.int64))
    assert sorted(it.boxes.tolist()) == [0, 1, 2, 3, 4]
    assert len({*it.cells.tolist()}) == 5
    assert (at[it.cells][:, 2] == 8).all()
    assert ((at[it.cells][:, :2] - torch.tensor([25.5, 41.5])).abs() <= 12).all(), "its cell and its neighbours"


def test_a_small_box_on_a_large_one_is_not_robbed() -> None:
    """Everything finds the large one perfectly; the small one still learns."""
    at = cells()
    large, small = [4.0, 4.0, 56.0, 56.0], [26.0, 26.0, 5.0, 5.0]
    found = torch.tensor([large]).repeat(len(at), 1)
    it = assigned(torch.zeros(len(at), 1), found, at, torch.tensor([large, small]), torch.tensor([0, 0]))
    assert (it.boxes == 1).sum() == 1
    assert (it.boxes == 0).sum() >= 9, "as many as its ten best IoUs come to"


def test_more_boxes_than_cells_is_no_error() -> None:
    at = grid(1, 1, 8, "cpu")
    it = assigned(torch.zeros(1, 1), torch.tensor([[0.0, 0, 8, 8]]), at, torch.tensor([[1.0, 1, 4, 4], [2, 2, 4, 4]]), torch.tensor([0, 0]))
    assert it.cells.tolist() == [0]


def test_no_box_at_all() -> None:
    logits, found, at, _, _ = scene(1, 0)
    it = assigned(logits, found, at, torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64))
    assert len(it.cells) == len(it.boxes) == len(it.iou) == 0


def test_who_finds_it_best_learns_it() -> None:
    """One cell says the very box: it learns it, wherever among the candidates it lies."""
    at = cells()
    true = torch.tensor([[10.0, 14.0, 40.0, 30.0]])
    found = torch.tensor([[0.0, 0, 2, 2]]).repeat(len(at), 1)
    inside = [c for c, (x, y, _) in enumerate(at.tolist()) if 20 < x < 40 and 20 < y < 38]
    for c in inside:
        told = found.clone()
        told[c] = true[0]
        assert assigned(torch.zeros(len(at), 1), told, at, true, torch.tensor([0])).cells.tolist() == [c]
