"""As many steps as fit: fixed once, and measuring leaves no trace."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.train.test_teaching import apart
from tests.train.toy import Toy, plan
from zorki.core.errors import InputError
from zorki.train import Folder, pace, steps_within, teach

pytestmark = pytest.mark.unit
ASKED = {"within": 60.0, "batch": 2}


def steps(where: Path, lesson: Any = None, asked: Any = ASKED, before: float = 0.0, seconds: float = 60.0) -> int:
    return steps_within(seconds, time.monotonic() - before, lesson or Toy(), Folder(where), asked, plan(1))


def test_measuring_leaves_no_trace(tmp_path: Path) -> None:
    lesson, state = Toy(), torch.get_rng_state()
    assert steps(tmp_path / "a", lesson) > 1
    assert torch.equal(torch.get_rng_state(), state)
    assert not (tmp_path / "a").exists()
    here, there = teach(lesson, Folder(tmp_path / "a"), plan(20)), teach(Toy(), Folder(tmp_path / "b"), plan(20))
    assert not apart(here, there)


class Clock:
    """Time goes by where somebody sleeps, and nowhere else."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize("odd", [None, 5])
def test_it_is_the_pace_of_the_steps_without_what_is_done_once(odd: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(pace, "time", clock)

    class Slow(Toy):
        def draw(self, step: int) -> dict[str, torch.Tensor]:
            clock.sleep(0.5 if step in (0, odd) else 0.02)
            return super().draw(step)

    assert pace.measured(Slow(), Folder(tmp_path), plan(1), "cpu", 60.0) == pytest.approx(
        0.02, rel=0.15
    )  # the last of those counted was drawn ahead


def test_where_steps_are_slow_few_are_measured(tmp_path: Path) -> None:
    drawn: list[int] = []

    class Slow(Toy):
        def draw(self, step: int) -> dict[str, torch.Tensor]:
            drawn.append(step)
            return super().draw(step)

    assert pace.measured(Slow(0.05), Folder(tmp_path), plan(1), "cpu", 0.1) >= 0.05
    assert len(drawn) <= pace.WARMING + 3


def test_what_went_by_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "measured", lambda *_: 0.5)
    assert steps(tmp_path) == 113  # 95 % of a minute
    assert steps(tmp_path, before=30) in (53, 54)
    with pytest.raises(InputError, match="Not one step fits into 60 s"):
        steps(tmp_path, before=58)


def test_it_is_fixed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "measured", lambda *_: 0.5)
    folder = Folder(tmp_path)
    folder.open({"steps": 7, **ASKED})
    assert steps(tmp_path) == 7
    assert steps(tmp_path, asked={**ASKED, "batch": 3}) == 113, "nothing was learnt yet, and something else is asked for"
    folder.append({"step": 1})
    assert steps(tmp_path, asked={**ASKED, "batch": 3}) == 7
