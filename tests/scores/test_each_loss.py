"""Each loss beside an independent truth: torch's own, loops, closed forms, the confusion matrix."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from tests.scenes import CLASSES, perfect, scene
from zorki.scores import VOID, Confusion
from zorki.scores.losses import _overlaps, cross_entropy, dice, focal, lovasz, smoothed, tversky

pytestmark = pytest.mark.unit
WEIGHTS = torch.tensor([0.5, 2.0, 1.0, 3.5])


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.7])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_cross_entropy_is_torchs(weights: torch.Tensor | None, smoothing: float) -> None:
    logits, truth = scene()
    theirs = F.cross_entropy(logits, truth, weights, ignore_index=VOID, label_smoothing=smoothing)
    assert float(cross_entropy.loss(logits, truth, weights, smoothing)) == pytest.approx(float(theirs), rel=1e-5)
    if smoothing == smoothed.SMOOTHING:
        assert float(smoothed.loss(logits, truth, weights)) == pytest.approx(float(theirs), rel=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["plain", "weighted"])
def test_shares_of_nought_and_one_are_class_numbers(weights: torch.Tensor | None, smoothing: float) -> None:
    logits, truth = scene()
    shares = F.one_hot(truth % CLASSES, CLASSES).movedim(-1, 1) * (truth != VOID)[:, None]
    hard = cross_entropy.loss(logits, truth, weights, smoothing)
    assert float(cross_entropy.loss(logits, shares.float(), weights, smoothing)) == pytest.approx(float(hard), rel=1e-5)


def test_a_teachers_shares_are_compared_as_torch_does() -> None:
    logits, _ = scene()
    teacher = scene(1)[0].softmax(1)
    for smoothing in (0.0, 0.3):
        theirs = F.cross_entropy(logits, teacher, label_smoothing=smoothing)
        assert float(cross_entropy.loss(logits, teacher, smoothing=smoothing)) == pytest.approx(float(theirs), rel=1e-5)
        assert float(cross_entropy.loss(logits.half(), teacher.half(), smoothing=smoothing)) == pytest.approx(float(theirs), rel=1e-3)


def test_a_teacher_is_met_where_its_shares_are_given_and_void_is_where_it_gives_none() -> None:
    teacher = scene(1)[0].softmax(1)
    teacher[:, :, :3] = 0
    logits = teacher.clamp_min(1e-30).log().requires_grad_()
    (grad,) = torch.autograd.grad(cross_entropy.loss(logits, teacher), logits)
    assert grad.abs().max() < 1e-8
    logits = scene(2)[0].requires_grad_()
    (grad,) = torch.autograd.grad(cross_entropy.loss(logits, teacher, WEIGHTS, 0.1), logits)
    assert not grad[:, :, :3].any()
    assert grad[:, :, 3:].all()
    assert cross_entropy.loss(logits, 0 * teacher, WEIGHTS, 0.1) == 0
    assert torch.autograd.gradcheck(
        lambda x: cross_entropy.loss(x, teacher.double(), WEIGHTS, 0.1), scene(2, dtype=torch.float64)[0].requires_grad_()
    )


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
def test_focal_is_its_formula_pixel_by_pixel(gamma: float) -> None:
    logits, truth = scene()
    above, below = 0.0, 0.0
    for pixel, c in zip(logits.movedim(1, -1).reshape(-1, CLASSES).double().numpy(), truth.flatten().tolist(), strict=True):
        if c != VOID:
            p = np.exp(pixel[c]) / np.exp(pixel).sum()
            above += float(WEIGHTS[c]) * -((1 - p) ** gamma) * np.log(p)
            below += float(WEIGHTS[c])
    assert float(focal.loss(logits, truth, WEIGHTS, gamma)) == pytest.approx(above / below, rel=1e-5)
    if gamma == 0:
        assert float(focal.loss(logits, truth, gamma=gamma)) == pytest.approx(float(cross_entropy.loss(logits, truth)), rel=1e-6)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 0.7), (0.5, 0.5), (1.0, 1.0)])
def test_tversky_is_its_formula_class_by_class(alpha: float, beta: float) -> None:
    logits, truth = scene(classes=3)  # the fourth is absent
    p, each = logits.softmax(1), []
    for c in range(3):
        g, q = (truth == c).float(), p[:, c] * (truth != VOID)
        found, extra, missed = (q * g).sum(), (q * (1 - g)).sum(), ((1 - q) * g).sum()
        each.append(1 - float(found / (found + alpha * extra + beta * missed)))
    assert float(tversky.loss(logits, truth, None, alpha, beta)) == pytest.approx(np.mean(each), rel=1e-5)
    mean = np.average(each, weights=WEIGHTS[:3])
    assert float(tversky.loss(logits, truth, WEIGHTS, alpha, beta)) == pytest.approx(mean, rel=1e-5)
    if alpha == beta == 0.5:
        assert float(dice.loss(logits, truth)) == pytest.approx(np.mean(each), rel=1e-5)


def test_of_sure_predictions_dice_and_lovasz_are_the_metrics_themselves() -> None:
    for seed in range(5):
        _, truth = scene(seed)
        guess = scene(seed + 100)[0].argmax(1)
        measured = Confusion(CLASSES).add(truth, guess)
        assert float(dice.loss(perfect(guess), truth)) == pytest.approx(1 - measured.mean_dice(), abs=1e-5)
        assert float(lovasz.loss(perfect(guess), truth)) == pytest.approx(1 - measured.miou, abs=1e-6)


def reference(errors: list[tuple[float, bool]]) -> float:
    """Berman's equation 8 with sets: Σ m_i (Δ({π_1 … π_i}) − Δ({π_1 … π_{i−1}})), Δ the Jaccard loss of the pixels got wrong."""
    of_class = sum(here for _, here in errors)

    def delta(wrong: list[tuple[float, bool]]) -> float:
        missed = sum(here for _, here in wrong)
        return 1 - (of_class - missed) / (of_class + len(wrong) - missed)

    falling = sorted(errors, key=lambda e: -e[0])
    return sum(m * (delta(falling[: i + 1]) - delta(falling[:i])) for i, (m, _) in enumerate(falling))


