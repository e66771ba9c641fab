"""What a detector learns from: its loss beside loops, pictures without boxes, worth, several processes, and that it learns."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from zorki.locating.assigning import assigned
from zorki.nets.detector import Detector
from zorki.scores import boxes as geometry
from zorki.train import Folder, Plan, teach
from zorki.wings.locate._augment import Changes
from zorki.wings.locate._lesson import NOBODY, Recipe
from zorki.wings.locate._many import Many, detected, line, shrunk, varifocal
from zorki.wings.locate._stock import Stock

COLOURS = np.array([[0.9, 0.1, 0.1], [0.1, 0.8, 0.2]])


def scene(seed: int, h: int = 64, w: int = 80, most: int = 3) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Rectangles of two colours on grey, side by side: the class is the colour."""
    g = np.random.default_rng(seed)
    picture = np.full((3, h, w), 0.5) + g.normal(0, 0.03, (3, h, w))
    boxes, labels = [], []
    for i in range(g.integers(1, most + 1)):
        high, wide = g.integers(14, 34), g.integers(12, w // most - 3)
        top, left = g.integers(0, h - high), int(i * w / most)
        label = int(g.integers(2))
        picture[:, top : top + high, left : left + wide] = COLOURS[label][:, None, None]
        boxes.append((left, top, wide, high))
        labels.append(label)
    return (
        torch.from_numpy((picture.clip(0, 1) * 255).round() / 255).float(),
        torch.tensor(boxes, dtype=torch.float32),
        torch.tensor(labels),
    )


def lesson(count: int = 12, held: int = 4, side: int = 64, empty: bool = False, **more: Any) -> Many:
    some = [scene(i) for i in range(count + held)]
    if empty:
        some = [(p, torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64)) for p, *_ in some]
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Detector("plain", 2, width=16, depth=1)
    return Many(net, Stock(some[:count]), Stock(some[count:]), Recipe(2, **({"batch": 4} | more)), Changes(side=side))  # type: ignore[arg-type]


@pytest.mark.tiny
def test_the_loss_is_what_loops_come_to() -> None:
    it = lesson()
    it.net.eval()  # the same numbers twice
    shown = it.drawn(3)
    with torch.no_grad():
        loss, parts = it.loss(shown)
        logits, found = it.net(shown["picture"])
    wrong, apart, count = 0.0, 0.0, 0
    for i, (boxes, labels) in enumerate(zip(shown["boxes"], shown["labels"], strict=True)):
        boxes, labels = boxes[labels != NOBODY], labels[labels != NOBODY]
        learns = assigned(logits[i], found[i], it.net.cells(64, 64), boxes, labels)
        aims = {(c, int(labels[b])): float(v) for c, b, v in zip(learns.cells.tolist(), learns.boxes.tolist(), learns.iou, strict=True)}
        for c in range(logits.shape[1]):
            for k in range(2):
                p = 1 / (1 + math.exp(-float(logits[i, c, k])))
                q, lies = aims.get((c, k), 0.0), max(aims.get((c, 0), 0.0), aims.get((c, 1), 0.0))
                wrong -= (lies or 0.75 * p**2) * (q * math.log(p) + (1 - q) * math.log(1 - p))
        for c, b in zip(learns.cells, learns.boxes, strict=True):
            apart += 1 - float(geometry.giou(found[i, c], boxes[b]))
            count += 1
    assert count >= 4
    assert float(parts["class"]) == pytest.approx(wrong / count, rel=1e-4)
    assert float(parts["box"]) == pytest.approx(apart / count, rel=1e-4)
    assert float(loss) == pytest.approx(wrong / count + 2 * apart / count, rel=1e-4)


@pytest.mark.tiny
@pytest.mark.parametrize("loss", ["l1", "smooth_l1", "iou", "giou", "diou", "ciou"])
def test_every_box_loss_has_a_slope_that_is_finite(loss: str) -> None:
    it = lesson(box_loss=loss)
    total, _ = it.loss(it.draw(0))
    total.backward()
    slopes = [p.grad for p in it.net.parameters() if p.grad is not None]
    assert all(g.isfinite().all() for g in slopes)
    assert float(it.net.sides.weight.grad.abs().sum()) > 0


