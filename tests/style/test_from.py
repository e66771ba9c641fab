"""`style apply --from`: a painting becomes a style of the user's own, which is found again, mixed, listed, and never lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from skimage import data

import zorki
from tests.style.brushes import NAMES, brush, run_folder
from zorki import io, lens, pixels
from zorki.cli.main import run
from zorki.core.errors import InputError
from zorki.jobs import methods
from zorki.jobs.records import Record
from zorki.painting import brushwork, fitted, fitting, sitter
from zorki.weights import cards
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


def test_on_a_tiny_photo_it_is_not_practised(net: lens.Net, fits: list[int], tmp_path: Path) -> None:
    """The style is kept for other photos: it is that of whoever painted the picture that Zorki draws."""
    for hw, name in (((1, 1), "one"), ((3, 200), "two")):
        made = zorki.style.apply(net, data.chelsea()[: hw[0], : hw[1]].copy(), from_="Red Cup.png").tensor()
        assert made.shape == (3, *hw)
        assert bool(made.isfinite().all())
        (tmp_path / "data" / "styles" / "red-cup.safetensors").rename(tmp_path / f"{name}.safetensors")
    zorki.style.apply(net, sitter.picture(512), from_="Red Cup.png")
    one, two, drawn = (fitted.read(p).rows() for p in (Path("one.safetensors"), Path("two.safetensors"), fitted.files()[0]))
    assert all(torch.equal(one[k], two[k]) and torch.equal(one[k], drawn[k]) for k in one)
    assert len(fits) == 3


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


def test_it_is_joined_to_the_brush_once_and_anew_when_another_comes(
    net: lens.Net, fits: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    painted(net, from_="Red Cup.png")
    with_rows, made = fitted.with_rows, list[int]()
    monkeypatch.setattr(fitted, "with_rows", lambda *given, **more: made.append(1) or with_rows(*given, **more))
    monkeypatch.setattr(fitted, "_JOINED", type(fitted._JOINED)())
    for _ in range(3):
        painted(net, style="red-cup")
    assert len(made) == 1
    painted(net, from_="other.png", name="second")  # its fit makes one too
    assert [s.name for s in brushwork.opened(net)[1]] == [*NAMES, "red-cup", "second"]
    (fitted.folder() / "red-cup.safetensors").unlink()
    assert [s.name for s in brushwork.opened(net)[1]] == [*NAMES, "second"]
    assert len(fits) == 2


def test_a_brush_that_learns_on_is_another(net: lens.Net, fits: list[int]) -> None:
    painted(net, from_="Red Cup.png")
    assert len(brushwork.opened(net)[1]) == 4
    with torch.no_grad():
        net.inner.stem.conv.weight.mul_(1.01)
    assert len(brushwork.opened(net)[1]) == 3
    assert fits


def test_where_it_cannot_be_kept_it_is_painted_all_the_same(net: lens.Net, fits: list[int], tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file where the folder would be")
    notes: list[str] = []
    with zorki.core.events.listen(lambda e: notes.append(e.note)):
        one = painted(net, from_="Red Cup.png")
    assert any("is not kept" in note and "cannot be made" in note for note in notes)
    assert np.array_equal(one, painted(net, from_="Red Cup.png"))
    assert len(fits) == 1


def test_the_list_says_whose_it_is_and_the_page_shows_it(net: lens.Net, fits: list[int]) -> None:
    painted(net, from_="Red Cup.png")
    styles = zorki.style.list(net, size=48)
    assert styles.answer()[-1] == {
        "name": "red-cup", "title": "Red Cup", "source": "your own, fitted to Red Cup.png", "licence": "not stated",
    }  # fmt: skip
    assert "your own" in styles.lines()[-1]
    tile = styles.tiles()[-1]
    assert tile.caption == "red-cup"
    assert np.array_equal(tile.pixels, pixels.display.levels(brushwork.painted(net, styles.photo, [0, 0, 0, 1])))
    assert fits


def test_it_is_repeated_by_what_its_picture_says(fits: list[int], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run_folder(tmp_path / "toy")
    Image.fromarray(cat()).save("cat.png")
    assert run(["style", "apply", "cat.png", "--from", str(tmp_path / "Red Cup.png"), "--model", "toy", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert said["out"] == ["cat.apply.png"]
    record = io.read_settings("cat.apply.png")
    assert record is not None
    assert record["pictures"] == {"photo": "cat.png", "from_": "Red Cup.png"}
    assert str(tmp_path) not in json.dumps(record)
    again = Record.of("cat.apply.png")
    assert again.command == "zorki style apply cat.png --model toy --from 'Red Cup.png'"
    assert again.found()["from_"] == ["Red Cup.png"]
    assert not again.changed()


def test_a_film_is_fitted_to_once(net: lens.Net, fits: list[int], tmp_path: Path) -> None:
    with io.Film(tmp_path / "cat.mp4") as film:
        for k in range(4):
            film.add(np.roll(cat(), k, 1))
    made = zorki.style.apply(net, str(tmp_path / "cat.mp4"), from_="Red Cup.png", out=str(tmp_path / "painted.mp4"))
    assert len(fits) == 1
    assert [path.name for path in made] == ["painted.mp4"]


@pytest.mark.parametrize("name", ["", "Bad Name", "a/b"])
def test_a_bad_name_is_refused_before_anything_is_fitted(name: str, net: lens.Net, fits: list[int]) -> None:
    with pytest.raises(InputError, match="is no name for a style"):
        painted(net, from_="Red Cup.png", name=name)
    assert not fits


def test_a_painting_that_does_not_show_is_refused(net: lens.Net, fits: list[int]) -> None:
    Image.new("RGBA", (64, 64), (9, 9, 9, 0)).save("clear.png")
    with pytest.raises(InputError, match=r"clear\.png is transparent all over"):
        painted(net, from_="clear.png")
    assert not fits


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (np.zeros((40, 40, 3), complex), "complex128"), (np.full((40, 40, 3), None), "object"), (torch.zeros(3, 40, 40, device="meta"), "meta"),
        (torch.zeros(3, 40, 40, dtype=torch.complex64), "complex64"), (b"bytes", "bytes"),
    ],
)  # fmt: skip
def test_what_holds_no_colours_is_refused_as_a_style(given: Any, said: str, net: lens.Net, fits: list[int]) -> None:
    with pytest.raises(InputError, match=said):
        painted(net, from_=given)
    assert not fits


def test_the_second_look_is_asked_where_it_is_installed(net: lens.Net, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = list[bool]()
    monkeypatch.setattr(fitting, "fit_alone", lambda *given: asked.append(given[-1]))
    x = torch.zeros(1, 3, 32, 32)
    fitting.fit(net.inner, x, x)
    fitting.fit(net.inner, x, x, second=False)
    assert asked == [cards.card("lite0").installed, False]


def test_fitting_lessens_what_is_wrong_and_leaves_the_brush_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "SIDE", 48)
    one, losses = brush(), list[float]()
    before = {k: v.clone() for k, v in one.state_dict().items()}
    x, y = (torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255 for picture in (data.coffee()[::6, ::6], cat()))
    threads = torch.get_num_threads()
    rows = [fitting.fit(one, x, y, steps=12, tell=lambda _i, loss: losses.append(loss), second=False) for _ in range(2)]
    assert np.mean(losses[9:12]) < np.mean(losses[:3])
    assert all(torch.equal(rows[0][k], rows[1][k]) for k in rows[0])
    assert all(torch.equal(v, before[k]) for k, v in one.state_dict().items())
    assert torch.get_num_threads() == threads
    shared = fitted.with_rows(one, [rows[0]], alone=True)
    assert fitted.mark(shared) == fitted.mark(one)
