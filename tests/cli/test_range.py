"""`--range`: for one picture, for a folder, in what a result says of itself, in Python."""

from __future__ import annotations

import json
from pathlib import Path

import imagecodecs
import numpy as np
import pytest

import zorki
from zorki import io
from zorki.cli.again import again
from zorki.cli.work import work
from zorki.core.errors import InputError
from zorki.jobs.methods import method

pytestmark = pytest.mark.unit
STORED = (np.random.default_rng(0).integers(0, 2048, (40, 48))).astype(np.uint16)
SPREAD = (STORED * 2.0 / 4096).clip(0, 1)  # 0..2048 as it should be seen


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scan").mkdir()
    for path in ("a.png", "scan/1.png", "scan/2.png"):
        Path(path).write_bytes(imagecodecs.png_encode(STORED))
    return tmp_path


def drawn(*pictures: str, **more: object) -> None:
    """Hardly changed: what comes out is what went in."""
    work(method("see", "dream"), pictures, {"steps": 1, "octaves": 1, "size": 48, "rate": 1e-6, "quiet": True} | more)


def off(path: str | Path) -> float:
    return float(np.abs(io.open_photo(path).pixels[..., 0] - SPREAD).max())


def test_one_picture_and_again(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn("a.png", out="flat.png")
    assert off("flat.png") > 0.4
    drawn("a.png", out="o.png", range="0,2048")
    assert off("o.png") < 0.01
    assert io.read_settings("o.png")["range"] == "0,2048"
    assert "range" not in io.read_settings("flat.png")
    capsys.readouterr()
    again("o.png", show=True)
    assert capsys.readouterr().out.rstrip().endswith(" --range 0,2048")
    again("o.png", quiet=True)
    assert "is not what" not in capsys.readouterr().err
    assert off("a.dream.png") < 0.01


def test_a_folder(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    drawn("scan", out="made", range="0,2048", json=True)
    assert [off(p) < 0.01 for p in json.loads(capsys.readouterr().out)["out"]] == [True, True]
    drawn("scan", out="made", range="0,4095", json=True)  # another range is another result
    assert not any(one["kept"] for one in json.loads(capsys.readouterr().out)["results"])


def test_python(here: Path) -> None:
    for source in ("a.png", STORED, STORED.astype(np.int32)):
        made = zorki.see.dream(source, steps=1, octaves=1, size=48, rate=1e-6, range=(0, 2048))
        assert np.abs(made.numpy()[..., 0] / 255 - SPREAD).max() < 0.01


def test_many_at_hand() -> None:
    from tests.toys import toy

    few = {"layer": "4", "channel": "0-1", "count": 1}
    made = zorki.see.patches(toy(), [STORED.astype(np.int32)], range=(0, 2048), **few).numpy()
    assert np.array_equal(made, zorki.see.patches(toy(), [SPREAD.astype(np.float32)], **few).numpy())


def test_a_wrong_one_is_told_first(here: Path) -> None:
    with pytest.raises(InputError, match="range=9,1 is no range"):
        drawn("nothing.png", range="9,1", model="nothing.py:at_all")
    io.save_photo("s.png", np.zeros((4, 4, 3), np.float32), settings={**record(), "range": "0,1; rm x"})
    with pytest.raises(InputError, match="is no range"):
        again("s.png", show=True)


def record() -> dict[str, object]:
    return {"command": ["see", "dream"], "options": {"steps": 1}, "pictures": {"photo": "a.png"}, "model": "eye"}