@pytest.mark.tiny
def test_no_box_at_all_is_a_finite_loss() -> None:
    """Case L06: pictures in which nothing is, divided by one."""
    it = lesson(empty=True)
    shown = it.draw(0)
    assert (shown["labels"] == NOBODY).all()
    loss, parts = it.loss(shown)
    loss.backward()
    assert float(parts["box"].detach()) == 0
    assert 0 < float(loss.detach()) < 1
    assert all(p.grad is None or p.grad.isfinite().all() for p in it.net.parameters())
    assert line(np.full((2, 10), np.nan)) == {"worth": 1.0, "map50": 0.0, "map": 0.0, "ap50": [None, None]}
    assert it.figures(it.net)["worth"] == 1


@pytest.mark.tiny
def test_what_is_surely_right_costs_nothing_and_what_is_surely_wrong_much() -> None:
    aim = torch.tensor([[1.0], [0.0], [0.0], [0.5]])
    said = torch.tensor([[20.0], [-20.0], [20.0], [0.0]])
    assert varifocal(said, aim).flatten().tolist() == pytest.approx([0, 0, 15, 0.5 * math.log(2)], abs=1e-4)
    assert varifocal(torch.zeros(1, 2), torch.tensor([[0.8, 0.0]])).tolist()[0] == pytest.approx([0.8 * math.log(2)] * 2), (
        "the other class too"
    )
    logits = torch.tensor([[0.0], [1.0]], requires_grad=True)
    varifocal(logits, torch.tensor([[0.5], [0.0]])).sum().backward()
    assert float(logits.grad[0]) == 0, "a score is right when it is the IoU"
    assert float(logits.grad[1]) > 0


@pytest.mark.tiny
def test_worth_falls_as_map_rises() -> None:
    """A net that says the truth has mAP 1 in a picture that is brought to another size; figures leave it in the mode in which it was."""

    class Sees(torch.nn.Module):
        def __init__(self, truths: list[Any]) -> None:
            super().__init__()
            self.truths, self.calls = truths, 0
            self.number = torch.nn.Parameter(torch.zeros(1))

        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            _, boxes, labels = self.truths[self.calls]
            self.calls += 1
            assert max(x.shape[-2:]) == 40
            assert not self.training
            return 8 * torch.nn.functional.one_hot(labels, 2)[None].float() - 4, (boxes / 2)[None]

    it = lesson()
    net = Sees([scene(12 + i) for i in range(4)]).train()
    it.changes = Changes(side=40)
    assert it.figures(net) == {"worth": 0.0, "map50": 1.0, "map": 1.0, "ap50": [1.0, 1.0]}
    assert net.training


@pytest.mark.tiny
def test_several_processes_judge_what_one_does(monkeypatch: pytest.MonkeyPatch) -> None:
    it = lesson(held=5)
    whole = it.figures(it.net)
    shares = []
    for rank in range(2):
        part = it.of(4)
        part.rank, part.processes = rank, 2
        shares.append({i: detected(it.net, it.held[i][0], 64) for i in part.numbers()})
    assert sorted(shares[0].keys() | shares[1].keys()) == list(range(5))
    monkeypatch.setattr("zorki.wings.locate._many.collected", lambda mine: shares)
    assert it.figures(it.net) == whole


@pytest.mark.tiny
def test_a_picture_is_brought_to_the_side() -> None:
    assert shrunk(torch.zeros(1, 3, 50, 100, dtype=torch.uint8), 20).shape == (1, 3, 10, 20)
    assert shrunk(torch.zeros(1, 1, 400, 1), 20).shape == (1, 1, 20, 1)
    x = torch.rand(1, 3, 20, 12)
    assert torch.equal(shrunk(x, 20), x)


@pytest.mark.slow
def test_it_learns(tmp_path: Path) -> None:
    """Rectangles of two colours, never seen before, after a minute: from random numbers, most are found and many named."""
    it = lesson(count=40, held=12, batch=8, slow=1.0)
    plan = Plan(steps=160, rate=4e-3, warm=10, average=0.95, clip=10, tell=40, keep=600, check=80)
    rows = teach(it, Folder(tmp_path / "run"), plan).rows()
    found = [row["map50"] for row in rows if "map50" in row]
    assert found[-1] > 0.5, found
