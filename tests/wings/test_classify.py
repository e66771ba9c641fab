"""Names against a softmax by hand; which network answers where none is given."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import zorki
from tests.toys import net, toy
from zorki import lens
from zorki.core import events
from zorki.core.errors import InputError
from zorki.jobs.methods import method
from zorki.weights import cards
from zorki.wings.see import classify

pytestmark = pytest.mark.tiny
NAMES = ["tabby, tabby cat", "Egyptian cat", "crane", "espresso", "cup"]


def picture(seed: int = 0) -> torch.Tensor:
    return torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def test_shares_are_the_softmax_of_the_logits() -> None:
    module = toy()
    with torch.no_grad():
        want = module(picture())[0].double().exp()
    want /= want.sum()
    found = classify.run(lens.Net(module, side=32, classes=NAMES), picture(), classify.Settings(count=3))
    order = sorted(range(5), key=lambda k: -float(want[k]))[:3]
    assert [one.class_ for one in found.top] == order
    assert [one.name for one in found.top] == [NAMES[k] for k in order]
    assert [one.share for one in found.top] == pytest.approx([float(want[k]) for k in order], abs=1e-6)
    assert found.answer()["top"][0] == {"class": order[0], "name": NAMES[order[0]], "share": round(float(want[order[0]]), 4)}  # type: ignore[index]


def test_a_segmenters_shares_are_of_pixels() -> None:
    torch.manual_seed(0)
    module = nn.Conv2d(3, 4, 3, padding=1)
    given = module(picture())[0].argmax(0)
    found = classify.run(lens.Net(module, side=32), picture())
    assert {one.class_: one.share for one in found.top} == pytest.approx({k: float((given == k).float().mean()) for k in range(4)})
    assert found.top[0].name == f"class {int(given.flatten().mode().values)}"


def test_the_result_is_small_and_shows_itself() -> None:
    found = zorki.see.classify(net(), np.zeros((32, 32, 3), np.uint8), count=9)
    assert len(found.top) == 5, "there are no more classes"
    assert repr(found).splitlines() == [f"{one.share:6.1%}  {one.class_:4d}  {one.name}" for one in found.top]


@pytest.mark.parametrize(("there", "takes"), [({"lite2", "lite0", "eye"}, "lite2"), ({"lite0", "eye"}, "lite0"), ({"eye"}, "eye")])
def test_the_best_namer_at_hand_answers_and_is_named(there: set[str], takes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards.Card, "installed", property(lambda card: card.name in there))
    notes: list[str] = []
    with events.listen(lambda e: notes.append(e.note)):
        assert method("see", "classify").net() == f"zorki:{takes}"
    assert takes in notes[0]
    m = method("see", "classify")
    assert "--model eye" in m.command({"photo": "cat.jpg"}, m.fill(None, {}), "eye"), "another machine may have another namer"


@pytest.mark.parametrize("form", ["unit", "tokens", "norm"])
def test_a_net_without_classes_is_refused(form: str) -> None:
    ends: dict[str, Any] = {"unit": nn.Identity(), "tokens": nn.Unflatten(1, (1, 5)), "norm": nn.LayerNorm(5)}

    class Ends(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body, self.end = toy(), ends[form]

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            y = self.end(self.body(x))
            return nn.functional.normalize(y, dim=1) if form == "unit" else y

    with pytest.raises(InputError, match="like=PICTURE"):
        classify.run(lens.Net(Ends(), side=32), picture())
    assert form == "tokens" or classify.run(lens.Net(Ends(), side=32, classes=NAMES), picture()).top, "who names classes has them"
