"""Quick tests first: what is broken shows early."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

TIERS = ("tiny", "unit", "wings", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders by the dearest marker; what has none is a room's own test and counts as quick."""
    items.sort(key=lambda item: max((TIERS.index(m.name) for m in item.iter_markers() if m.name in TIERS), default=1))


@pytest.fixture
def command(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Runs `zorki WORDS`: its exit status, stdout and stderr."""
    from zorki.cli.main import run

    def called(*words: Any) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run([str(w) for w in words])
        out, err = capfd.readouterr()
        return status, out, err

    return called
