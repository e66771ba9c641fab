"""How learning is shared out among the nets of a comparison."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from zorki.core import events
from zorki.core.errors import InputError, Stopped, UnknownName
from zorki.io.disk import trouble
from zorki.train.folder import toml
from zorki.wings.segment import _asked, _budget, _choice, compare
from zorki.wings.segment._budget import Budget, Entrant, shared

pytestmark = pytest.mark.unit
NETS = (Entrant("dear", 8, 8_000, 0.4, 2.0), Entrant("cheap", 8, 1_000, 0.1, 1.0), Entrant("odd", 4, 3_000, 0.1, 0.5))


def spent(found: Budget) -> list[int]:
    return [e.multiply_adds * share.steps for e, share in zip(found.entrants, found.shares, strict=True)]


def test_each_gets_as_many_multiply_adds_within_the_time() -> None:
    found = shared(NETS, 3600, "multiply-adds", None, 7, 100_000)
    assert max(spent(found)) / min(spent(found)) == pytest.approx(1, abs=0.003)
    assert found.seeds == (7, 8, 9), "each then has more than enough steps"
    assert 0.9 * 3600 < found.seconds() <= 3600
    alone = shared(NETS, 3600, "multiply-adds", 1, 0, 100_000)
    assert alone.seeds == (0,)
    assert alone.shares[0].steps > 2.5 * found.shares[0].steps


def test_each_gets_as_much_time() -> None:
    found = shared(NETS, 3600, "time", None, 0, 100_000)
    times = [e.step_seconds * share.steps for e, share in zip(found.entrants, found.shares, strict=True)]
    assert max(times) / min(times) == pytest.approx(1, abs=0.003)
    assert 0.9 * 3600 < found.seconds() <= 3600


def test_three_trainings_where_there_is_time_else_two_else_one() -> None:
    found = [shared(NETS, seconds, "time", None, 0, 100_000) for seconds in (60, 1200, 3600)]
    assert [len(one.seeds) for one in found] == [1, 2, 3]
    assert min(share.steps for share in found[1].shares) >= _budget.ENOUGH > min(share.steps for share in found[0].shares)


def test_no_more_steps_than_are_of_use_and_never_too_few() -> None:
    found = shared(NETS, 1e6, "multiply-adds", None, 0, 4_000)
    assert max(share.steps for share in found.shares) == 4_000
    assert max(spent(found)) / min(spent(found)) == pytest.approx(1, abs=0.003)
    little = shared(NETS, 1, "multiply-adds", None, 0, 4_000)
    assert min(share.steps for share in little.shares) == 20
    assert max(spent(little)) == pytest.approx(min(spent(little)), rel=0.01)
    assert little.seconds() > 1


def test_steps_that_are_asked_for_are_those_of_each() -> None:
    found = shared(NETS, 500, "steps", None, 0, 10, steps=400)
    assert [share.steps for share in found.shares] == [400] * 3
    assert len(found.seeds) == 1, "three take longer than there is"
    assert len(shared(NETS, 50_000, "steps", None, 0, 10, steps=400).seeds) == 3
    unmeasured = shared([Entrant("a", 2, 5), Entrant("b", 2, 7)], 1, "steps", 2, 0, 10, steps=5)
    assert [(share.steps, share.check) for share in unmeasured.shares] == [(5, 1), (5, 1)]
    assert unmeasured.seconds() == 0


def test_what_cannot_begin_gets_nothing_and_the_others_its_part() -> None:
    broken = (*NETS[:2], Entrant("broken", failed="There is not enough memory."))
    found, without = (shared(some, 3600, "multiply-adds", None, 0, 100_000) for some in (broken, NETS[:2]))
    assert found.shares[:2] == without.shares
    assert found.shares[2] == _budget.Share(0, 0)
    nothing = shared(broken[2:], 3600, "time", None, 0, 100_000)
    assert (nothing.seeds, nothing.seconds()) == ((), 0)


def test_a_budget_is_kept_as_settings_are() -> None:
    found = shared((*NETS, Entrant("broken", failed="no")), 3600, "multiply-adds", None, 5, 100_000)
    kept = tomllib.loads(toml({"nets": [e.net for e in found.entrants]} | found.config()))
    assert Budget.of(kept) == found


def test_how_often_is_looked_hangs_on_what_a_look_takes() -> None:
    quick = shared([Entrant("a", 8, 1, 0.1, 0.001)], 1000, "time", 1, 0, 100_000)
    slow = shared([Entrant("a", 8, 1, 0.1, 100.0)], 1000, "time", 1, 0, 100_000)
    assert -(-quick.shares[0].steps // quick.shares[0].check) == 25
    assert -(-slow.shares[0].steps // slow.shares[0].check) == 3


def test_reasons_are_sentences_and_a_full_disk_is_nobodys_failure() -> None:
    assert _budget.reason(MemoryError()) == "There is not enough memory."
    assert _budget.reason(RuntimeError("CUDA out of memory. Tried to allocate")) == "There is not enough memory."
    assert _budget.reason(ValueError("too\n small")) == "ValueError: too small"
    assert _budget.reason(Stopped("The loss at step 3 is no number any more.", "x", "y")) == "The loss at step 3 is no number any more."
    full = OSError(28, "No space left on device")
    with pytest.raises(Stopped, match="disk is full"):
        try:
            raise trouble(full, Path("x")) from full
        except Stopped as error:
            _budget.reason(error)


def test_names_of_nets_are_read_once_each() -> None:
    assert _asked.nets(" unet, naive,unet ") == ("unet", "naive")
    with pytest.raises(UnknownName, match=r"no net 'unnet'.*unet"):
        _asked.nets("naive,unnet")
    with pytest.raises(InputError, match="names no net"):
        _asked.nets(" , ")


@pytest.mark.parametrize(("within", "side"), [("2h", 256), ("8m", 224), ("2m", 96), ("1s", 64)])
def test_squares_are_smaller_where_time_is_short(within: str, side: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the pace of the middle net; where steps are asked for they are as large as ever."""
    asked = list[tuple[str, float]]()

    def measured(parts: Any, net: str, s: compare.Settings, out: Path, begun: float, within: float) -> Entrant:
        assert s.side == 256
        asked.append((net, within))
        return Entrant(net, 8, {"a": 1_000, "b": 3_000, "c": 2_000}[net], 1.0 if within else 0.0, 1.0 if within else 0.0)

    notes: list[str] = []
    monkeypatch.setattr(_budget, "measured", measured)
    monkeypatch.setattr(_choice, "side_for", lambda *_: 256)
    parts: Any = SimpleNamespace(stock=None)
    with events.listen(lambda e: notes.append(e.note)):
        found = _budget.side_for(parts, ("a", "b", "c"), compare.Settings(within=within), Path(), time.monotonic())
    assert found == side
    assert [net for net, seconds in asked if seconds] == ["c"]
    assert bool(notes) == (side < 256)
    assert _budget.side_for(parts, ("a", "b", "c"), compare.Settings(within=within, steps=3), Path(), 0.0) == 256
