"""The confusion matrix beside the hand-made one, torchmetrics and loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics import classification as theirs

from zorki.core.errors import InputError
from zorki.scores import VOID, Confusion
from zorki.scores.confusion import BLOCK

pytestmark = pytest.mark.unit
HAND_MADE = [[3, 1, 0], [1, 2, 0], [0, 0, 0]]


def drawn(seed: int, classes: int, shape: tuple[int, ...], void: float = 0.2) -> tuple[np.ndarray, np.ndarray]:
    g = np.random.default_rng(seed)
    truth, predicted = g.integers(0, classes, (2, *shape))
    return np.where(g.random(shape) < void, VOID, truth), predicted


def test_the_hand_made_matrix() -> None:
    truth, predicted = np.array([0, 0, 0, 0, 1, 1, 1, VOID]), np.array([0, 0, 0, 1, 0, 1, 1, 2])
    c = Confusion(3).add(truth, predicted)
    assert c.matrix.tolist() == HAND_MADE
    assert c.matrix.dtype == np.int64
    np.testing.assert_allclose(c.iou(), [0.6, 0.5, math.nan])
    np.testing.assert_allclose(c.dice(), [0.75, 2 / 3, math.nan])
    np.testing.assert_allclose(c.recall(), [3 / 4, 2 / 3, math.nan])
    np.testing.assert_allclose(c.precision(), [3 / 4, 2 / 3, math.nan])
    figures = (c.miou, c.pixel_accuracy, c.mean_accuracy, c.fw_iou, c.mean_dice(), c.mean_dice(background=True))
    assert figures == pytest.approx((0.55, 5 / 7, 17 / 24, 3.9 / 7, 17 / 24, 2 / 3))
    assert [round(x, 4) for x in figures[:4]] == [0.55, 0.7143, 0.7083, 0.5571]
    assert (c.void, c.void_share) == (1, 1 / 8)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10**6), st.integers(2, 6))
def test_torchmetrics_says_the_same(seed: int, classes: int) -> None:
    truth, predicted = drawn(seed, classes, (2, 5, 6))
    truth[truth == classes - 1] = seed % (classes - 1)  # the last one is never true, and predicted now and then
    if seed % 2:
        predicted[predicted == classes - 1] = 0  # or absent
    if (truth == VOID).all():
        return
    c = Confusion(classes).add(truth, predicted)
    a, b = torch.from_numpy(predicted), torch.from_numpy(truth)
    more = {"num_classes": classes, "ignore_index": VOID}
    assert c.matrix.tolist() == theirs.MulticlassConfusionMatrix(**more)(a, b).tolist()
    assert c.miou == pytest.approx(float(theirs.MulticlassJaccardIndex(average="macro", **more)(a, b)), abs=1e-6)
    assert c.fw_iou == pytest.approx(float(theirs.MulticlassJaccardIndex(average="weighted", **more)(a, b)), abs=1e-6)
    assert c.mean_dice() == pytest.approx(float(theirs.MulticlassF1Score(average="macro", **more)(a, b)), abs=1e-6)
    assert c.pixel_accuracy == pytest.approx(float(theirs.MulticlassAccuracy(average="micro", **more)(a, b)), abs=1e-6)
    recall = theirs.MulticlassRecall(average="none", **more)(a, b).numpy()
    np.testing.assert_allclose(np.nan_to_num(c.recall()), recall, atol=1e-6)
    assert c.mean_accuracy == pytest.approx(recall[c.true > 0].mean(), abs=1e-6)


def test_what_is_predicted_and_never_true_counts_as_nought_and_what_is_neither_does_not_count() -> None:
    c = Confusion(4).add([0, 0, 1, 1], [0, 0, 1, 2])
    np.testing.assert_allclose(c.iou(), [1, 0.5, 0, math.nan])
    assert c.miou == pytest.approx(0.5)
    assert c.mean_accuracy == pytest.approx(0.75)  # of what is true somewhere


def test_a_set_is_one_matrix_and_no_mean_of_pictures() -> None:
    pairs = [drawn(i, 3, (4, 5 + i)) for i in range(4)]
    one = Confusion(3)
    for truth, predicted in pairs:
        assert one.add(truth, predicted) is one
    added = Confusion(3)
    for truth, predicted in pairs:
        added = added + Confusion(3).add(truth, predicted)
    whole = Confusion(3).add(*(np.concatenate([p[i].ravel() for p in pairs]) for i in (0, 1)))
    assert one.matrix.tolist() == added.matrix.tolist() == whole.matrix.tolist()
    assert one.void == added.void == whole.void
    assert one.miou != pytest.approx(np.mean([Confusion(3).add(*p).miou for p in pairs]), abs=1e-3)


@pytest.mark.parametrize("size", [1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK + 7])
def test_blocks_lose_and_double_nothing(size: int) -> None:
    truth, predicted = drawn(size, 5, (size,), void=0.1)
    c = Confusion(5).add(truth.astype(np.uint8), predicted.astype(np.uint8))
    assert c.matrix.tolist() == [[int(((truth == i) & (predicted == j)).sum()) for j in range(5)] for i in range(5)]
    assert c.void == (truth == VOID).sum()


@pytest.mark.parametrize("kind", [np.uint8, np.int32, np.int64, torch.uint8, torch.int16, torch.int64], ids=str)
def test_arrays_and_tensors_of_any_whole_type_and_order(kind: type | torch.dtype) -> None:
    truth, predicted = drawn(3, 4, (6, 8))
    as_given = (lambda x: torch.from_numpy(x).to(kind)) if isinstance(kind, torch.dtype) else (lambda x: x.astype(kind))  # type: ignore[arg-type]
    right = Confusion(4).add(truth, predicted)
    assert Confusion(4).add(as_given(truth).T, as_given(predicted).T).matrix.tolist() == right.matrix.tolist()
    assert Confusion(4).add(truth, as_given(predicted)).void_share == right.void_share


def test_two_classes_may_come_as_true_and_false() -> None:
    assert Confusion(2).add(np.array([True, False, True]), torch.tensor([True, True, True])).matrix.tolist() == [[0, 1], [0, 2]]


def test_255_classes_are_all_that_a_mask_can_tell() -> None:
    numbers = np.arange(256)
    c = Confusion(255).add(numbers, np.minimum(numbers, 254))
    assert c.matrix.trace() == 255
    assert c.void == 1
    for wrong in (0, 256):
        with pytest.raises(InputError, match=f"{wrong} classes"):
            Confusion(wrong)


@pytest.mark.parametrize(
    ("truth", "predicted", "said"),
    [
        ([[0, 1, 11]], [[0, 1, 1]], "truth holds the value 11"),  # G01: numbers beyond the classes
        ([[0, 1, -1]], [[0, 1, 1]], "truth holds the value -1"),
        ([[0, 1, 1]], [[0, 1, VOID]], "prediction holds the value 255"),
        ([[0, VOID, 1]], [[0, 2, 1]], "prediction holds the value 2"),
        ([[0, 1]], [[0], [1]], r"truth is \(1, 2\) and the prediction \(2, 1\)"),
        ([[0, 1]], [[0.0, 1.0]], "type float64"),
    ],
)
def test_what_is_no_class_is_refused_and_nothing_counted(truth: list[list[int]], predicted: list[list[float]], said: str) -> None:
    c = Confusion(2)
    with pytest.raises(InputError, match=said):
        c.add(truth, predicted)
    assert not c.matrix.any()
    assert not c.void


def test_where_nothing_is_known_there_are_no_figures() -> None:
    for c in (Confusion(2), Confusion(2).add(np.full((3, 3), VOID), np.zeros((3, 3), int))):
        assert all(map(math.isnan, (c.miou, c.pixel_accuracy, c.mean_accuracy, c.fw_iou, c.mean_dice(), c.mean_dice(True))))
    assert c.void_share == 1
