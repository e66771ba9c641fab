"""Quick tests first: what is broken shows early."""

from __future__ import annotations

import pytest

TIERS = ("tiny", "unit", "wings", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders by the dearest marker; what has none is a room's own test and counts as quick."""
    items.sort(key=lambda item: max((TIERS.index(m.name) for m in item.iter_markers() if m.name in TIERS), default=1))