@pytest.mark.parametrize("seed", range(4))
def test_lovasz_is_its_definition_by_sets(seed: int) -> None:
    logits, truth = scene(seed, classes=CLASSES - seed % 2)
    p, each = logits.softmax(1).movedim(1, -1)[truth != VOID].tolist(), []
    known = truth[truth != VOID].tolist()
    for c in sorted(set(known)):
        each.append(reference([(abs((t == c) - q[c]), t == c) for q, t in zip(p, known, strict=True)]))
    assert float(lovasz.loss(logits, truth)) == pytest.approx(np.mean(each), rel=1e-5)


def test_lovasz_sorts_as_torch_does_and_leaves_void_out() -> None:
    g = torch.Generator().manual_seed(0)
    errors = torch.rand(5000, generator=g)
    errors[::7] = errors[0]  # equals: the first comes first
    errors[1::50], errors[2::50] = 0, 1
    here, valid = torch.rand(5000, generator=g) < 0.3, torch.rand(5000, generator=g) < 0.8
    places = torch.where(valid, torch.arange(0, 10000, 2), lovasz.LAST)
    order, of_class = lovasz.falling(errors, places, here, int(valid.sum()))
    right = torch.where(valid, errors, -1).sort(descending=True, stable=True).indices[: int(valid.sum())]
    assert torch.equal(order, right)
    assert torch.equal(of_class, here[right])


def test_lovasz_keeps_its_digits_among_millions_of_pixels() -> None:
    here = torch.arange(3_000_000) % 3 == 0
    steps = lovasz.jaccard_steps(here).double()
    found = here.double().cumsum(0)
    loss = 1 - (found[-1] - found) / (found[-1] + torch.arange(1, len(here) + 1, dtype=torch.float64) - found)
    right = torch.diff(loss, prepend=torch.zeros(1, dtype=torch.float64))
    assert ((steps - right).abs() <= 1e-6 * right + 1e-15).all()


def test_a_class_of_more_pixels_than_float32_can_count_one_by_one() -> None:
    side = 4100  # squared more than 2 to the 24
    ones, none = torch.ones(1, 1, 1).expand(1, side, side), torch.zeros(1, 1, 1, dtype=torch.int64).expand(1, side, side)
    assert _overlaps.by_class(ones, none, 2).tolist() == [side * side, 0]
