"""`style apply --from`: a painting becomes a style of the user's own, which is found again, mixed, listed, and never lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from skimage import data

import zorki
from tests.style.brushes import NAMES, brush, run_folder
from zorki import lens
from zorki.cli.main import run
from zorki.core.errors import InputError
from zorki.jobs import methods
from zorki.painting import brushwork, fitted, fitting
from zorki.weights.cards import Style

pytestmark = pytest.mark.unit


@pytest.fixture
def net() -> lens.Net:
    return lens.Net(brush(), name="toy", side=32, step=1, styles=[Style(n, n.title(), "", "") for n in NAMES])


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A home of its own, squares of 32 px, two steps; how many fits there were."""
    counted, fit = list[int](), fitting.fit

    def quick(*given: Any, **more: Any) -> fitted.Rows:
        counted.append(1)
        return fit(*given, **more | {"steps": 2})

    monkeypatch.setattr(fitted, "UNKEPT", [])
    monkeypatch.setattr(fitted.folders, "data", lambda: tmp_path / "data")
    monkeypatch.setattr(fitting, "SIDE", 32)
    monkeypatch.setattr(fitting, "fit", quick)
    monkeypatch.chdir(tmp_path)
    Image.fromarray(data.coffee()[::6, ::6]).save("Red Cup.png")
    Image.fromarray(data.astronaut()[::8, ::8]).save("other.png")
    return counted


def cat() -> np.ndarray:
    return data.chelsea()[::6, ::6].copy()


def painted(net: lens.Net, **options: Any) -> np.ndarray:
    return zorki.style.apply(net, cat(), **options).tensor().numpy()


def test_a_painting_becomes_a_style_once(net: lens.Net, fits: list[int]) -> None:
    first = painted(net, from_="Red Cup.png")
    assert [s.name for s in brushwork.opened(net)[1]] == [*NAMES, "red-cup"]
    assert np.array_equal(first, painted(net, style="red-cup"))
    assert np.array_equal(first, painted(net, from_="Red Cup.png"))
    assert np.array_equal(first, painted(net, from_="Red Cup.png", name="mine"))
    assert len(fits) == 1
    assert {s.name for s in zorki.style.list(net)} == {*NAMES, "red-cup", "mine"}
    alone = [painted(net, style=s) for s in ("red-cup", "dots")]
    mixed = painted(net, style="red-cup:2,dots")
    assert all(np.abs(mixed - one).max() > 1e-3 for one in alone)


def test_its_own_styles_paint_what_they_painted(net: lens.Net, fits: list[int]) -> None:
    before = painted(net, style="lines:2,fog")
    painted(net, from_="Red Cup.png")
    assert np.array_equal(before, painted(net, style="lines:2,fog"))
    assert fits


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"name": "dots"}, "dots is a style already"),
        ({"name": "a,b"}, "no name for a style"),
        ({"style": "dots"}, "both given"),
    ],
)
def test_what_is_refused_fits_nothing(net: lens.Net, fits: list[int], options: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        painted(net, from_="Red Cup.png", **options)
    assert not fits


def test_a_name_of_another_painting_is_never_lost(net: lens.Net, fits: list[int], tmp_path: Path) -> None:
    painted(net, from_="Red Cup.png", name="mine")
    path = tmp_path / "data" / "styles" / "mine.safetensors"
    was = path.read_bytes()
    with pytest.raises(InputError, match=r"remove .*mine\.safetensors"):
        painted(net, from_="other.png", name="mine")
    assert path.read_bytes() == was
    assert len(fits) == 1
    other = lens.Net(brush(seed=1), name="another", side=32, step=1, styles=net.styles)
    with pytest.raises(InputError, match="for another network than another"):
        painted(other, style="mine:2,dots")


def test_without_a_home_it_is_painted_and_not_kept(net: lens.Net, fits: list[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fitted.folders, "data", lambda: None)
    notes: list[str] = []
    with zorki.core.events.listen(lambda e: notes.append(e.note)):
        one = painted(net, from_="Red Cup.png")
    assert any("is not kept" in note for note in notes)
    assert np.array_equal(one, painted(net, from_="Red Cup.png"))
    assert len(fits) == 1
    assert not (tmp_path / "data").exists()


def test_a_damaged_style_stops_no_other(net: lens.Net, fits: list[int], tmp_path: Path) -> None:
    painted(net, from_="Red Cup.png")
    (tmp_path / "data" / "styles" / "half.safetensors").write_bytes(b"half")
    assert np.isfinite(painted(net, style="red-cup")).all()
    assert len(fits) == 1


@pytest.mark.parametrize("hw", [(1, 1), (3, 200)], ids=str)
def test_a_tiny_photo_is_practised_on_enlarged(net: lens.Net, fits: list[int], hw: tuple[int, int]) -> None:
    made = zorki.style.apply(net, data.chelsea()[: hw[0], : hw[1]].copy(), from_="Red Cup.png").tensor()
    assert made.shape == (3, *hw)
    assert bool(made.isfinite().all())
    assert fits


def test_paintings_of_every_kind(net: lens.Net, fits: list[int], capfd: pytest.CaptureFixture[str]) -> None:
    seen = np.dstack([cat(), np.full(cat().shape[:2], 90, np.uint8)])
    Image.fromarray(seen).save("clear.png")
    Image.fromarray(cat()[..., 0].astype(np.uint16) * 257).save("deep.png")
    for name in ("clear.png", "deep.png"):
        assert np.isfinite(painted(net, from_=name)).all()
    Image.fromarray(cat()[:5, :5]).save("tiny.png")
    with pytest.raises(InputError, match="5 × 5 pixels"):
        painted(net, from_="tiny.png")
    Path("broken.png").write_bytes(b"\x89PNG half")
    with pytest.raises(InputError, match="broken"):
        painted(net, from_="broken.png")
    assert len(fits) == 2


def test_a_folder_is_fitted_to_once_and_done_again(fits: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_folder(tmp_path / "toy")
    (tmp_path / "photos").mkdir()
    for k in range(3):
        Image.fromarray(np.roll(cat(), 9 * k, 1)).save(tmp_path / "photos" / f"{k}.png")
    assert run(["style", "apply", "photos", "--from", "Red Cup.png", "--model", "toy", "--out", "made"]) == 0
    assert len(list((tmp_path / "made").glob("*.png"))) == 3
    assert len(fits) == 1
    assert "red-cup" in capfd.readouterr().err
    m = methods.method("style", "apply")
    assert "--from 'Red Cup.png'" in m.command({"photo": "a.png", "from_": "Red Cup.png"}, m.fill(None, {}))
