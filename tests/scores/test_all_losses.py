"""What holds for every loss on the shelf."""

from __future__ import annotations

import pytest
import torch

from tests.elsewhere import Elsewhere, NoDoubles, TwoDevices
from tests.scenes import CLASSES, perfect, scene
from zorki.core.errors import UnknownName
from zorki.scores import VOID, losses

pytestmark = pytest.mark.unit
ALL = pytest.mark.parametrize("name", losses.names())


def slope(name: str, logits: torch.Tensor, truth: torch.Tensor, weights: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
    logits = logits.clone().requires_grad_()
    value = losses.take(name).loss(logits, truth, weights)
    (grad,) = torch.autograd.grad(value, logits)
    return value.detach(), grad


def test_the_shelf_holds_what_can_be_asked_for() -> None:
    assert losses.names() == ("cross_entropy", "dice", "focal", "lovasz", "smoothed", "tversky")
    with pytest.raises(UnknownName, match="Did you mean lovasz"):
        losses.take("lovas")


@ALL
@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 0.0, 1.5)], ids=["plain", "weighted"])
def test_slopes_are_those_of_finite_differences(name: str, weights: tuple[float, ...] | None) -> None:
    logits, truth = scene(dtype=torch.float64)
    logits, truth = logits[:, :, :3, :4], truth[:, :3, :4]
    given = None if weights is None else torch.tensor(weights)
    assert torch.autograd.gradcheck(lambda x: losses.take(name).loss(x, truth, given), logits.clone().requires_grad_())


@ALL
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
def test_nothing_is_left_of_a_perfect_prediction(name: str, dtype: torch.dtype) -> None:
    _, truth = scene()
    value, grad = slope(name, perfect(truth).to(dtype), truth)
    assert value.dtype == torch.float32
    assert grad.dtype == dtype
    assert grad.isfinite().all()
    if name != "smoothed":
        assert value == pytest.approx(0, abs=1e-6)


@ALL
@pytest.mark.parametrize("side", [512, 1024])
def test_half_precision_counts_all_pixels_of_a_large_picture(name: str, side: int) -> None:
    """G09: 512 × 512 ones come to 262,144, which is inf in half precision."""
    one = torch.ones(1, 1, side, side, dtype=torch.float16)
    value, grad = slope(name, one, torch.zeros(1, side, side, dtype=torch.int64))
    assert value == 0
    assert not grad.any()
    sure = torch.cat([one * 20, one * -20], 1)
    value, grad = slope(name, sure, torch.zeros(1, side, side, dtype=torch.int64))
    assert value == pytest.approx(2 if name == "smoothed" else 0, abs=1e-6)  # 2: a twentieth of 40
    assert grad.isfinite().all()


@ALL
def test_half_precision_comes_to_what_float32_comes_to(name: str) -> None:
    logits, truth = scene()
    half, grad = slope(name, logits.half(), truth)
    whole, right = slope(name, logits.half().float(), truth)
    assert half == whole
    assert torch.equal(grad, right.half())


@ALL
@pytest.mark.parametrize("weights", [None, torch.ones(CLASSES)], ids=["plain", "weighted"])
def test_where_all_is_void_there_is_no_loss_and_no_slope(name: str, weights: torch.Tensor | None) -> None:
    logits, truth = scene(void=1.1)
    value, grad = slope(name, logits, truth, weights)
    assert value == 0
    assert not grad.any()


@ALL
def test_void_pixels_have_no_slope_and_no_say(name: str) -> None:
    logits, truth = scene()
    value, grad = slope(name, logits, truth)
    void = (truth == VOID)[:, None].expand_as(logits)
    assert not grad[void].any()
    assert (grad[~void] != 0).float().mean() > 0.9
    other, same = slope(name, torch.where(void, 3 - 2 * logits, logits), truth)
    assert other == pytest.approx(float(value), rel=1e-6)
    torch.testing.assert_close(same, grad)


