"""Each box loss beside closed forms and finite differences; all of them bring boxes together."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from zorki.core.errors import UnknownName
from zorki.scores import box_losses
from zorki.scores.box_losses import smooth_l1

pytestmark = pytest.mark.unit
NAMES = box_losses.names()


def boxes(n: int = 6, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    g = torch.Generator().manual_seed(seed)
    return torch.rand(n, 4, generator=g).to(dtype) * 0.4 + 0.1


def test_there_are_six() -> None:
    assert {*NAMES} == {"l1", "smooth_l1", "iou", "giou", "diou", "ciou"}
    with pytest.raises(UnknownName, match="giou"):
        box_losses.take("gious")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_nought_on_the_true_box_and_more_beside_it(name: str) -> None:
    loss, true = box_losses.take(name).loss, boxes()
    assert loss(true, true) == pytest.approx(torch.zeros(6), abs=1e-6)
    assert (loss(boxes(seed=1), true) > 0).all()
    assert loss(true[0], true[0]).shape == ()
    assert loss(true.half(), boxes(seed=1).half()).dtype == torch.float32


@pytest.mark.parametrize("name", NAMES)
def test_its_slope_is_that_of_finite_differences(name: str) -> None:
    from zorki.scores import boxes as geometry

    one, two = boxes(seed=2, dtype=torch.float64), boxes(seed=3, dtype=torch.float64)
    loss = box_losses.take(name).loss
    step, at = 1e-3, one.float().requires_grad_()
    (slope,) = torch.autograd.grad(loss(at, two).sum(), at)
    weight = None
    if name == "ciou":  # its weight is held fast: the differences are of the loss without what hangs on it
        weight = (geometry.diou(one, two) - geometry.ciou(one, two)).detach()
    for k in range(4):
        moved = [one.clone() for _ in range(2)]
        for box, sign in zip(moved, (1, -1), strict=True):
            box[:, k] += sign * step
        if weight is None:
            found = (loss(moved[0], two) - loss(moved[1], two)).double() / (2 * step)
            assert slope[:, k].double() == pytest.approx(found, abs=5e-3)
        elif k < 2:  # moved without another shape, its weight changes a little alone
            found = (loss(moved[0], two) - loss(moved[1], two)).double() / (2 * step)
            assert (slope[:, k].double() - found).abs().max() < 0.2


def test_known_numbers() -> None:
    one, two, far = torch.tensor([0.0, 0, 2, 2]), torch.tensor([1.0, 1, 2, 2]), torch.tensor([4.0, 0, 2, 2])
    of = {name: lambda a, b, name=name: float(box_losses.take(name).loss(a, b)) for name in NAMES}
    assert of["l1"](one, two) == 1
    assert of["iou"](one, two) == pytest.approx(1 - 1 / 7)
    assert of["giou"](one, two) == pytest.approx(1 - 1 / 7 + 2 / 9)
    assert of["diou"](one, two) == pytest.approx(1 - 1 / 7 + 2 / 18)
    assert of["ciou"](one, two) == pytest.approx(of["diou"](one, two))  # of one shape
    assert of["iou"](one, far) == 1
    assert of["giou"](one, far) == pytest.approx(1 + 4 / 12)
    assert of["diou"](one, far) == pytest.approx(1 + 16 / 40)
    assert of["ciou"](one, torch.tensor([0.0, 0, 4, 1])) > of["diou"](one, torch.tensor([0.0, 0, 4, 1]))
    a, b = boxes(), boxes(seed=1)
    edges = [torch.cat([x[:, :2], x[:, :2] + x[:, 2:]], 1) for x in (a, b)]
    theirs = F.smooth_l1_loss(*edges, beta=smooth_l1.BEND, reduction="none").mean(1)
    assert box_losses.take("smooth_l1").loss(a, b) == pytest.approx(theirs)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "iou"])
def test_boxes_that_lie_apart_come_together(name: str) -> None:
    mine, true = torch.tensor([0.05, 0.1, 0.2, 0.2], requires_grad=True), torch.tensor([0.6, 0.5, 0.3, 0.3])
    adam, loss = torch.optim.Adam([mine], 0.02), box_losses.take(name).loss
    for _ in range(150):
        adam.zero_grad()
        loss(mine, true).backward()
        adam.step()
    assert float(box_losses.take("iou").loss(mine.detach(), true)) < 0.15


def test_iou_alone_draws_no_box_that_lies_apart() -> None:
    mine = torch.tensor([0.05, 0.1, 0.2, 0.2], requires_grad=True)
    box_losses.take("iou").loss(mine, torch.tensor([0.6, 0.5, 0.3, 0.3])).backward()
    assert not mine.grad.any()  # type: ignore[union-attr]
