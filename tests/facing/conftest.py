"""Toy networks under the names of those that ship, and a folder of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.facing import faced
from zorki.weights import cards


@pytest.fixture
def toy_cards(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`faces` and `emotions` are the toys of `faced.py`."""
    folder = tmp_path_factory.mktemp("cards")
    faced.cards_in(folder)
    monkeypatch.setattr(cards, "FILES", folder)
    return folder


@pytest.fixture
def shipped() -> None:
    """Skips where the networks do not ship yet."""
    if not faced.shipped():
        pytest.skip("the networks faces and emotions do not ship yet")
