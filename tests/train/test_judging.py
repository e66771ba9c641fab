"""A training that is judged on the way: the best is kept, it ends where it gets no better, and all that is the same after a break."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from tests.train.test_teaching import Enough, apart, stop_at
from tests.train.toy import Judged, Shared, plan
from zorki.core import events
from zorki.core.errors import InputError
from zorki.train import Folder, Plan, teach
from zorki.train.folder import ENDED

pytestmark = pytest.mark.unit
STEPS = 40


def planned(**more: Any) -> Plan:
    return Plan(**{**vars(plan(STEPS)), "check": 4, "tell": 3, **more})


def test_lines_say_what_it_is_worth_where_it_was_judged_and_the_best_is_kept(tmp_path: Path) -> None:
    folder = teach(Judged(), Folder(tmp_path / "run"), planned())
    judged = [r for r in folder.rows() if "worth" in r]
    assert [r["step"] for r in judged] == list(range(4, 41, 4))
    assert [r["step"] for r in folder.rows()] == sorted({*range(3, 41, 3), *range(4, 41, 4)})
    best = min(judged, key=lambda r: r["worth"])
    lesson = Judged()
    lesson.net.load_state_dict(load_file(folder.path / "best.safetensors"))
    assert lesson.figures(lesson.net)["worth"] == best["worth"]
    assert best["near"] > judged[0]["near"]


class Tired(Judged):
    """Gets no better after step 10."""

    def figures(self, net: Any) -> dict[str, Any]:
        now = super().figures(net)["worth"]
        self.low = min(getattr(self, "low", 9.0), now)
        return {"worth": 5.0 if float(net[0].weight.flatten()[0]) < self.edge else 1.0}

    edge = 1e9


def test_what_gets_no_better_ends_also_after_a_break(tmp_path: Path) -> None:
    whole = teach(Tired(), Folder(tmp_path / "whole"), planned(patience=3))
    assert whole.rows()[-1]["step"] == 16  # the first look is the best, and three more came
    assert whole.rows()[-1][ENDED] == 3
    assert whole.ended()
    broken = Folder(tmp_path / "broken")
    for step in (5, 11, 15):
        with pytest.raises(Enough), stop_at(step):
            teach(Tired(), broken, planned(patience=3))
    assert not apart(teach(Tired(), broken, planned(patience=3)), whole)
    said: list[str] = []
    before = whole.state.read_bytes()
    with events.listen(lambda e: said.append(e.note)):
        teach(Tired(), whole, planned(patience=3))
    assert any("finished already" in s for s in said)
    assert whole.state.read_bytes() == before


@pytest.mark.parametrize("breaks", [(4,), (7, 8, 22)])
def test_judged_broken_off_and_gone_on_with(breaks: tuple[int, ...], tmp_path: Path) -> None:
    whole = teach(Judged(), Folder(tmp_path / "whole"), planned(decay=0.1))
    folder = Folder(tmp_path / "run")
    for step in breaks:
        with pytest.raises(Enough), stop_at(step):
            teach(Judged(), folder, planned(decay=0.1))
    assert not apart(teach(Judged(), folder, planned(decay=0.1)), whole)


def test_weights_are_made_smaller_and_biases_are_not(tmp_path: Path) -> None:
    class Still(Judged):
        def loss(self, shown: Any) -> Any:
            nothing = sum(p.sum() for p in self.net.parameters()) * 0.0
            return nothing, {}

    lesson = Still()
    before = {k: v.clone() for k, v in lesson.net.state_dict().items()}
    teach(lesson, Folder(tmp_path / "run"), planned(decay=0.2, steps=1, warm=0, rate=0.1))
    after = lesson.net.state_dict()
    assert torch.allclose(after["0.weight"], before["0.weight"] * (1 - 0.5 * 0.1 * 0.2))
    assert torch.equal(after["0.bias"], before["0.bias"])
    assert torch.equal(after["1.weight"], before["1.weight"])


def rates(folder: Folder) -> list[float]:
    return [g["lr"] for g in torch.load(folder.state, weights_only=True)["optimizer_states"][0]["param_groups"]]


def test_other_options_are_listed_and_taken_only_if_asked(tmp_path: Path) -> None:
    folder, slower = Folder(tmp_path / "run"), planned(rate=0.001)
    with pytest.raises(Enough), stop_at(13):
        teach(Judged(), folder, planned())
    assert rates(folder) == pytest.approx([0.005 * planned().share(12), 0.01 * planned().share(12)])  # of the next step, the thirteenth
    with pytest.raises(InputError, match=r"other settings: rate\. .* rate 0\.01 → 0\.001\."):
        teach(Judged(), folder, slower)
    said: list[str] = []
    with events.listen(lambda e: said.append(e.note)), pytest.raises(Enough), stop_at(14):
        teach(Judged(), folder, slower, change=True)
    assert any("rate 0.01 → 0.001" in s for s in said)
    assert rates(folder) == pytest.approx([0.0005 * slower.share(13), 0.001 * slower.share(13)])
    with pytest.raises(InputError, match=r"rate 0\.001 → 0\.01"):
        teach(Judged(), folder, planned())


@pytest.mark.slow
def test_two_processes_are_as_one(tmp_path: Path) -> None:
    short = planned(steps=12, rate=0.003, check=6)
    one = teach(Shared(), Folder(tmp_path / "one"), short)
    two = teach(Shared(), Folder(tmp_path / "two"), short, processes=2)
    assert [r.get("processes") for r in two.rows() if "processes" in r] == [2, 2]
    for a, b in zip(one.rows(), two.rows(), strict=True):
        assert a["loss"] == pytest.approx(b["loss"], rel=2e-4)
    x, y = (load_file(f.path / "last.safetensors") for f in (one, two))
    for k in x:
        assert torch.allclose(x[k], y[k], atol=2e-4, rtol=2e-3), k
