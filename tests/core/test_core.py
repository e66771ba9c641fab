"""The ground floor: errors, names, numbers, seeds, settings, events."""

from __future__ import annotations

import pickle
from dataclasses import dataclass
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zorki.core import events, seeds, settings
from zorki.core.errors import InputError, SomeFailed, Stopped, UnknownName, ZorkiError
from zorki.core.names import nearest
from zorki.core.numbers import numbers

pytestmark = pytest.mark.tiny


@dataclass(frozen=True)
class Toy:
    steps: Annotated[int, settings.Least(1)] = 10
    "how many"
    rate: float = 0.5
    "how fast"
    layers: tuple[str, ...] = ()
    "which"
    layer: str | None = None
    "where"


@pytest.mark.parametrize(
    "error", [InputError("a", "b", "c"), Stopped("a"), SomeFailed("a", failed=[("f", "why")]), UnknownName.among("layer", "x", ["y"])]
)
def test_errors_survive_pickling(error: ZorkiError) -> None:
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert getattr(back, "failed", None) == getattr(error, "failed", None)


def test_statuses_are_those_of_the_surface() -> None:
    assert [e.status for e in (InputError, UnknownName, SomeFailed, Stopped)] == [2, 2, 3, 4]


def test_a_near_name_is_suggested_and_a_far_one_lists_what_there_is() -> None:
    assert "Did you mean conv4_1" in str(UnknownName.among("layer", "conv4-1", ["conv4_1", "fc"]))
    assert "There is fc" in str(UnknownName.among("layer", "zzz", ["fc"]))
    assert nearest("CONV4_1", ["conv4_1"]) == ["conv4_1"]


@given(st.lists(st.integers(0, 40), min_size=1, unique=True))
def test_numbers_read_what_people_write(chosen: list[int]) -> None:
    assert numbers(",".join(map(str, chosen)), 41, "conv") == tuple(chosen)


def test_numbers_know_ranges_all_and_the_end() -> None:
    assert numbers("0-3, 7,2", 8, "conv") == (0, 1, 2, 3, 7)
    assert numbers("all", 3, "conv") == (0, 1, 2)
    assert numbers("3-1", 8, "conv") == (3, 2, 1)
    with pytest.raises(InputError, match="0 to 7"):
        numbers("8", 8, "conv")
    with pytest.raises(InputError, match="not a list"):
        numbers("1;2", 8, "conv")


def test_a_seed_depends_on_what_is_drawn_not_on_how_many() -> None:
    assert seeds.seed_for(0, "conv1", 7) == seeds.seed_for(0, "conv1", 7)
    assert len({seeds.seed_for(s, layer, n) for s in range(3) for layer in "ab" for n in range(50)}) == 300


def test_settings_are_read_with_their_help() -> None:
    assert [(o.name, o.default, o.help) for o in settings.options(Toy)][:2] == [("steps", 10, "how many"), ("rate", 0.5, "how fast")]


def test_settings_of_other_classes_come_behind_their_own_with_their_help() -> None:
    @dataclass(frozen=True)
    class More(Toy):
        size: int = 3
        "how large"
        rate: float = 0.1
        "how slow"

    found = {o.name: (o.default, o.help) for o in settings.options(More)}
    assert list(found)[:3] == ["size", "rate", "steps"]
    assert [found[name] for name in ("size", "rate", "steps")] == [(3, "how large"), (0.1, "how slow"), (10, "how many")]


def test_what_was_given_lies_over_the_preset() -> None:
    presets = {"slow": Toy(rate=0.1, steps=5)}
    assert settings.fill(Toy, presets, "slow", {"steps": 7}) == Toy(rate=0.1, steps=7)
    assert settings.changed(Toy(rate=0.1)) == {"rate": 0.1}
    for bad in ({"steps": "7"}, {"steps": 1.5}, {"steps": True}, {"layers": [3]}, {"layer": 3}, {"rate": float("nan")}, {"steps": 0}):
        with pytest.raises(InputError):
            settings.fill(Toy, presets, None, bad)
    assert settings.fill(Toy, presets, None, {"layers": ["a"]}).layers == ("a",)
    with pytest.raises(InputError, match="at least 1"):
        settings.fill(Toy, presets, None, {"steps": 0})
    with pytest.raises(UnknownName, match="steps"):
        settings.fill(Toy, presets, None, {"step": 7})
    with pytest.raises(UnknownName, match="slow"):
        settings.fill(Toy, presets, "slwo", {})


def test_listeners_hear_only_inside_and_translation_replaces() -> None:
    heard: list[str] = []
    events.tell("before")
    with events.listen(lambda e: heard.append(e.stage)):
        events.tell("inside")
        with events.translated(lambda e: events.Event("tour", e.step, e.of)):
            events.tell("deep")
    events.tell("after")
    assert heard == ["inside", "tour"]


def test_the_clock_counts_down() -> None:
    clock = events.Clock()
    left = [clock.left(events.Event("a", step=i, of=10, at=float(2 * i))) for i in range(1, 11)]
    assert left[0] is None
    assert left[1:] == [2.0 * (10 - i) for i in range(2, 11)]
