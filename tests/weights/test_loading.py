"""A weight file is the one that its card describes, or nothing is loaded."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from zorki import weights
from zorki.core.errors import WeightsError
from zorki.weights import cards

pytestmark = pytest.mark.unit


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what ships, to be harmed."""
    shutil.copytree(cards.FILES, tmp_path / "files")
    monkeypatch.setattr(cards, "FILES", tmp_path / "files")
    return tmp_path / "files"


def test_one_changed_byte_is_found(files: Path) -> None:
    target = files / "eye.safetensors"
    data = bytearray(target.read_bytes())
    data[-1000] ^= 1  # in the middle of a tensor: the file is still a good safetensors file
    target.write_bytes(data)
    with pytest.raises(WeightsError, match="SHA-256"):
        weights.load("eye")


def test_a_missing_file_names_its_place(files: Path) -> None:
    (files / "eye.safetensors").unlink()
    with pytest.raises(WeightsError, match="missing"):
        weights.load("eye")


def test_what_is_whole_is_loaded(files: Path) -> None:
    assert weights.load("eye").name == "eye"
