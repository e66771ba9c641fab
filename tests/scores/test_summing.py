"""Sums of losses as people write them."""

from __future__ import annotations

import pytest
import torch

from tests.scenes import scene
from zorki.core.errors import InputError, UnknownName
from zorki.scores import losses, summed

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("dice", {"dice": 1}),
        ("cross_entropy+dice", {"cross_entropy": 1, "dice": 1}),
        ("cross_entropy:1,dice:0.5", {"cross_entropy": 1, "dice": 0.5}),
        (" lovasz : 2 + focal,tversky:1e-2", {"lovasz": 2, "focal": 1, "tversky": 0.01}),
        ("dice:1e+7+focal:0.12345678", {"dice": 1e7, "focal": 0.12345678}),
    ],
)
def test_a_sum_is_its_parts_each_times_its_weight(text: str, terms: dict[str, float]) -> None:
    logits, truth = scene()
    logits.requires_grad_()
    weights = torch.tensor([1.0, 2.0, 3.0, 4.0])
    found, parts = summed(text), summed(text).parts(logits, truth, weights)
    assert list(parts) == list(terms)
    for name, value in parts.items():
        assert value == losses.take(name).loss(logits, truth, weights)
    total = found(logits, truth, weights)
    assert total.item() == pytest.approx(sum(w * parts[name].item() for name, w in terms.items()), rel=1e-6)
    total.backward()
    assert logits.grad is not None
    assert logits.grad.any()
    assert summed(str(found)) == found


@pytest.mark.parametrize(
    ("text", "said"), [("dise", "dice"), ("cross_entropy+", "no loss ''"), ("", "no loss ''"), ("dice+lovas:2", "lovasz")]
)
def test_a_name_that_is_none_is_told_with_the_nearest(text: str, said: str) -> None:
    with pytest.raises(UnknownName, match=said):
        summed(text)


@pytest.mark.parametrize("text", ["dice:0", "dice:-1", "dice:nan", "dice:inf", "dice:", "dice:a", "dice:1:2", "dice+dice", "dice:1,dice:2"])
def test_weights_are_above_nought_and_a_loss_has_one(text: str) -> None:
    with pytest.raises(InputError, match="dice"):
        summed(text)
