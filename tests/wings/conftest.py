"""A wing of toys that has a method for each kind, and data for it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import zorki.wings
from zorki import io
from zorki.core import shelf
from zorki.jobs.methods import wings
from zorki.studio.surface import Wing

ANNEX = str(Path(__file__).resolve().parents[1] / "annex")


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Wing]:
    """The wing, on the shelf for the time of one test, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(zorki.wings, "__path__", [*zorki.wings.__path__, ANNEX])
    forget()
    yield Wing("toys")
    forget()
    for name in [m for m in sys.modules if m.startswith("zorki.wings.toys")]:
        del sys.modules[name]


def forget() -> None:
    for kept in (shelf.names, wings):
        if hasattr(kept, "cache_clear"):
            kept.cache_clear()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three pictures with boxes, one of them with nothing in it."""
    folder = tmp_path / "things"
    (folder / "images").mkdir(parents=True)
    for i in range(3):
        io.save_photo(folder / "images" / f"{i}.png", np.full((9, 12, 3), (40 * i + 20, 10, 90), np.uint8))
    (folder / "boxes.csv").write_text("file,class,x,y,w,h\n0.png,cup,1,2,3,4\n0.png,pen,0,0,5,5\n2.png,cup,2,2,2,2\n", encoding="utf-8")
    return folder
