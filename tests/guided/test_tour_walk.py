"""The walk with made-up sections and a made-up clock: its page, its progress, its plans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from tests.toys import net
from zorki import blocks, io
from zorki.cli.main import app
from zorki.core import events
from zorki.core.errors import InputError
from zorki.guided import guide as guides
from zorki.guided import probe, walk
from zorki.guided.ledger import Ledger
from zorki.guided.parts import Part
from zorki.guided.plan import Plan
from zorki.guided.walk import Walk

pytestmark = pytest.mark.unit
PLANS = (Plan(0, "ten"), Plan(1, "five"), Plan(3, "one"))
WORKS = (10.0, 5.0, 1.0)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Place:
    """A tour of made-up sections: each takes `slow` seconds for a multiply-add, where the probe has seen 1."""

    clock: Clock
    page: Path
    slow: float = 1.0
    before: Callable[[str], None] = lambda name: None

    def section(self, name: str, order: int, quick: bool = False) -> Part:
        def build(guide: guides.Guide, plan: Plan) -> Iterator[blocks.Block]:
            self.before(name)
            guide.ledger.begin()
            for stage, share in ((1, 0.5), (1, 1.0), (2, 0.5), (2, 1.0)):
                self.clock.now += self.slow * WORKS[PLANS.index(plan)] / 4
                guide.ledger.step(stage, 2, share)
                events.tell("a method", 1, 2)
            yield blocks.Note(f"made of {name}: {plan.shows}")

        module = ModuleType(name)
        vars(module).update(TITLE=f"The {name}", LEAD="", ORDER=order, QUICK=quick, PLANS=PLANS, build=build)
        return Part(name, module, PLANS, [[(w / 2, w / 2)] for w in WORKS])

    def walk(self, within: float, names: str = "abc") -> Walk:
        photo = io.open_photo(np.zeros((8, 8, 3), np.uint8))
        made = guides.Guide(net(), photo, photo, ledger=Ledger(clock=self.clock))
        made_of = [self.section(name, k) for k, name in enumerate(names)]
        return Walk(made, self.page, made_of, ["cat.jpg", "--seed", "3"], within=within, began=self.clock.now)

    def text(self) -> str:
        return self.page.read_text(encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    clock = Clock()
    monkeypatch.setattr(walk, "time", SimpleNamespace(monotonic=clock))
    monkeypatch.setattr(walk, "BETWEEN", 0.0)
    monkeypatch.setattr(probe, "probed", lambda *_: probe.Speed(1.0, 1.0, 1))
    return Place(clock, tmp_path / "index.html")


def shown(place: Place) -> list[str]:
    return re.findall(r"made of (\w: \w+)", place.text())


def test_with_time_enough_all_is_there_and_nothing_is_said_of_less(place: Place) -> None:
    with place.walk(30) as made:
        made.go()
    assert shown(place) == ["a: ten", "b: ten", "c: ten"]
    assert (made.cut, made.skipped) == ({}, {})
    assert "keep to" not in place.text()
    assert made.seconds == {"a": 10, "b": 10, "c": 10}


def test_what_is_cut_is_said_in_its_section_with_the_command_for_the_rest(place: Place) -> None:
    with place.walk(17) as made:
        made.go()
    assert shown(place) == ["a: five", "b: five", "c: five"]
    assert made.cut == dict.fromkeys("abc", "five")
    words = " ".join(re.sub(r"<[^>]*>", "", place.text()).split())
    assert "To keep to 17 s there is less here: five. All of it would be ten:" in words
    printed = "zorki tour cat.jpg --seed 3 --section b --within 30"
    assert printed in words
    app(["tour"]).parse_args(printed.split()[1:], exit_on_error=False, print_error=False)


def test_what_does_not_fit_at_all_is_left_out_and_says_so(place: Place) -> None:
    with place.walk(2) as made:
        made.go()
    assert shown(place) == ["b: one", "c: one"], "of equal ones the first goes first"
    assert made.skipped == {"a": "Left out to keep to 2 s."}
    assert "zorki tour cat.jpg --seed 3 --section a --within 30" in " ".join(re.sub(r"<[^>]*>", "", place.text()).split())


def test_a_slower_machine_than_foreseen_is_noticed_on_the_way(place: Place) -> None:
    place.slow = 3.0
    with place.walk(40) as made:
        made.go()
    assert shown(place)[0] == "a: ten"
    assert shown(place)[1:] == ["b: one", "c: one"]
    assert place.clock.now <= 40


def test_a_faster_one_shows_again_what_was_to_be_cut(place: Place) -> None:
    place.slow = 0.1
    with place.walk(15) as made:
        made.go()
    assert shown(place) == ["a: one", "b: ten", "c: ten"] or shown(place) == ["a: five", "b: ten", "c: ten"]


def test_small_differences_change_no_plan(place: Place) -> None:
    for place.slow in (0.85, 1.0, 1.1):
        with place.walk(16.5) as made:
            made.go()
        assert shown(place) == ["a: five", "b: five", "c: five"]


def test_without_a_time_nothing_is_cut(place: Place) -> None:
    place.slow = 50.0
    with place.walk(float("inf")) as made:
        made.go()
    assert shown(place) == ["a: ten", "b: ten", "c: ten"]


def test_progress_comes_from_work_never_falls_and_never_stands(place: Place) -> None:
    heard: list[events.Event] = []
    place.slow = 2.0
    with events.listen(heard.append), place.walk(40) as made:
        made.go()
    steps = [e.step for e in heard if e.unit == "share"]
    assert steps == sorted(steps)
    assert all(e.of == 1000 and e.stage == "tour" for e in heard if e.unit == "share")
    assert len(set(steps)) >= 10, "each step of a method is heard"
    left = [e.left for e in heard if e.left is not None]
    assert left[-1] == pytest.approx(0, abs=5)
    assert left[0] > 20


def test_shares_are_shares_of_the_work() -> None:
    done = Ledger(speed=2.0, clock=(clock := Clock()))
    done.enter([(1.0, 3.0), (4.0,)], ahead=8.0)
    assert (done.share, done.left) == (0, 8)
    done.begin()
    for stage, share, of_all in ((1, 0.5, 0.5), (1, 1.0, 1.0), (2, 0.5, 2.5), (2, 1.0, 4.0)):
        done.step(stage, 2, share)
        assert done.share == of_all / 16
    done.begin()
    done.hear(events.Event("photographs", 1, 4))
    assert done.share == 5 / 16, "what takes no steps is heard"
    done.step(1, 2, 1.0)
    assert done.share == 6 / 16, "of more stages than were known each counts alike"
    done.leave()
    assert done.share == 8 / 16
    done.enter([(2.0,)], ahead=0.0)
    assert done.share == 8 / 10, "a plan that is cut jumps ahead"
    done.begin()
    done.step(1, 1, 0.25)
    clock.now = 5.0
    done.step(1, 1, 0.75)
    assert done.slower == pytest.approx((5 + done.TRUST) / (4.5 / 2 + done.TRUST)), "the first step of each thing is not counted"
    assert done.share == 9.5 / 10
    done.enter([(2.0,)], ahead=100.0)
    assert done.share == 9.5 / 10, "and never back"


def test_the_page_is_there_at_once_and_reloads_itself_until_it_is_finished(place: Place) -> None:
    states: dict[str, str] = {}
    place.before = lambda name: states.__setitem__(name, place.text())
    told: list[str] = []
    with events.listen(lambda e: told.append(e.note) if e.note else None), place.walk(30) as made:
        first = place.text()
        assert told == [f"The page grows while it is made: {place.page}"]
        made.go()
    for state in (first, *states.values()):
        assert "location.reload()" in state
        assert '<meta http-equiv="refresh"' in state
    assert "Being made: The a." in first
    assert "Then come: The b; The c." in first
    assert "Being made: The b. 33 % is done, the rest takes about 20 s. Then come: The c." in states["b"]
    assert "made of a: ten" in states["b"]
    assert "made of b" not in states["b"]
    for word in ("reload", "refresh", "Being made", "<script"):
        assert word not in place.text()


@pytest.mark.parametrize(("raised", "why"), [(KeyboardInterrupt, "by Ctrl-C"), (RuntimeError, "by an error")])
def test_what_is_broken_off_is_finished_and_says_what_is_missing(place: Place, raised: type[BaseException], why: str) -> None:
    def fall(name: str) -> None:
        if name == "b":
            raise raised

    place.before = fall
    with pytest.raises(raised), place.walk(30) as made:
        made.go()
    text = place.text()
    assert "made of a: ten" in text
    assert "reload" not in text
    words = " ".join(re.sub(r"<[^>]*>", "", text).split())
    assert f"This page was stopped {why}. What was done is here. Not made, or not to the end: The b, The c." in words
    assert "zorki tour cat.jpg --seed 3 --section b --section c" in words


def test_a_section_that_does_not_fit_the_network_is_noted_and_the_walk_goes_on(place: Place) -> None:
    def refuse(name: str) -> None:
        if name == "b":
            raise InputError("no maps.")

    place.before = refuse
    with place.walk(30) as made:
        made.go()
    assert shown(place) == ["a: ten", "c: ten"]
    assert made.skipped == {"b": "no maps."}


def test_the_page_grows_also_while_one_thing_is_made(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[float] = []
    real = walk.io.atomic_write
    monkeypatch.setattr(walk.io, "atomic_write", lambda *given: (written.append(place.clock.now), real(*given))[1])
    place.slow = 4.0
    with place.walk(float("inf"), "a") as made:
        made.go()
    assert {10.0, 20.0, 30.0} <= set(written), "every few seconds, whether anybody listens or not"


def test_a_crowd_is_noticed_and_fewer_threads_are_taken_and_given_back(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    taken: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", taken.append)
    speeds = {8: (1e9, 0.3), 4: (3e9, 0.6), 1: (2e9, 0.9)}
    monkeypatch.setattr(probe, "timed", lambda net, layer, threads: probe.Speed(*speeds[threads], threads))
    assert PROBED(net(), "0") == probe.Speed(3e9, 0.6, 4)
    assert taken[-1] == 8, "the question leaves no trace"
    speeds[8] = (1e9, 0.95)
    assert PROBED(net(), "0").threads == 8, "alone nothing else is tried"


PROBED = probe.probed


def test_speeds_come_in_classes_that_never_promise_more() -> None:
    kinds = {probe.Speed(x, 1.0, 1).kind for x in np.linspace(1e10, 2e10, 200)}
    assert len(kinds) <= probe.CLASSES + 2
    for x in (1e10, 3.3e10, 1.5e11):
        assert x / 2 ** (1 / probe.CLASSES) * 0.999 < probe.Speed(x, 1.0, 1).kind <= x * 1.001


def test_the_probe_measures_and_leaves_the_net_as_it_was() -> None:
    from tests.toys import state

    one = net()
    before = state(one.module)
    speed = probe.timed(one, "3", 1)
    assert speed.each > 0
    assert 0 < speed.share <= 1
    assert state(one.module) == before
