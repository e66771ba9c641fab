"""The lesson of one box: its loss beside a closed form, pictures without a box, shares of a step, and when something was learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from zorki.nets.locator import Locator
from zorki.scores import box_losses
from zorki.wings.locate import _one_learnt
from zorki.wings.locate._augment import Changes
from zorki.wings.locate._choice import changes_for, flips_for, side_for
from zorki.wings.locate._lesson import NOBODY, Recipe
from zorki.wings.locate._one import One, answers
from zorki.wings.locate._stock import Stock

pytestmark = pytest.mark.tiny
SIDE = 32


def examples(count: int = 8, empty: int = 0, hw: tuple[int, int] = (24, 40), classes: int = 2) -> Stock:
    """Light and dark things, the light ones of class 1."""
    out = []
    for i in range(count):
        g = np.random.default_rng(i)
        picture, label = np.full((3, *hw), 0.5, np.float32), int(g.integers(classes))
        x, y = int(g.integers(0, hw[1] - 12)), int(g.integers(0, hw[0] - 10))
        picture[:, y : y + 10, x : x + 12] = label / max(1, classes - 1)
        there = i >= empty
        out.append((picture, np.array([[x, y, 12, 10]], np.float32)[: int(there)], np.array([label])[: int(there)]))
    return Stock(out)


def lesson(stock: Stock, each: bool = False, **recipe: object) -> One:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = Locator("plain", 2, width=8, each=each, drop=0.0)
    return One(net, stock, stock, Recipe(2, 4, **recipe), Changes(SIDE, "stretch", flips="none", kept=True, colour=0, light=0))  # type: ignore[arg-type]


class Knowing(nn.Module):
    """Answers what it is told, picture by picture in their order."""

    def __init__(self, boxes: list[list[float]], labels: list[int]) -> None:
        super().__init__()
        self.at, self.some = 0, nn.Parameter(torch.zeros(1))
        self.boxes, self.labels = torch.tensor(boxes), F.one_hot(torch.tensor(labels), 2).float() * 9

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mine = slice(self.at, self.at + len(x))
        self.at += len(x)
        return self.labels[mine], self.boxes[mine]


def truths(stock: Stock) -> tuple[list[list[float]], list[int]]:
    found = [stock[i] for i in range(len(stock))]
    sides = [np.array([p.shape[1], p.shape[0]] * 2) for p, _, _ in found]
    return [(b[0] / s).tolist() for (_, b, _), s in zip(found, sides, strict=True)], [int(k[0]) for _, _, k in found]


@pytest.mark.parametrize("each", [False, True])
@pytest.mark.parametrize("name", box_losses.names())
def test_the_loss_is_that_of_classes_and_of_boxes(name: str, each: bool) -> None:
    it = lesson(examples(), each, box_loss=name, box=3.0, smooth=0.1)
    shown = it.draw(0)
    loss, parts = it.loss(shown)
    logits, boxes = it.net.answers(shown["picture"])
    labels = shown["labels"][:, 0]
    mine = boxes[torch.arange(4), labels] if each else boxes[:, 0]
    named = F.cross_entropy(logits, labels, label_smoothing=0.1)
    away = box_losses.take(name).loss(mine, shown["boxes"][:, 0] / SIDE).mean()
    assert float(parts["class"]) == pytest.approx(float(named), rel=1e-5)
    assert float(parts["box"]) == pytest.approx(float(away), rel=1e-5)
    assert float(loss) == pytest.approx(float(named + 3 * away), rel=1e-5)


def test_pictures_without_a_box_teach_nothing_and_break_nothing() -> None:
    it = lesson(examples(8, empty=8))
    shown = it.draw(0)
    assert (shown["labels"] == NOBODY).all()
    loss, _ = it.loss(shown)
    loss.backward()
    assert float(loss.detach()) == 0
    assert all(not p.grad.any() for p in it.net.parameters() if p.grad is not None)
    some = lesson(examples(4, empty=2))
    shown = some.drawn(0)
    alone = {k: v[shown["labels"][:, 0] != NOBODY] for k, v in shown.items()}
    with torch.no_grad():
        some.net.eval()
        assert float(some.wrong(shown)[0]) == pytest.approx(float(some.wrong(alone)[0]), rel=1e-5)


def test_processes_share_a_step() -> None:
    whole = lesson(examples()).drawn(3)
    parts = []
    for rank in range(2):
        it = lesson(examples())
        it.rank, it.processes = rank, 2
        parts.append(it.drawn(3))
    for key, all_ in whole.items():
        assert torch.equal(all_[0::2], parts[0][key])
        assert torch.equal(all_[1::2], parts[1][key])


def test_a_step_is_the_same_whenever_it_is_drawn() -> None:
    one, two = lesson(examples()), lesson(examples())
    for step in (0, 1, 2):
        last = one.draw(step)
    again = two.draw(2)
    assert all(torch.equal(last[k], again[k]) for k in last)


def test_groups_leave_out_what_is_frozen() -> None:
    it = lesson(examples(), freeze=3, slow=0.3)
    asked = [p for g in it.groups() for p in g["params"]]
    assert {g["times"] for g in it.groups()} == {0.3, 1.0}
    assert sum(p.numel() for p in asked) == sum(p.numel() for p in it.net.parameters() if p.requires_grad)
    norms = [m for m in it.still if isinstance(m, nn.BatchNorm2d)]
    before = [m.running_mean.clone() for m in norms]  # type: ignore[union-attr]
    it.net.train()
    it.loss(it.draw(0))[0].backward()
    assert norms
    assert all(torch.equal(a, m.running_mean) for a, m in zip(before, norms, strict=True))  # type: ignore[arg-type]


def test_who_knows_all_has_all_and_who_knows_nothing_learnt_nothing() -> None:
    stock = examples(12)
    boxes, labels = truths(stock)
    figures = lesson(stock).figures(Knowing(boxes, labels))
    assert figures == {"worth": 0.0, "accuracy": 1.0, "mean_iou": 1.0, "class_and_iou50": 1.0}
    found = _one_learnt.verdict(Knowing(boxes, labels), stock, stock, SIDE)
    assert found.learnt
    assert found.whole["accuracy"] == 1
    assert found.whole["mean_iou"] == pytest.approx(120 / (24 * 40), abs=1e-6)
    assert found.others["mean_iou"] < 0.5
    same = _one_learnt.verdict(Knowing([boxes[0]] * 12, [labels[0]] * 12), stock, stock, SIDE)
    assert not same.learnt
    other = _one_learnt.verdict(Knowing(boxes[1:] + boxes[:1], labels[1:] + labels[:1]), stock, stock, SIDE)
    assert not other.learnt
    assert other.sentence().startswith("Nothing was learnt: on 12 pictures that it has not seen it has classes right ")


def test_a_right_box_of_a_wrong_class_is_half_right() -> None:
    stock = examples(6)
    boxes, labels = truths(stock)
    figures = lesson(stock).figures(Knowing(boxes, [1 - k for k in labels]))
    assert (figures["accuracy"], figures["mean_iou"], figures["class_and_iou50"], figures["worth"]) == (0, 1, 0, 0.5)


def test_answers_come_of_whole_pictures_and_leave_the_net_as_it_was() -> None:
    stock = examples(5)
    it = lesson(stock)
    it.net.train()
    found = dict(answers(it.net, stock, SIDE, first=1, every=2))
    assert list(found) == [1, 3]
    assert it.net.training
    assert 0.5 <= found[1].score <= 1


def test_what_follows_from_the_data() -> None:
    stock = examples(30, hw=(48, 100))
    assert side_for(stock, "cpu", "many") == 96
    assert side_for(examples(4, hw=(300, 500)), "cpu", "one") == 160
    assert side_for(examples(4, hw=(300, 500)), "cuda", "many") == 512
    assert flips_for(stock) == "sideways", "its things are wider than high"
    low = Stock([(p.transpose(2, 0, 1) / 255, b * [1, 1, 0, 1] + [0, 0, b[0, 3], 0], k) for p, b, k in (stock[i] for i in range(30))])
    assert flips_for(low) == "any"
    fallen = Stock([(low[i][0].transpose(2, 0, 1) / 255, low[i][1] * [1, 0, 1, 1] + [0, 36, 0, 0], low[i][2]) for i in range(30)])
    assert flips_for(fallen) == "sideways", "its things lie low"
    assert changes_for("one", 64, "any", 1) == replace(changes_for("one", 64, "any", 3), colour=0.0)
    assert changes_for("one", 64, "any", 3).fit == "stretch"
    assert changes_for("many", 64, "any", 3).fit == "letterbox"
