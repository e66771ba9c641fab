"""What a network answers as detections: beside torch by loops, clipped, ordered, and none."""

from __future__ import annotations

import pytest
import torch

from zorki.locating import decoding
from zorki.scores import boxes as geometry

pytestmark = pytest.mark.tiny


def scene(n: int = 60, k: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    return torch.randn(n, k, generator=g) * 2, torch.cat(
        [torch.rand(n, 2, generator=g) * 40 - 10, 2 + torch.rand(n, 2, generator=g) * 30], 1
    )


@pytest.mark.parametrize("seed", range(4))
def test_many_as_loops_have_it(seed: int) -> None:
    logits, boxes = scene(seed=seed)
    it = decoding.many(logits, boxes, (40, 50), least=0.4, most=12)
    left = []
    for cell in range(60):
        for label in range(2):
            x, y, w, h = boxes[cell].tolist()
            low, high = (max(x, 0), max(y, 0)), (min(x + w, 50), min(y + h, 40))
            sure = float(logits[cell, label].sigmoid())
            if sure >= 0.4 and high[0] > low[0] and high[1] > low[1]:
                left.append((sure, label, (*low, high[0] - low[0], high[1] - low[1])))
    kept: list[tuple[float, int, tuple[float, ...]]] = []
    for one in sorted(left, reverse=True):
        if all(k[1] != one[1] or float(geometry.iou(torch.tensor(k[2]), torch.tensor(one[2]))) <= decoding.OVERLAP for k in kept):
            kept.append(one)
    kept = kept[:12]
    assert len(kept) == 12
    assert it.scores.tolist() == pytest.approx([k[0] for k in kept])
    assert it.labels.tolist() == [k[1] for k in kept]
    assert torch.allclose(it.boxes, torch.tensor([k[2] for k in kept]), atol=1e-4)


def test_nothing_is_sure_enough() -> None:
    logits, boxes = scene()
    it = decoding.many(logits - 50, boxes, (40, 50))
    assert len(it) == 0
    assert it.boxes.shape == (0, 4)
    assert it.labels.dtype == torch.int64


def test_what_lies_outside_has_no_area_and_is_left_out() -> None:
    it = decoding.many(torch.full((2, 1), 5.0), torch.tensor([[60.0, 0, 9, 9], [45, 35, 20, 20]]), (40, 50))
    assert it.boxes.tolist() == [[45, 35, 5, 5]]


def test_very_many_candidates_are_the_surest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "CANDIDATES", 3)
    logits = torch.arange(10, dtype=torch.float32)[:, None]
    boxes = torch.stack([torch.tensor([5.0 * i, 0, 4, 4]) for i in range(10)])
    assert decoding.many(logits, boxes, (40, 50)).boxes[:, 0].tolist() == [45, 40, 35]


def test_one_box_is_of_the_likeliest_class() -> None:
    it = decoding.one(torch.tensor([1.0, 3.0, 2.0]), torch.tensor([0.1, 0.5, 0.5, 0.6]), (20, 10))
    assert it.labels.tolist() == [1]
    assert it.scores.tolist() == pytest.approx([float(torch.tensor([1.0, 3, 2]).softmax(0)[1])])
    assert it.boxes[0].tolist() == pytest.approx([1, 10, 5, 10]), "in pixels, and inside the picture"
    assert len(decoding.one(torch.tensor([1.0, 1.0]), torch.tensor([0.1, 0.1, 0.5, 0.5]), (9, 9), least=0.6)) == 0
    assert len(decoding.one(torch.tensor([1.0, 5.0]), torch.tensor([0.1, 0.1, 0.0, 0.5]), (9, 9))) == 0, "of no area"


def test_a_box_is_traced_to_its_cell_also_where_a_surer_one_has_no_area() -> None:
    logits = torch.tensor([[-9.0], [4.0], [2.0], [3.0]])
    boxes = torch.tensor([[0.0, 0, 5, 5], [200, 200, 5, 5], [40, 40, 9, 9], [10, 10, 8, 8]])  # the surest lies beyond the picture
    found, cells = decoding.traced(logits, boxes, (64, 64))
    assert cells.tolist() == [3, 2]
    assert found.boxes.tolist() == boxes[cells].tolist()
