"""Whole or not at all; what exists is never replaced unasked."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from zorki import io
from zorki.core.errors import InputError, Stopped
from zorki.io import disk

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), SystemExit(1)])
def test_broken_off(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def half() -> None:
        with io.atomic(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        half()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]


def test_written(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    with io.atomic(path) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.suffix == ".txt"
        temporary.write_text("é")
        assert not path.exists()
    assert path.read_text() == "é"
    io.atomic_write(path, "ü")
    io.atomic_write(path, b"raw")
    assert path.read_bytes() == b"raw"
    assert os.listdir(tmp_path) == ["a.txt"]
    with pytest.raises(InputError, match="add force=True"):
        io.atomic_write(path, "new", force=False)
    assert path.read_bytes() == b"raw"


def test_rights_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "a.txt", tmp_path / "link.txt"
    path.write_text("old")
    path.chmod(0o640)
    link.symlink_to(path)
    io.atomic_write(link, "new")
    assert link.is_symlink()
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("code", "kind"), [(errno.ENOSPC, Stopped), (errno.EDQUOT, Stopped), (errno.EACCES, InputError), (errno.EROFS, InputError)]
)
def test_the_world(tmp_path: Path, ramp: np.ndarray, monkeypatch: pytest.MonkeyPatch, code: int, kind: type[Exception]) -> None:
    path = io.save_photo(tmp_path / "a.png", ramp)
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(disk.os, "fsync", fail)
    with pytest.raises(kind):
        io.save_photo(path, ramp * 0, force=True)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.png"]


@pytest.mark.parametrize("ending", ["png", "jpg", "tif", "webp", "bmp"])
def test_levels_are_saved_as_the_floats_that_they_mean(tmp_path: Path, ramp: np.ndarray, ending: str) -> None:
    levels = (ramp * 255).round().astype(np.uint8)
    like = io.Photo(pixels=ramp, alpha=ramp[..., 0], depth=16)
    for given in (None, like):
        one = io.save_photo(tmp_path / f"a.{ending}", levels, like=given, force=True).read_bytes()
        assert one == io.save_photo(tmp_path / f"a.{ending}", levels / np.float32(255), like=given, force=True).read_bytes()


def test_refused(tmp_path: Path, ramp: np.ndarray) -> None:
    path = io.save_photo(tmp_path / "a.png", ramp)
    before = path.read_bytes()
    for target, words in (
        (path, "add force=True"),
        (tmp_path / "no" / "a.png", "does not exist"),
        (path / "b.png", "does not exist"),
        (tmp_path, "no ending"),
        (tmp_path / "a.xyz", "Known are"),
        (tmp_path / ("x" * 300 + ".png"), "too long"),
    ):
        with pytest.raises(InputError, match=words):
            io.save_photo(target, ramp)
    (tmp_path / "folder.png").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        io.save_photo(tmp_path / "folder.png", ramp, force=True)
    for bad in (ramp[..., 0], (ramp * 255).astype(np.int16), ramp * np.nan, ramp[:0]):
        with pytest.raises(InputError):
            io.save_photo(tmp_path / "c.png", bad)
    with pytest.raises(InputError, match="16383"):
        io.save_photo(tmp_path / "c.webp", np.zeros((1, 16384, 3), np.float32))
    assert path.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["a.png", "folder.png"]


def test_free_path(tmp_path: Path) -> None:
    assert io.free_path(tmp_path / "a.b.png") == tmp_path / "a.b.png"
    (tmp_path / "a.b.png").touch()
    (tmp_path / "a.b-2.png").symlink_to("nowhere")
    assert io.free_path(tmp_path / "a.b.png") == tmp_path / "a.b-3.png"


def test_what_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    """Another process may write the same name while ours works: without force its file stays."""
    target = tmp_path / "cat.txt"
    with pytest.raises(InputError, match="exists already"), disk.atomic(target, force=False) as temporary:
        temporary.write_text("ours")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cat.txt"]
    with disk.atomic(target, force=True) as temporary:
        temporary.write_text("ours")
    assert target.read_text() == "ours"