@ALL
def test_absent_classes_are_in_no_mean(name: str) -> None:
    """Only two of four classes are there: the loss is finite, and classes that weigh nothing besides change nothing."""
    logits, truth = scene(classes=2)
    value, grad = slope(name, logits, truth)
    assert value.isfinite()
    assert grad.isfinite().all()
    if name != "smoothed":  # which tells classes that are not there to have their share
        weighted, same = slope(name, logits, truth, torch.tensor([1.0, 1.0, 7.0, 9.0]))
        assert weighted == pytest.approx(float(value), rel=1e-6)
        torch.testing.assert_close(same, grad)


@ALL
def test_weights_count_by_their_ratios_and_a_class_of_none_not_at_all(name: str) -> None:
    logits, truth = scene()
    some = torch.tensor([0.5, 2.0, 1.0, 1.5])
    assert slope(name, logits, truth, 8 * some)[0] == pytest.approx(float(slope(name, logits, truth, some)[0]), rel=1e-5)
    assert slope(name, logits, truth, some)[0] != pytest.approx(float(slope(name, logits, truth)[0]), rel=1e-4)
    assert slope(name, logits, truth, torch.zeros(CLASSES))[0] == 0


@ALL
def test_classes_are_alike(name: str) -> None:
    logits, truth = scene()
    turned = torch.tensor([2, 0, 3, 1])
    there = torch.where(truth == VOID, VOID, turned.argsort()[truth % CLASSES])
    assert slope(name, logits[:, turned], there)[0] == pytest.approx(float(slope(name, logits, truth)[0]), rel=1e-5)


@ALL
def test_the_order_in_memory_does_not_matter_nor_the_type_of_the_truth(name: str) -> None:
    logits, truth = scene()
    value, grad = slope(name, logits, truth)
    other, same = slope(name, logits.to(memory_format=torch.channels_last), truth.to(torch.uint8))
    assert other == pytest.approx(float(value), rel=1e-6)
    torch.testing.assert_close(same, grad)


@ALL
def test_a_step_down_the_slope_is_a_step_down(name: str) -> None:
    logits, truth = scene()
    value, grad = slope(name, logits, truth)
    assert slope(name, logits - 0.5 * grad / grad.norm(), truth)[0] < value


@ALL
def test_all_have_an_order_where_one_is_asked_for(name: str) -> None:
    logits, truth = scene()
    before = torch.are_deterministic_algorithms_enabled()
    try:
        torch.use_deterministic_algorithms(True)
        value, grad = slope(name, logits, truth)
    finally:
        torch.use_deterministic_algorithms(before)
    assert value == slope(name, logits, truth)[0]
    assert torch.equal(grad, slope(name, logits, truth)[1])


@pytest.mark.parametrize("name", [n for n in losses.names() if n not in ("cross_entropy", "smoothed")])
def test_probabilities_are_not_taken_for_class_numbers(name: str) -> None:
    logits, _ = scene()
    with pytest.raises(ValueError, match="cross_entropy"):
        losses.take(name).loss(logits, logits.softmax(1))


@ALL
@pytest.mark.parametrize("weights", [None, (0.5, 2.0, 1.0, 3.5)], ids=["plain", "weighted"])
def test_all_stay_on_the_device_of_the_logits_and_make_no_doubles(name: str, weights: tuple[float, ...] | None) -> None:
    logits, truth = scene()
    given = None if weights is None else torch.tensor(weights)
    value, grad = slope(name, logits, truth, given)
    with NoDoubles():
        slope(name, logits, truth, given)
    with TwoDevices():
        far = slope(name, Elsewhere(logits), Elsewhere(truth), None if given is None else Elsewhere(given))
    assert isinstance(far[0], Elsewhere)
    assert isinstance(far[1], Elsewhere)
    assert far[0].here == value
    torch.testing.assert_close(far[1].here, grad)
