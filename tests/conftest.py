"""Quick tests first: what is broken shows early."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

if "OMP_NUM_THREADS" in os.environ:  # numba, by which pymatting computes, else sets OpenMP's threads anew for all
    os.environ.setdefault("NUMBA_NUM_THREADS", os.environ["OMP_NUM_THREADS"])

TIERS = ("tiny", "unit", "wings", "slow")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Orders by the dearest marker; what has none is a room's own test and counts as quick."""
    items.sort(key=lambda item: max((TIERS.index(m.name) for m in item.iter_markers() if m.name in TIERS), default=1))


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    """Nothing leaves torch with another number of threads: a product of matrices rounds otherwise then, and what is compared bit by bit fails elsewhere."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else None
    yield
    if torch is not None and before != (now := torch.get_num_threads()):
        torch.set_num_threads(before)
        pytest.fail(f"torch had {before} threads before and has {now} now")


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
