"""`style list`: a table, a plain list, a page of thumbnails that the network painted."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data

import zorki
from tests.style.brushes import NAMES, brush, run_folder
from zorki import lens, weights
from zorki.cli.main import run
from zorki.painting import brushwork, sitter
from zorki.wings.style import list as listing

pytestmark = pytest.mark.unit


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return run_folder(tmp_path / "toy")


def test_programs_get_a_plain_list(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["style", "list", "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert isinstance(said, list)
    assert [(s["name"], s["title"], s["source"], s["licence"]) for s in said] == [
        (s.name, s.title, s.source, s.licence) for s in weights.card("brush").styles
    ]
    assert run(["style", "list", "--json", "--model", "toy", "--out", "page.html"]) == 0
    assert [s["name"] for s in json.loads(capfd.readouterr().out)] == list(NAMES)
    assert Path("page.html").exists()


def test_a_person_gets_a_table(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["style", "list", "--model", "toy"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["name", "title", "source", "licence"], *([n, n.title(), "these", "tests", "CC0"] for n in NAMES),
    ]  # fmt: skip
    assert len({line.index("CC0") for line in lines[1:]}) == 1
    assert not list(Path().glob("*.png")), "nothing is painted unless somebody asks"


def test_the_page_holds_a_picture_of_each(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["style", "list", "--model", "toy", "--size", "40", "--out", "page.html"]) == 0
    page = Path("page.html").read_text(encoding="utf-8")
    assert page.count("<img") >= 1 + len(NAMES)
    for name in NAMES:
        assert f"The picture painted in the style {name.title()}" in page
    assert "zorki style apply photo.jpg --style dots" in re.sub(r"<[^>]*>", "", page)
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert run(["style", "list", "--model", "toy", "--size", "40", "--out", "sheet.png"]) == 0
    assert capfd.readouterr().out.splitlines()[-1] == "sheet.png"


def test_each_picture_is_what_the_network_paints_once(monkeypatch: pytest.MonkeyPatch) -> None:
    net, calls = lens.Net(brush(), name="toy"), []
    painted = brushwork.painted

    def counted(*given: Any, **more: Any) -> torch.Tensor:
        calls.append(given[2])
        return painted(*given, **more)

    monkeypatch.setattr(brushwork, "painted", counted)
    photo = torch.from_numpy(data.chelsea()[::6, ::6].transpose(2, 0, 1).copy())[None].float() / 255
    found = listing.run(net, photo, listing.Settings(size=40))
    listing.page(net, found, listing.Settings(), "")
    tiles = found.tiles()
    assert calls == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    for k, tile in enumerate(tiles):
        want = painted(net, found.photo, [float(i == k) for i in range(3)])
        assert np.array_equal(tile.pixels, np.rint(want[0].permute(1, 2, 0).numpy() * 255).astype(np.uint8))
    assert max(tiles[0].pixels.shape) == 40


def test_python_gets_styles_to_loop_over(here: Path) -> None:
    styles = zorki.style.list(model=str(here))
    assert [s.name for s in styles] == list(NAMES)
    assert len(styles) == 3
    assert repr(styles).splitlines()[1].startswith("dots")
    assert "painted" not in vars(styles), "no thumbnail is painted that nobody asked for"


@pytest.mark.parametrize("side", [16, 33, 320])
def test_the_picture_that_zorki_draws(side: int) -> None:
    made = sitter.picture(side)
    assert made.shape == (1, 3, round(side * 3 / 4), side)
    assert 0 <= made.min() <= made.max() <= 1
    assert torch.equal(made, sitter.picture(side))
    assert made.std() > 0.1
