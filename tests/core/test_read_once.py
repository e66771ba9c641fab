"""What a method file says of itself is read once, however often it is asked for."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from zorki.core import settings, shelf
from zorki.jobs import methods as shelves

pytestmark = pytest.mark.tiny


def test_options_are_read_once_and_are_each_classes_own(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class One:
        size: int = 3

    @dataclass(frozen=True)
    class Other:
        seed: int = 4

    read: list[type] = []
    monkeypatch.setattr(settings, "get_type_hints", lambda c, *_, **__: read.append(c) or {"size": int, "seed": int})
    for _ in range(3):
        assert [o.name for o in settings.options(One)] == ["size"]
        assert [o.default for o in settings.options(Other)] == [4]
    assert read == [One, Other]
    assert isinstance(settings.options(One), tuple), "what is shared cannot be changed"


def test_wings_are_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shelves.wings()
    monkeypatch.setattr(shelf, "names", lambda _: pytest.fail("looked up again"))
    assert shelves.wings() == found
